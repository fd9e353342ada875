"""What is wrong with what a model is fed with: gaps, stuck sensors, physics, nobody at home."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from tfx_pipeline.data.meter import TARGET_ROW, Meter
from tfx_pipeline.data.options import DataOptions
from tfx_pipeline.data.physics import Law, laws
from tfx_pipeline.data.raw.rows import Rows
from tfx_pipeline.data.segments.splits import Interval
from tfx_pipeline.data.summary import FrozenRun, MeterFraction
from tfx_pipeline.data.totals import totals
from tfx_pipeline.evaluation.results import Result
from tfx_pipeline.monitoring.values import Values
from tfx_pipeline.series.clock import DAY, HOUR
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec

QUIET = 0.85
"""Fraction of a day's steps below the median of the training data from which on only the base load
runs: it is a half of them on average, by its definition."""
ENOUGH = 0.5
"""Fraction of a day's steps that must be known to say so."""
FEWEST_DAYS = 2
"""Quiet days in a row that are an absence."""


class Absence(Result):
    """Days in a row on which only the base load ran."""

    first: str
    """The first day, by the local clock."""
    last: str
    """The last one."""
    days: int
    """How many."""


class Inputs(Result):
    """What the model was fed with in a time span."""

    steps: int
    """Steps of all meters that a request held."""
    missing_fraction: dict[str, float]
    """Measurement -> fraction of these steps without a value."""
    missing_worst: dict[str, MeterFraction]
    """Measurement -> the meter that lacks most; empty where there is one meter."""
    physics_fraction: dict[str, float]
    """Physical law -> fraction of the steps that break it."""
    physics_worst: dict[str, MeterFraction]
    """Physical law -> the meter that breaks it most; empty where there is one meter."""
    longest_frozen: dict[str, FrozenRun]
    """Measurement -> its longest run of one value other than zero."""


class _Fed(Meter):
    """A meter of which those steps count that a request held."""

    def __init__(self, name: str, options: DataOptions, laws: tuple[Law, ...]) -> None:
        super().__init__(name, options, laws)
        self._rows = 0

    def add(self, rows: Rows) -> None:
        super().add(rows)
        self._rows += rows.steps.size

    @property
    def steps(self) -> int:
        return self._rows


def look_at(fed: Mapping[str, Values], span: Interval, options: DataOptions) -> Inputs | None:
    """Looks at what the model was fed with, by the rules of the data gate.

    Args:
        fed: Meter -> what it was fed with.
        span: Steps to look at.
        options: Of the data.

    Returns:
        What there is to see; None where there is no step.
    """
    of = laws(options.series)
    meters = []
    for name, values in fed.items():
        steps, found = values.within(span)
        if steps.size:
            meters.append(_Fed(name, options, of))
            meters[-1].add(Rows(name, steps, found, "", np.zeros(steps.size, np.int64)))
    if not meters:
        return None
    summed = totals(meters, options.series, of)
    return Inputs(**{name: summed[name] for name in Inputs.model_fields})


def quiet_days(
    values: Values, span: Interval, spec: SeriesSpec, median: float
) -> npt.NDArray[np.int64]:
    """The days, since 1970, on which only the base load ran, with such a day before or after.

    One value all day is no household, but a sensor that stands still or a meter that is off; steps
    of more than an hour hide what runs.

    Args:
        values: Of a meter.
        span: Steps to look at.
        spec: The series.
        median: Of the target in the training data.
    """
    steps, found = values.within(span)
    target = found[TARGET_ROW]
    steps, target = steps[~np.isnan(target)], target[~np.isnan(target)]
    if spec.step > HOUR or not steps.size:
        return np.zeros(0, np.int64)
    grid = Grid(spec)
    days, starts, known = np.unique(
        grid.local(grid.seconds(steps)) // DAY, return_index=True, return_counts=True
    )
    low = np.add.reduceat((target > 0) & (target < median), starts, dtype=np.int64)
    moves = np.maximum.reduceat(target, starts) > np.minimum.reduceat(target, starts)
    quiet = days[moves & (known >= ENOUGH * DAY / spec.step) & (low >= QUIET * known)]
    return np.concatenate([*_runs(quiet), quiet[:0]])


def absences(days: npt.NDArray[np.int64]) -> list[Absence]:
    """Quiet days, as they are reported.

    Args:
        days: Since 1970, increasing.
    """
    return [Absence(first=_date(run[0]), last=_date(run[-1]), days=run.size) for run in _runs(days)]


def _runs(days: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    """Days in a row, at least `FEWEST_DAYS`."""
    runs = np.split(days, 1 + np.flatnonzero(np.diff(days) > 1))
    return [run for run in runs if run.size >= FEWEST_DAYS]


def _date(day: np.int64) -> str:
    return str(np.datetime64(int(day), "D"))
