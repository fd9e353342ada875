"""Gaps in a meter's target, and the contiguous intervals between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tfx_pipeline.data.raw.rows import Rows
from tfx_pipeline.data.segments.splits import Interval

_NONE = np.zeros((2, 0), np.int64)

KEPT = 10
"""Gaps that are remembered, the longest ones."""


@dataclass(frozen=True)
class Gap:
    """A run of missing steps between two observed ones.

    Attributes:
        meter: The meter.
        steps: Those without a row or without the target.
        file: Of the row behind it.
        line: Of the row behind it.
    """

    meter: str
    steps: Interval
    file: str
    line: int

    def __len__(self) -> int:
        return self.steps.stop - self.steps.start


def longest(gaps: Iterable[Gap]) -> list[Gap]:
    """The longest gaps, at most `KEPT`; of those that are alike, the first."""
    return sorted(gaps, key=len, reverse=True)[:KEPT]


class Gaps:
    """Finds the gaps of one meter in its rows, as they come.

    Args:
        max_gap: Steps; a longer gap ends a contiguous interval.
        horizon: Steps ahead that are forecast.

    Attributes:
        count: Gaps of every length.
        longest: The longest of them, at most `KEPT`, longest first.
    """

    def __init__(self, max_gap: int, horizon: int) -> None:
        self.count = 0
        self.longest: list[Gap] = []
        self._unlabelled: list[npt.NDArray[np.int64]] = []
        self._max_gap = max_gap
        self._horizon = horizon
        self._starts: list[int] = []
        self._stops: list[int] = []

    def add(self, rows: Rows, observed: npt.NDArray[np.bool_]) -> None:
        """Takes the next rows, and whether each has the target, bool [n]."""
        steps, lines = rows.steps[observed], rows.lines[observed]
        if not steps.size:
            return
        if not self._starts:
            self._starts.append(int(steps[0]))
            self._stops.append(int(steps[0]) + 1)
        before = np.concatenate(([self._stops[-1]], steps[:-1] + 1))
        lengths = steps - before
        self.count += int(np.count_nonzero(lengths > 0))
        found = np.flatnonzero(lengths > 0)
        found = found[np.argsort(-lengths[found], kind="stable")[:KEPT]]
        self.longest = longest(
            self.longest
            + [
                Gap(
                    rows.meter, Interval(int(before[at]), int(steps[at])), rows.file, int(lines[at])
                )
                for at in found
            ]
        )
        short = (lengths >= self._horizon) & (lengths <= self._max_gap)
        self._unlabelled.append(np.stack((before[short] - 1, steps[short] - self._horizon)))
        long = lengths > self._max_gap
        self._starts += steps[long].tolist()
        self._stops[-1:] = [*before[long].tolist(), int(steps[-1]) + 1]

    def intervals(self) -> list[Interval]:
        """From an observed step to another, without a gap of more than `max_gap`, in order."""
        return list(map(Interval, self._starts, self._stops))

    def unlabelled_within(self, intervals: Sequence[Interval]) -> int:
        """Counts the origins ahead of which every step is missing.

        Args:
            intervals: Origins without a gap of more than `max_gap`.
        """
        starts, stops = np.concatenate([_NONE, *self._unlabelled], axis=1)
        count = 0
        for interval in intervals:
            own = slice(
                np.searchsorted(stops, interval.start, side="right"),
                np.searchsorted(starts, interval.stop),
            )
            first, last = (
                np.maximum(starts[own], interval.start),
                np.minimum(stops[own], interval.stop),
            )
            count += (last - first).sum()
        return int(count)
