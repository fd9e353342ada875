"""What the first pass learns of one meter, in bounded memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from tfx_pipeline.data.gaps import Gaps
from tfx_pipeline.data.options import DataOptions
from tfx_pipeline.data.physics import Law, count_violations
from tfx_pipeline.data.raw.rows import Rows
from tfx_pipeline.data.stuck import EqualValues

TARGET_ROW = 0
"""Of the values: the target stands first, see `SeriesSpec.names`."""


class Meter:
    """What is known of one meter so far.

    Args:
        name: Its name; empty where the files name none.
        options: How rows are cut.
        laws: That its measurements are held against.

    Attributes:
        first: Step of the first row.
        last: Step of the last row.
        observed: int64 [measurements], rows with a value.
        law_breaks: Physical law -> steps that break it.
        gaps: In the target.
        frozen: Equal values of the measurements that do not stand still, by name.
    """

    def __init__(self, name: str, options: DataOptions, laws: Sequence[Law]) -> None:
        self.name = name
        self.first = self.last = 0
        self._empty = True
        self._laws = laws
        measurements = options.series.measurements
        self.observed = np.zeros(len(measurements), np.int64)
        self.law_breaks: Counter[str] = Counter()
        self.gaps = Gaps(options.max_gap, options.windowing.horizon)
        self._restless = {one.name: row for row, one in enumerate(measurements) if one.restless}
        self.frozen = {name: EqualValues() for name in self._restless}

    def add(self, rows: Rows) -> None:
        """Takes the next rows."""
        if self._empty:
            self.first = int(rows.steps[0])
        self.last = int(rows.steps[-1])
        self._empty = False
        present = ~np.isnan(rows.values)
        self.observed += present.sum(axis=1)
        self.law_breaks.update(count_violations(self._laws, rows.values))
        for name, row in self._restless.items():
            self.frozen[name].add(rows.steps, rows.values[row])
        self.gaps.add(rows, present[TARGET_ROW])

    @property
    def steps(self) -> int:
        """From the first to the last row."""
        return self.last + 1 - self.first
