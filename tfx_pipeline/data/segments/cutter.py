"""Cuts each meter's contiguous intervals into aligned segments, streaming."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tfx_pipeline.data.contract import Windowing
from tfx_pipeline.data.options import DataOptions
from tfx_pipeline.data.segments.past import Past
from tfx_pipeline.data.segments.splits import Interval


@dataclass(frozen=True)
class SplitInterval:
    """The part of a contiguous interval that lies in one split; every window in it is usable.

    Attributes:
        split: Its split.
        span: Its steps.
        origins: Steps from which a forecast may be made.
        segments: Aligned segments that serve those origins; number k starts its origins at
            step k * windowing.origins.
    """

    split: str
    span: Interval
    origins: Interval
    segments: Interval

    def within(self, segments: Interval) -> SplitInterval | None:
        """Keeps only the segments that are also in `segments`, or None if there are none."""
        start = max(self.segments.start, segments.start)
        stop = min(self.segments.stop, segments.stop)
        return replace(self, segments=Interval(start, stop)) if start < stop else None


@dataclass(frozen=True)
class Segments:
    """Consecutive segments of one split interval.

    Attributes:
        split: Their split.
        meter: Their meter.
        values: float32 [measurements, n, windowing.length]; NaN = not observed, or outside.
        weight: float32 [n, windowing.origins]; 1 where the origin is usable.
        first_origin: int64 [n], step of origin 0.
        yesterday: float32 [n, windowing.labels], the target at the same local time one day before
            each labelled step; NaN where not observed. It may lie in the split before: it is past.
        last_week: The same, one week before.
    """

    split: str
    meter: str
    values: npt.NDArray[np.float32]
    weight: npt.NDArray[np.float32]
    first_origin: npt.NDArray[np.int64]
    yesterday: npt.NDArray[np.float32]
    last_week: npt.NDArray[np.float32]

    def parts(self, segments: int) -> Iterator[Segments]:
        """Splits them into so many at a time."""
        for start in range(0, self.first_origin.size, segments):
            own = slice(start, start + segments)
            yield Segments(
                self.split,
                self.meter,
                self.values[:, own],
                self.weight[own],
                self.first_origin[own],
                self.yesterday[own],
                self.last_week[own],
            )


def usable_intervals(
    contiguous: Sequence[Interval], splits: dict[str, Interval], windowing: Windowing
) -> list[SplitInterval]:
    """Intersects contiguous intervals with splits, and keeps what holds a window and its labels.

    Args:
        contiguous: Of one meter, in order of time.
        splits: Intervals that do not overlap, in order of time.
        windowing: Shape of a segment.

    Returns:
        Split intervals in order of time.
    """
    found = []
    for whole in contiguous:
        for split, interval in splits.items():
            span = Interval(max(whole.start, interval.start), min(whole.stop, interval.stop))
            origins = Interval(span.start + windowing.window - 1, span.stop - windowing.horizon)
            if origins.start < origins.stop:
                segments = Interval(
                    origins.start // windowing.origins, (origins.stop - 1) // windowing.origins + 1
                )
                found.append(SplitInterval(split, span, origins, segments))
    return found


class SegmentCutter:
    """Turns one meter's rows, as they come, into segments.

    Holds less than one segment, one block of rows, and a week of the target.

    Args:
        meter: Its name.
        intervals: Its split intervals, in order of time.
        options: The series, and the shape of a segment.
    """

    def __init__(
        self, meter: str, intervals: Sequence[SplitInterval], options: DataOptions
    ) -> None:
        self._meter = meter
        self._intervals = deque(intervals)
        self._windowing = options.windowing
        self._measurements = len(options.series.names)
        self._past = Past(options.series)
        self._next = 0
        self._grid = self._missing(0)
        self._open()

    def feed(
        self, steps: npt.NDArray[np.int64], values: npt.NDArray[np.float32]
    ) -> Iterator[Segments]:
        """Takes the next rows and yields the segments that they complete.

        Args:
            steps: int64 [n], strictly increasing, later than all before.
            values: float32 [measurements, n].
        """
        if not self._intervals:
            return
        self._past.add(steps, values[0])
        while self._intervals and steps.size:
            first, stop = np.searchsorted(steps, self._needed())
            if first < stop:
                self._extend(steps[first:stop], values[:, first:stop])
                yield from self._cut(
                    (self._grid.shape[1] - self._overlap) // self._windowing.origins
                )
            if stop == steps.size:
                break
            yield from self._finish_interval()
            steps, values = steps[stop:], values[:, stop:]
        self._past.forget(self._next * self._windowing.origins)

    def finish(self) -> Iterator[Segments]:
        """Yields what is left when there are no more rows."""
        while self._intervals:
            yield from self._finish_interval()

    def _finish_interval(self) -> Iterator[Segments]:
        """Yields the current interval's last segments, filled up with missing steps."""
        left = self._intervals[0].segments.stop - self._next
        length = left * self._windowing.origins + self._overlap
        self._grow(length)
        yield from self._cut(left)
        self._intervals.popleft()
        self._open()

    @property
    def _overlap(self) -> int:
        """Steps that neighbouring segments share."""
        return self._windowing.length - self._windowing.origins

    def _base(self, segment: int) -> int:
        """First step of a segment's series."""
        return segment * self._windowing.origins - (self._windowing.window - 1)

    def _open(self) -> None:
        self._grid = self._missing(0)
        if self._intervals:
            self._next = self._intervals[0].segments.start

    def _needed(self) -> Interval:
        """Steps that the current interval's segments hold."""
        interval = self._intervals[0]
        first = self._base(interval.segments.start)
        last = self._base(interval.segments.stop) + self._overlap
        return Interval(max(interval.span.start, first), min(interval.span.stop, last))

    def _extend(self, steps: npt.NDArray[np.int64], values: npt.NDArray[np.float32]) -> None:
        columns = steps - self._base(self._next)
        self._grow(int(columns[-1]) + 1)
        self._grid[:, columns] = values

    def _grow(self, length: int) -> None:
        short = length - self._grid.shape[1]
        if short > 0:
            self._grid = np.concatenate((self._grid, self._missing(short)), axis=1)

    def _cut(self, segments: int) -> Iterator[Segments]:
        """Takes the first complete segments off the grid."""
        if segments < 1:
            return
        interval, step = self._intervals[0], self._windowing.origins
        windows = np.lib.stride_tricks.sliding_window_view(
            self._grid, self._windowing.length, axis=1
        )
        first_origin = (self._next + np.arange(segments, dtype=np.int64)) * step
        origins = first_origin[:, None] + np.arange(step)
        usable = (interval.origins.start <= origins) & (origins < interval.origins.stop)
        yield Segments(
            interval.split,
            self._meter,
            windows[:, : segments * step : step],
            usable.astype(np.float32),
            first_origin,
            self._days_before(first_origin, 1),
            self._days_before(first_origin, 7),
        )
        self._next += segments
        self._grid = self._grid[:, segments * step :].copy()

    def _days_before(
        self, first_origin: npt.NDArray[np.int64], days: int
    ) -> npt.NDArray[np.float32]:
        """The target so many days before the labels of neighbouring segments, [n, labels]."""
        labels, origins = self._windowing.labels, self._windowing.origins
        steps = np.arange(first_origin[0] + 1, first_origin[-1] + 1 + labels)
        values = self._past.before(steps, days)
        return np.lib.stride_tricks.sliding_window_view(values, labels)[::origins]

    def _missing(self, steps: int) -> npt.NDArray[np.float32]:
        return np.full((self._measurements, steps), np.nan, np.float32)
