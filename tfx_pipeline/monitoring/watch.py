"""Puts together what there is to say of a time span: live errors, inputs, distances, alarms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from tfx_pipeline.data.segments.splits import Interval
from tfx_pipeline.monitoring.alarms import (
    coverage_alarms,
    distance_alarms,
    error_alarms,
    input_alarms,
    stale_alarms,
)
from tfx_pipeline.monitoring.answered import By, answered_in
from tfx_pipeline.monitoring.compare import drift_of, skew_of
from tfx_pipeline.monitoring.distributions import Distribution
from tfx_pipeline.monitoring.gate import Before
from tfx_pipeline.monitoring.inputs import Absence, absences, look_at, quiet_days
from tfx_pipeline.monitoring.live import Live
from tfx_pipeline.monitoring.report import Answered, Distance, MonitorReport
from tfx_pipeline.series.clock import DAY
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec
from tfx_pipeline.settings import Settings


@dataclass(frozen=True)
class Reference:
    """What live figures are compared with.

    Attributes:
        before: Version -> what is known of it from before it was pushed.
        training: Measurement -> its distribution in the training data; empty where that is not
            known.
    """

    before: Mapping[str, Before] = field(default_factory=dict)
    training: Mapping[str, Distribution] = field(default_factory=dict)


def watch(
    live: Live, span: Interval, settings: Settings, reference: Reference, by: By = "week"
) -> MonitorReport:
    """Looks at a time span.

    Args:
        live: What was asked, answered and measured, in this span or a longer one.
        span: Steps.
        settings: Of the pipeline, with the bounds.
        reference: What is compared with.
        by: Length of the periods.
    """
    rules, options = settings.monitoring, settings.data_options
    spec, grid = options.series, Grid(options.series)
    recent = Interval(max(span.start, span.stop - rules.recent // spec.cadence), span.stop)
    days = grid.local(grid.seconds([span.start, span.stop - 1])) // DAY
    answered = answered_in(
        live,
        range(int(days[0]), int(days[1]) + 1),
        reference.before,
        by,
        settings.gate.min_time / timedelta(days=1),
        rules.confidence,
    )
    quiet = _quiet_days(live, span, spec, reference)
    away = absences(quiet)
    inputs = look_at(live.inputs, recent, options)
    drift = None
    if reference.training:
        lately = rules.recent // timedelta(days=1)
        drift = drift_of(live, span, spec, lately, quiet, reference.training, rules.drift)
    skew = skew_of(live, recent, spec, rules.skew)
    newest = live.newest if live.newest is not None and live.newest >= span.start else None
    serving = [one for one in answered if one.newest >= grid.text(recent.start)[:10]]
    mostly_away = 2 * len(quiet) > days[1] - days[0]
    return MonitorReport(
        name=settings.name,
        target=spec.target.name,
        unit=spec.target.unit,
        step_seconds=spec.step,
        since=grid.text(span.start),
        until=grid.text(span.stop),
        recent=grid.text(recent.start),
        by=by,
        newest=None if newest is None else grid.text(newest),
        answered=tuple(answered),
        inputs=inputs,
        drift=drift,
        skew=skew,
        absences=tuple(away),
        notes=tuple(_notes(answered, reference, drift, away)),
        alarms=(
            *stale_alarms(newest, span.stop, rules.stale // spec.cadence, grid),
            *(alarm for one in serving for alarm in error_alarms(one, rules, mostly_away)),
            *(alarm for one in serving for alarm in coverage_alarms(one, rules, settings.gate)),
            *(input_alarms(inputs, settings.validation, spec.step) if inputs else ()),
            *distance_alarms("skew", skew or ()),
            *distance_alarms("drift", drift or ()),
        ),
    )


def _quiet_days(
    live: Live, span: Interval, spec: SeriesSpec, reference: Reference
) -> npt.NDArray[np.int64]:
    """Days on which only the base load ran; of one meter, for several have no median in common."""
    training = reference.training.get(spec.target.name)
    if training is None or len(live.inputs) != 1:
        return np.zeros(0, np.int64)
    [values] = live.inputs.values()
    return quiet_days(values, span, spec, training.median)


def _notes(
    answered: list[Answered],
    reference: Reference,
    drift: tuple[Distance, ...] | None,
    away: list[Absence],
) -> Iterator[str]:
    for version in dict.fromkeys(one.version for one in answered if one.gate is None):
        yield f"What the gate found of version {version} is not known here"
    if not reference.training:
        yield (
            "No statistics of the training data are here, so nothing is said of drift: name them "
            "with --baseline-statistics"
        )
    for one in away:
        yield (
            f"Only the base load ran from {one.first} to {one.last} ({one.days} days): the "
            "household was away, and drift is measured without these days"
        )
    if reference.training and drift is None:
        yield "Too few days are there to say anything of drift (monitoring.recent)"
