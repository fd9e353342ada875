"""What each version answered in a time span: counts, live errors, and errors by day or week."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Literal

import numpy as np

from tfx_pipeline.monitoring.gate import Before
from tfx_pipeline.monitoring.live import STATES, Live
from tfx_pipeline.monitoring.report import Answered, Period
from tfx_pipeline.monitoring.scores import bounds, scores, step_scores, total
from tfx_pipeline.scoring import ErrorSums
from tfx_pipeline.series.clock import DAY, weekday

By = Literal["day", "week"]


def answered_in(
    live: Live,
    days: range,
    before: Mapping[str, Before],
    by: By,
    fewest_days: float,
    confidence: float,
) -> list[Answered]:
    """What each version answered under each label, the newest version first.

    Args:
        live: What was asked and answered.
        days: To look at, since 1970.
        before: Version -> what is known of it.
        by: Length of the periods.
        fewest_days: With forecasts, without which there are no bounds.
        confidence: Of the bounds.
    """
    found = []
    for (version, label), answers in sorted(live.answers.items(), reverse=True):
        own = {day: answers.days[day] for day in sorted(answers.days) if day in days}
        if own:
            states = np.sum([day.states for day in own.values()], axis=0).tolist()
            scored = {day: of.errors for day, of in own.items() if of.errors.forecasts > 0}
            whole = total(scored.values(), answers.horizon)
            known = before.get(version, Before())
            enough = len(scored) >= fewest_days
            found.append(
                Answered(
                    version=version,
                    label=label,
                    newest=date(max(own)),
                    windows=sum(states),
                    **dict(zip(STATES, states, strict=True)),
                    scores=scores(whole),
                    bounds=bounds(list(scored.values()), confidence) if enough else {},
                    per_step=step_scores(whole),
                    gate=known.scores,
                    gate_per_step=known.per_step,
                    periods=tuple(_periods(scored, answers.horizon, by)),
                )
            )
    return found


def _periods(scored: Mapping[int, ErrorSums], horizon: int, by: By) -> Iterator[Period]:
    for begin, days in groupby(sorted(scored), lambda day: _begin(day, by)):
        whole = total([scored[day] for day in days], horizon)
        yield Period(first=date(begin), forecasts=int(whole.forecasts), scores=scores(whole))


def _begin(day: int, by: By) -> int:
    """The day itself, or the Monday before."""
    return day - weekday(day * DAY) if by == "week" else day


def date(day: int) -> str:
    """A day since 1970 as YYYY-MM-DD."""
    return str(np.datetime64(day, "D"))
