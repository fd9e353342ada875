"""Brings rows of any times onto the grid of steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from tfx_pipeline.data.raw.aggregation import Aggregator
from tfx_pipeline.data.raw.batch import Batch, Meters, PerMeter
from tfx_pipeline.data.raw.errors import BadRows, Problem
from tfx_pipeline.data.raw.rows import Rows
from tfx_pipeline.series.durations import text
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec

_REGULAR = 3
"""Rows at whole steps, one after the other, beside which one that is not is a fault."""


class Steps:
    """Turns rows, sorted by meter and in order of time, into steps.

    Rows at whole steps are steps as they are. Others are aggregated, but for a single one among
    several at whole steps: that one is a bad row.

    Args:
        spec: The series.
        grid: Its steps.
        meters: Names of the meters.
        bad_rows: Takes note of the rows that are left out, and raises at one too many.
    """

    def __init__(self, spec: SeriesSpec, grid: Grid, meters: Meters, bad_rows: BadRows) -> None:
        self._spec = spec
        self._grid = grid
        self._bad_rows = bad_rows
        self._meters = meters
        self._aggregator = Aggregator(spec, grid, meters, bad_rows)
        self._counts = any(one.aggregate == "difference" for one in spec.measurements)
        self._whole = PerMeter(0)  # rows at whole steps up to the last one; -1: irregular
        self._file = ""

    def of(self, batch: Batch, column: str) -> Iterator[Rows]:
        """Takes the next rows and yields the steps that they complete.

        Args:
            batch: Rows of one file.
            column: The file's column with the time, for the messages.

        Raises:
            DataError: There are more bad rows than accepted.
        """
        if not batch.millis.size:
            return
        if batch.file != self._file:
            self._file, self._whole = batch.file, PerMeter(0)
        index = self._grid.index(batch.millis // 1000)
        whole = self._grid.seconds(index) * 1000 == batch.millis
        if not whole.all():
            kept = self._without_faults(batch, whole, column)
            batch, index, whole = batch.where(kept), index[kept], whole[kept]
        else:
            self._follow(batch)
        if self._counts or not whole.all():
            yield from self._aggregator.add(batch)
            return
        waiting = self._aggregator.has_begun(batch.meter)
        if waiting.any():
            yield from self._aggregator.add(batch.where(waiting))
            batch, index = batch.where(~waiting), index[~waiting]
        yield from self._as_they_are(batch, index)

    @property
    def noticed(self) -> Counter[str]:
        """What was noticed in counters -> how often."""
        return self._aggregator.noticed

    def finish(self) -> Iterator[Rows]:
        """Yields what is left when there are no more rows."""
        return self._aggregator.finish()

    def _as_they_are(self, batch: Batch, index: npt.NDArray[np.int64]) -> Iterator[Rows]:
        if self._spec.interval_ends:
            index = self._grid.index(batch.millis // 1000 - 1)
        values = np.asarray(batch.values, np.float32)
        for part in batch.parts():
            meter = batch.meter[part.start : part.start + 1]
            self._aggregator.passed_by(meter, index[part][-1:])
            name = self._meters.names[int(meter[0])]
            yield Rows(name, index[part], values[:, part], batch.file, batch.lines[part])

    def _follow(self, batch: Batch) -> None:
        """Counts rows at whole steps."""
        starts = batch.starts()
        meters = batch.meter[starts]
        before = self._whole[meters]
        more = np.diff(np.append(starts, batch.meter.size))
        self._whole[meters] = np.where(before < 0, -1, before + more)

    def _without_faults(
        self, batch: Batch, whole: npt.NDArray[np.bool_], column: str
    ) -> npt.NDArray[np.bool_]:
        """Finds single rows beside whole steps, and the meters that are irregular."""
        kept = np.ones(whole.size, bool)
        for part in batch.parts():
            meter = batch.meter[part.start : part.start + 1]
            run, last = int(self._whole[meter][0]), part.start - 1
            beside = part.start + np.flatnonzero(~whole[part])
            for row in beside.tolist():
                if run < 0:
                    break
                run += row - last - 1
                last = row
                behind = whole[row + 1 : min(row + 1 + _REGULAR, part.stop)]
                regular = behind.all() and (run >= _REGULAR or behind.size == _REGULAR)
                if regular:
                    kept[row] = False
                    self._note(batch, row, column)
                else:
                    run = -1
            self._whole[meter] = run if run < 0 else run + part.stop - 1 - last
        return kept

    def _note(self, batch: Batch, row: int, column: str) -> None:
        when = self._grid.clock(int(batch.millis[row]) // 1000)
        detail = f"{when} is not at a whole step of {text(self._spec.step)}"
        self._bad_rows.add([Problem("step", detail, batch.file, int(batch.lines[row]), column)])
