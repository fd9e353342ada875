"""Brings rows of any times onto the grid of steps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from tfx_pipeline.data.raw.batch import Batch, Meters
from tfx_pipeline.data.raw.errors import BadRows, Problem
from tfx_pipeline.data.raw.rows import Rows
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec


class Steps:
    """Turns rows, sorted by meter and in order of time, into steps.

    Args:
        spec: The series.
        grid: Its steps.
        meters: Names of the meters.
        bad_rows: Takes note of the rows that are left out, and raises at one too many.
    """

    def __init__(self, spec: SeriesSpec, grid: Grid, meters: Meters, bad_rows: BadRows) -> None:
        self._spec = spec
        self._grid = grid
        self._meters = meters
        self._bad_rows = bad_rows

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
        seconds = batch.millis // 1000
        index = self._grid.index(seconds)
        whole = self._grid.seconds(index) * 1000 == batch.millis
        if not whole.all():
            self._note(batch, ~whole, column)
            batch, index = batch.where(whole), index[whole]
        if self._spec.interval_ends:
            index = self._grid.index(batch.millis // 1000 - 1)
        values = np.asarray(batch.values, np.float32)
        for part in batch.parts():
            meter = self._meters.names[int(batch.meter[part.start])]
            yield Rows(meter, index[part], values[:, part], batch.file, batch.lines[part])

    def _note(self, batch: Batch, bad: npt.NDArray[np.bool_], column: str) -> None:
        for row in np.flatnonzero(bad)[: self._bad_rows.accepted + 1].tolist():
            when = self._grid.clock(int(batch.millis[row]) // 1000)
            detail = f"{when} is not a whole step of {timedelta(seconds=self._spec.step)}"
            problem = Problem("step", detail, batch.file, int(batch.lines[row]), column)
            self._bad_rows.add([problem])
