"""What an evaluation found: figures, verdicts and the decision, as they travel in JSON.

Errors are in the target's unit, squared ones in its square; ratios are the model's over the best
naive forecast's at each step. A figure that could not be
computed (nothing was scored, or the model gave something that is not a number) is None.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby
from typing import Literal

from pydantic import ConfigDict, computed_field

from tfx_pipeline.frozen import Frozen

EVALUATION_FILE = "evaluation.json"
"""`Evaluation`, in the folder of a ModelEvaluation."""

SCORES_PROPERTY = "scores"
"""Custom property of ModelEvaluation and ModelBlessing: `Scores` in JSON."""

VERDICTS_PROPERTY = "verdicts"
"""Custom property of the ModelBlessing: a list of `Verdict` in JSON."""


class Result(Frozen):
    """A part of what is reported; fields that a later release adds are ignored."""

    model_config = ConfigDict(extra="ignore")


class StepScores(Result):
    """Errors at one step ahead."""

    step: int
    """1 is the next step."""
    mse: float | None
    """Squared error of the mean."""
    mae: float | None
    """Absolute error of the median."""
    naive_mse: float | None
    """Squared error of the best naive forecast."""
    naive_mse_of: str | None
    """Which one that is: persistence, same_time_yesterday or same_time_last_week."""
    naive_mae: float | None
    """Absolute error of the best naive forecast."""
    naive_mae_of: str | None
    """Which one that is."""
    persistence_mse: float | None
    """Squared error of the last observation."""
    persistence_mae: float | None
    """Absolute error of the last observation."""
    same_time_yesterday_mse: float | None = None
    """Squared error of the value a day before; null where the cadence does not divide a day."""
    same_time_yesterday_mae: float | None = None
    """Absolute error of the value a day before."""
    same_time_last_week_mse: float | None = None
    """Squared error of the value a week before; null where the cadence does not divide a week."""
    same_time_last_week_mae: float | None = None
    """Absolute error of the value a week before."""
    coverage_p10_p90: float | None
    """Fraction of the labels from P10 to P90."""
    below_p10: float | None = None
    """Fraction of the labels that are at most P10: 0.1 where the band is calibrated."""
    below_p50: float | None = None
    """The same for P50."""
    below_p90: float | None = None
    """The same for P90."""
    width: float | None = None
    """P90 minus P10."""


class Scores(Result):
    """Errors averaged over the steps ahead."""

    mse: float | None
    """Squared error of the mean."""
    mae: float | None
    """Absolute error of the median."""
    mse_ratio: float | None
    """Of the mean, over the best naive forecasts'."""
    mae_ratio: float | None
    """Of the median, over the best naive forecasts'."""
    coverage_p10_p90: float | None
    """Fraction of the labels from P10 to P90."""
    bias: float | None
    """Mean minus label."""
    naive_mse: float | None = None
    """Squared error of the best naive forecast at each step."""
    naive_mae: float | None = None
    """Absolute error of the best naive forecast at each step."""
    below_p10: float | None = None
    """Fraction of the labels that are at most P10: 0.1 where the band is calibrated."""
    below_p50: float | None = None
    """The same for P50."""
    below_p90: float | None = None
    """The same for P90."""
    width: float | None = None
    """P90 minus P10."""


class SliceScores(Scores):
    """Errors on a part of the data."""

    slice: str
    """Such as "hour 7", "weekends" or "group flat rate"."""
    hours: float
    """Hours of which a forecast was scored, each once for all meters."""
    forecasts: int
    """Forecasts with a label."""
    eligible: bool
    """Whether there are enough hours for the gate's rule for slices."""


class Verdict(Result):
    """What one rule of the gate came to."""

    rule: str
    """Name of the metric that the rule bounds."""
    slice: str | None
    """The slice it looked at; None: the whole, or all slices."""
    outcome: Literal["passed", "failed", "not applied"]
    """What is not applied neither passes nor fails."""
    finding: str
    """What was found and what was required, a sentence with figures."""

    def __str__(self) -> str:
        return f"{self.finding}: {self.outcome}"


class Evaluation(Scores):
    """The gate's decision about a model."""

    unit: str
    """Of errors; squared ones are in its square."""
    cadence: timedelta
    """One step."""
    hours: float
    """Hours of which a forecast was scored, each once for all meters."""
    origins: int
    """Steps of the newest data that a forecast was due from."""
    forecasts: int
    """Those of them that were scored; for the others no step ahead was observed."""
    per_step: tuple[StepScores, ...]
    """Errors by step ahead, the next one first."""
    baseline: Scores | None
    """Errors of the model that it was compared with; None without one."""
    slices: tuple[SliceScores, ...]
    """Errors by hour of day, on weekdays, on weekends, and by group of meters."""
    blessed: bool
    """Whether the model may be pushed."""
    verdicts: tuple[Verdict, ...]
    """One per rule, and one per slice that failed or was not eligible."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def best_naive(self) -> str:
        """Which naive forecast has the least squared error, by step ahead, in words."""
        return _in_words([row.naive_mse_of or "none" for row in self.per_step])

    @computed_field  # type: ignore[prop-decorator]
    @property
    def reasons(self) -> tuple[str, ...]:
        """The verdicts as sentences."""
        return tuple(str(verdict) for verdict in self.verdicts)


MOST_RUNS = 4
"""Runs of steps that are named one by one."""


def _in_words(by_step: Sequence[str]) -> str:
    """Names by step ahead as a phrase: "persistence for steps 1..3, ... from 4 on"."""
    names = [name.replace("_", " ") for name in by_step]
    if len(set(names)) < 2:
        return f"{names[0]} at every step" if names else "none"
    runs = [(name, len(list(run))) for name, run in groupby(names)]
    if len(runs) > MOST_RUNS:
        counts = Counter(names).most_common()
        first, *others = (f"{name} at {count}" for name, count in counts)
        return ", ".join([f"{first} of {len(names)} steps", *others])
    phrases, step = [], 1
    for name, count in runs:
        last = step + count - 1
        if count == 1:
            phrases.append(f"{name} for step {step}")
        elif last == len(names):
            phrases.append(f"{name} from {step} on")
        else:
            phrases.append(f"{name} for steps {step}..{last}")
        step = last + 1
    return ", ".join(phrases)
