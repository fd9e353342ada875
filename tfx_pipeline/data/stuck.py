"""Measurements that stand still, as those of a stuck sensor do."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Run(NamedTuple):
    """Equal values of one measurement, one after the other; missing ones do not interrupt it.

    Attributes:
        steps: How many.
        first: Step of the first.
        value: The value; NaN before there is any.
    """

    steps: int
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

    def add(self, steps: npt.NDArray[np.int64], values: npt.NDArray[np.float32]) -> None:
        """Takes the next values.

        Args:
            steps: int64 [n], increasing.
            values: float32 [n], NaN where missing.
        """
        missing = np.isnan(values)
        if missing.any():
            steps, values = steps[~missing], values[~missing]
        if not values.size:
            return
        changes = 1 + np.flatnonzero(values[1:] != values[:-1])
        lengths = np.diff(changes, prepend=0, append=values.size)
        first = int(steps[0])
        if values[0] == self._last.value:
            lengths[0] += self._last.steps
            first = self._last.first

        def run(index: int) -> Run:
            start = int(changes[index - 1]) if index else 0
            begin = int(steps[start]) if index else first
            return Run(int(lengths[index]), begin, float(values[start]))

        self._last = run(changes.size)
        if lengths.max() > self.longest.steps:
            zero = values[np.concatenate(([0], changes))] == 0
            longest = run(int(np.argmax(np.where(zero, 0, lengths))))
            if longest.value and longest.steps > self.longest.steps:
                self.longest = longest
