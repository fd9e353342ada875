"""Measurements that stand still, as those of a stuck sensor do."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Run(NamedTuple):
    """Equal values of one measurement, one after the other; missing ones do not interrupt it.

    Attributes:
        minutes: How many.
        first: Minute of the first, since 1970.
        value: The value; NaN before there is any.
    """

    minutes: int
    first: int
    value: float


NO_RUN = Run(0, 0, float("nan"))


class EqualValues:
    """Finds the longest run of equal values other than zero, in values as they come.

    Attributes:
        longest: The first of the longest.
    """

    def __init__(self) -> None:
        self.longest = NO_RUN
        self._last = NO_RUN

    def add(self, minutes: npt.NDArray[np.int64], values: npt.NDArray[np.float32]) -> None:
        """Takes the next values.

        Args:
            minutes: int64 [n], minutes since 1970.
            values: float32 [n], NaN where missing.
        """
        observed = ~np.isnan(values)
        minutes, values = minutes[observed], values[observed]
        if not values.size:
            return
        starts = np.concatenate(([0], 1 + np.flatnonzero(values[1:] != values[:-1])))
        lengths = np.diff(starts, append=values.size)
        first = int(minutes[0])
        if values[0] == self._last.value:
            lengths[0] += self._last.minutes
            first = self._last.first

        def run(index: int) -> Run:
            start = starts[index]
            return Run(
                int(lengths[index]), int(minutes[start]) if index else first, float(values[start])
            )

        self._last = run(starts.size - 1)
        self.longest = max(
            self.longest,
            run(int(np.argmax(np.where(values[starts] != 0, lengths, 0)))),
            key=lambda found: found.minutes if found.value else 0,
        )
