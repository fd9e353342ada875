"""What the first pass learns of one meter, in bounded memory."""

from __future__ import annotations

from collections import Counter

import numpy as np

from tfx_pipeline.data.contract import MEASUREMENTS, TARGET
from tfx_pipeline.data.gaps import Gaps
from tfx_pipeline.data.options import DataOptions
from tfx_pipeline.data.physics import RESTLESS, count_violations
from tfx_pipeline.data.raw.rows import Rows
from tfx_pipeline.data.stuck import EqualValues

TARGET_ROW = MEASUREMENTS.index(TARGET)
DAY = 1440
"""Minutes."""


class Meter:
    """What is known of one meter so far.

    Args:
        name: Its name; empty where the files name none.
        options: How rows are cut.

    Attributes:
        first: Minute of the first row.
        last: Minute of the last row.
        observed: int64 [measurements], rows with a value.
        steps: int64 [1441], how often a row is so many minutes after the one before it; the last
            entry is of 1440 and more.
        law_breaks: Physical law -> minutes that break it.
        gaps: In the target.
        frozen: Equal values of the measurements that do not stand still.
    """

    def __init__(self, name: str, options: DataOptions) -> None:
        self.name = name
        self.first = self.last = 0
        self._empty = True
        self.observed = np.zeros(len(MEASUREMENTS), np.int64)
        self.steps = np.zeros(DAY + 1, np.int64)
        self.law_breaks: Counter[str] = Counter()
        self.gaps = Gaps(options.max_gap, options.windowing.horizon)
        self.frozen = {measurement: EqualValues() for measurement in RESTLESS}

    def add(self, rows: Rows) -> None:
        """Takes the next rows."""
        minutes = rows.steps
        steps = np.diff(minutes, prepend=minutes[:1] if self._empty else self.last)
        self.steps += np.bincount(np.minimum(steps, DAY), minlength=DAY + 1)
        if self._empty:
            self.first = int(minutes[0])
        self.last = int(minutes[-1])
        self._empty = False
        present = ~np.isnan(rows.values)
        self.observed += present.sum(axis=1)
        columns = dict(zip(MEASUREMENTS, rows.values, strict=True))
        self.law_breaks.update(count_violations(columns))
        for measurement, runs in self.frozen.items():
            runs.add(minutes, columns[measurement])
        self.gaps.add(rows, present[TARGET_ROW])

    @property
    def minutes(self) -> int:
        """From the first to the last row."""
        return self.last + 1 - self.first
