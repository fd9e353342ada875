"""How far the rows of each meter reach in time: which of its steps are complete."""

from __future__ import annotations

import numpy as np

from tfx_pipeline.data.raw.batch import Batch, PerMeter
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec


class Reach:
    """Remembers the last two rows of each meter.

    Rows with nothing but what is known ahead are of a time that has not come.

    Args:
        spec: The series.
        grid: Its steps.
    """

    def __init__(self, spec: SeriesSpec, grid: Grid) -> None:
        self._step = 1000 * spec.step
        self._measured = len(spec.names) - len(spec.known_ahead) if spec.known_ahead else 0
        self._ends = spec.interval_ends or spec.target.aggregate == "difference"
        self._grid = grid
        self._latest = PerMeter(-1)
        self._before = PerMeter(-1)

    def add(self, batch: Batch) -> None:
        """Takes the next rows, sorted by meter and in order of time."""
        if self._measured:
            batch = batch.where(np.asarray(~np.isnan(batch.values[: self._measured]).all(axis=0)))
        if not batch.millis.size:
            return
        starts = batch.starts()
        last = np.append(starts[1:], batch.meter.size) - 1
        meters = batch.meter[last]
        alone = last == starts
        self._before[meters] = np.where(alone, self._latest[meters], batch.millis[last - 1])
        self._latest[meters] = batch.millis[last]

    def complete(self, meter: int, ended: bool) -> int:
        """The last complete step of a meter; -1 where there is none.

        A step is complete when a row of the next one has come, or is due just then.

        Args:
            meter: Its number.
            ended: Whether no more rows will come; what the last one stands for is then as long as
                the time between it and the one before, also where that ends within the next step.
        """
        latest, due = self._bounds(meter, ended)
        until = int(self._grid.index(max(latest, due if ended else 0) // 1000))
        begins = 1000 * int(self._grid.seconds(until + 1))
        return until if begins == due else until - 1

    def _bounds(self, meter: int, ended: bool) -> tuple[int, int]:
        """Milliseconds of the last row, and up to which it stands."""
        of = np.array([meter])
        latest, before = int(self._latest[of][0]), int(self._before[of][0])
        alone = before < 0
        if self._ends or latest < 0 or (alone and not ended):
            return latest, latest
        if self._is_whole(latest) and (alone or self._is_whole(before)):
            step = int(self._grid.index(latest // 1000))
            return latest, 1000 * int(self._grid.seconds(step + 1))
        return latest, latest + (self._step if alone else min(latest - before, self._step))

    def _is_whole(self, millis: int) -> bool:
        """Whether a step begins then."""
        return 1000 * int(self._grid.seconds(self._grid.index(millis // 1000))) == millis
