"""Rows of one meter, as they go from the files to whoever cuts them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Rows:
    """Consecutive steps of one meter, strictly increasing.

    Attributes:
        meter: Its name, "" where the files name none.
        steps: int64 [n], numbers of the steps since 1970, see `Grid`.
        values: float32 [measurements, n]; NaN = missing.
        file: Where they stand.
        lines: int64 [n], their lines in it.
    """

    meter: str
    steps: npt.NDArray[np.int64]
    values: npt.NDArray[np.float32]
    file: str
    lines: npt.NDArray[np.int64]

    def where(self, kept: slice | npt.NDArray[np.bool_]) -> Rows:
        """Some of the rows, in the same order."""
        return replace(
            self,
            steps=self.steps[kept],
            values=self.values[:, kept],
            lines=self.lines[kept],
        )
