"""The lowest and the highest value of each measurement, and where they stand."""

from __future__ import annotations

import numpy as np

from tfx_pipeline.data.raw.rows import Rows
from tfx_pipeline.data.summary import Extreme
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec


class Extremes:
    """Finds them in rows, as they come.

    Args:
        spec: The series.

    Attributes:
        lowest: By measurement; the first of equal ones.
        highest: The same.
    """

    def __init__(self, spec: SeriesSpec) -> None:
        self.lowest: dict[str, Extreme] = {}
        self.highest: dict[str, Extreme] = {}
        self._spec = spec
        self._grid = Grid(spec)
        self._low = np.full(len(spec.names), np.inf, np.float32)
        self._high = -self._low

    def add(self, rows: Rows) -> None:
        """Takes the next rows of any meter."""
        low = np.fmin.reduce(rows.values, axis=1)
        high = np.fmax.reduce(rows.values, axis=1)
        for number in np.flatnonzero(low < self._low).tolist():
            self._low[number] = low[number]
            self.lowest[self._spec.names[number]] = self._extreme(rows, number, low[number])
        for number in np.flatnonzero(high > self._high).tolist():
            self._high[number] = high[number]
            self.highest[self._spec.names[number]] = self._extreme(rows, number, high[number])

    def _extreme(self, rows: Rows, number: int, value: np.float32) -> Extreme:
        row = int(np.argmax(rows.values[number] == value))
        return Extreme(
            value=float(value),
            unit=self._spec.measurements[number].unit,
            when=self._grid.text(int(rows.steps[row])),
            file=rows.file,
            line=int(rows.lines[row]),
        )
