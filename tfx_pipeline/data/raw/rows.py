"""Rows of one meter, as they go from the files to whoever cuts them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Rows:
    """Consecutive rows of one meter, minutes strictly increasing.

    Attributes:
        meter: Its name, "" where the files name none.
        minutes: int64 [n], wall-clock minutes since 1970.
        values: float32 [measurements, n]; NaN = missing.
        file: Where they stand.
        lines: int64 [n], their lines in it.
    """

    meter: str
    minutes: npt.NDArray[np.int64]
    values: npt.NDArray[np.float32]
    file: str
    lines: npt.NDArray[np.int64]

    def where(self, kept: slice | npt.NDArray[np.bool_]) -> Rows:
        """Some of the rows, in the same order."""
        return replace(
            self,
            minutes=self.minutes[kept],
            values=self.values[:, kept],
            lines=self.lines[kept],
        )
