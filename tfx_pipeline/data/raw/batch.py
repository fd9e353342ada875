"""Rows of several meters on their way from a file to steps, and the numbers of the meters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tfx_pipeline.data.raw.columns import Values


@dataclass(frozen=True)
class Batch:
    """Rows of one file, those of a meter in the file's order.

    All but `by_meter` and `where` needs them sorted by meter.

    Attributes:
        meter: int64 [n], numbers of the meters.
        millis: int64 [n], milliseconds since 1970.
        values: float [measurements, n]; NaN = missing.
        lines: int64 [n], where they stand.
        file: Their file.
    """

    meter: npt.NDArray[np.int64]
    millis: npt.NDArray[np.int64]
    values: Values
    lines: npt.NDArray[np.int64]
    file: str

    def where(self, kept: npt.NDArray[np.bool_]) -> Batch:
        """Some of the rows, in the same order."""
        if kept.all():
            return self
        return replace(
            self,
            meter=self.meter[kept],
            millis=self.millis[kept],
            values=self.values[:, kept],
            lines=self.lines[kept],
        )

    def by_meter(self) -> Batch:
        """The same rows, sorted by meter."""
        if not self.meter.size or (self.meter[0] == self.meter).all():
            return self
        order = np.argsort(self.meter, kind="stable")
        return replace(
            self,
            meter=self.meter[order],
            millis=self.millis[order],
            values=self.values[:, order],
            lines=self.lines[order],
        )

    def starts(self) -> npt.NDArray[np.int64]:
        """Places of the first row of every meter."""
        if not self.meter.size:
            return np.zeros(0, np.int64)
        if self.meter[0] == self.meter[-1]:
            return np.zeros(1, np.int64)
        return np.concatenate(([0], 1 + np.flatnonzero(np.diff(self.meter))))

    def parts(self) -> Iterator[slice]:
        """The places of every meter's rows."""
        starts = self.starts().tolist()
        return map(slice, starts, [*starts[1:], self.meter.size])


class Meters:
    """Numbers the meters in the order in which they come.

    Attributes:
        names: Number -> name.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self._numbers: dict[str, int] = {}
        self._spellings: dict[str, str] = {}

    def numbers(self, names: Sequence[str]) -> npt.NDArray[np.int64]:
        """The numbers of meters, of new ones the next."""
        for name in names:
            if name not in self._numbers:
                self._numbers[name] = len(self.names)
                self.names.append(name)
        return np.array([self._numbers[name] for name in names], np.int64)

    def other_spelling(self, name: str) -> str | None:
        """A meter that was named before, and differs in case and spaces alone."""
        known = self._spellings.setdefault(name.strip().casefold(), name)
        return known if known != name else None


class PerMeter:
    """One number for every meter, as they come.

    Args:
        unknown: The number of a meter that has none yet.
    """

    def __init__(self, unknown: int) -> None:
        self._unknown = unknown
        self._numbers = np.zeros(0, np.int64)

    def __getitem__(self, meters: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        self._grow(meters)
        return self._numbers[meters]

    def __setitem__(
        self, meters: npt.NDArray[np.int64], numbers: npt.NDArray[np.int64] | int
    ) -> None:
        self._grow(meters)
        self._numbers[meters] = numbers

    def _grow(self, meters: npt.NDArray[np.int64]) -> None:
        short = int(meters.max(initial=-1)) + 1 - self._numbers.size
        if short > 0:
            more = np.full(max(short, self._numbers.size), self._unknown)
            self._numbers = np.concatenate((self._numbers, more))
