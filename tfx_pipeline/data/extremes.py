"""The lowest and the highest value of each measurement, and where they stand."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tfx_pipeline.data import clock
from tfx_pipeline.data.contract import MEASUREMENTS
from tfx_pipeline.data.raw.rows import Rows
from tfx_pipeline.data.summary import Extreme


@dataclass
class Extremes:
    """Finds them in rows, as they come.

    Attributes:
        lowest: By measurement; the first of equal ones.
        highest: The same.
    """

    lowest: dict[str, Extreme] = field(default_factory=dict)
    highest: dict[str, Extreme] = field(default_factory=dict)

    def add(self, rows: Rows) -> None:
        """Takes the next rows of any meter."""
        low = np.fmin.reduce(rows.values, axis=1).tolist()
        high = np.fmax.reduce(rows.values, axis=1).tolist()
        for number, name in enumerate(MEASUREMENTS):
            if low[number] < (self.lowest[name].value if name in self.lowest else np.inf):
                self.lowest[name] = _extreme(rows, number, low[number])
            if high[number] > (self.highest[name].value if name in self.highest else -np.inf):
                self.highest[name] = _extreme(rows, number, high[number])


def _extreme(rows: Rows, number: int, value: float) -> Extreme:
    row = int(np.argmax(rows.values[number] == np.float32(value)))
    return Extreme(
        value=value,
        when=clock.text(60 * int(rows.steps[row])),
        file=rows.file,
        line=int(rows.lines[row]),
    )
