"""The lowest and the highest value of each measurement, and where they stand."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tfx_pipeline.data import clock
from tfx_pipeline.data.contract import MEASUREMENTS
from tfx_pipeline.data.raw.reader import Rows
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
        missing = np.isnan(rows.values)
        low = np.where(missing, np.inf, rows.values).argmin(axis=1).tolist()
        high = np.where(missing, -np.inf, rows.values).argmax(axis=1).tolist()
        for number, name in enumerate(MEASUREMENTS):
            values = rows.values[number]
            if name not in self.lowest or values[low[number]] < self.lowest[name].value:
                _keep(self.lowest, name, rows, number, low[number])
            if name not in self.highest or values[high[number]] > self.highest[name].value:
                _keep(self.highest, name, rows, number, high[number])


def _keep(found: dict[str, Extreme], name: str, rows: Rows, number: int, row: int) -> None:
    value = float(rows.values[number, row])
    if not np.isnan(value):
        found[name] = Extreme(
            value=value,
            when=clock.text(60 * int(rows.minutes[row])),
            file=rows.file,
            line=int(rows.lines[row]),
        )
