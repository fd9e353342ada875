"""The target over the whole time, so that a person sees where data are and where they lack."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tfx_pipeline.data.raw.rows import Rows
from tfx_pipeline.data.summary import Timeline
from tfx_pipeline.series.clock import DAY, HOUR
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec

MOST_PERIODS = 400
"""Of the summary: about as many as a chart has room for."""

LENGTHS = tuple(hours * HOUR for hours in (1, 2, 3, 6, 12)) + tuple(
    days * DAY for days in (1, 2, 7, 14, 28, 91, 364)
)
"""Seconds of a period."""


class TimelineSums:
    """Counts and sums of all meters by the hour, or by the step where that is longer.

    Args:
        spec: The series; its target is what is summed.
    """

    def __init__(self, spec: SeriesSpec) -> None:
        self._spec = spec
        self._unit = max(1, HOUR // spec.step)
        self._first = 0
        self._counts = np.zeros(0, np.int64)
        self._sums = np.zeros(0)

    def add(self, rows: Rows) -> None:
        """Takes the next rows of a meter."""
        values = rows.values[0]
        observed = ~np.isnan(values)
        units = rows.steps[observed] // self._unit
        if not units.size:
            return
        start = int(units[0])
        counts = np.bincount(units - start)
        self._reach(start, start + counts.size)
        own = slice(start - self._first, start - self._first + counts.size)
        self._counts[own] += counts
        self._sums[own] += np.bincount(units - start, weights=values[observed])

    def summary(self, spans: Sequence[tuple[int, int]]) -> Timeline:
        """The timeline in at most `MOST_PERIODS` periods.

        Args:
            spans: Of each meter, its first step and the one after its last.
        """
        begin, end = (f(s[i] for s in spans) for f, i in ((min, 0), (max, 1)))
        length = self._length(end - begin)
        starts = np.arange(begin // length, -(-end // length)) * length
        units = slice(int(starts[0]) // self._unit, int(starts[-1] + length) // self._unit)
        self._reach(units.start, units.stop)
        bounds = starts // self._unit - self._first
        counts, sums = (
            np.add.reduceat(values[: units.stop - self._first], bounds)
            for values in (self._counts, self._sums)
        )
        steps = sum(
            np.clip(np.minimum(starts + length, stop) - np.maximum(starts, first), 0, None)
            for first, stop in spans
        )
        grid = Grid(self._spec)
        return Timeline(
            target=self._spec.target.name,
            unit=self._spec.target.unit,
            periods=tuple(map(grid.text, np.maximum(starts, begin).tolist())),
            period_seconds=length * self._spec.step,
            observed_fraction=_over(counts, steps),
            mean=_over(sums, counts),
        )

    def _length(self, steps: int) -> int:
        """Steps of a period: whole units."""
        unit = self._unit * self._spec.step
        lengths = [one // self._spec.step for one in LENGTHS if one % unit == 0] or [self._unit]
        fits = (one for one in lengths if steps <= one * (MOST_PERIODS - 1))
        return next(fits, -(-steps // (lengths[-1] * (MOST_PERIODS - 1))) * lengths[-1])

    def _reach(self, start: int, stop: int) -> None:
        """Makes room for units from `start` up to `stop`."""
        if not self._counts.size:
            self._first = start
        before = max(0, self._first - start)
        after = max(0, stop - self._first - self._counts.size)
        if before or after:
            self._counts = np.pad(self._counts, (before, after))
            self._sums = np.pad(self._sums, (before, after))
            self._first -= before


def _over(sums: npt.NDArray[np.float64], counts: npt.NDArray[np.int64]) -> tuple[float | None, ...]:
    return tuple(
        round(total / count, 4) if count else None
        for total, count in zip(sums.tolist(), counts.tolist(), strict=True)
    )
