"""The offsets of a time zone, as arrays: which holds at an instant, and which at a local time."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from tfx_pipeline.series.clock import DAY

_DAYS = 47_482
"""From 1970 up to 2100."""
_SECOND = timedelta(seconds=1)
LATEST = _DAYS * DAY
"""Seconds since 1970; nothing measured is later."""


class Offsets(NamedTuple):
    """The offsets that a zone has had since 1970, and by its rules will have until 2100.

    Attributes:
        starts: int64 [n], UTC seconds since 1970 from which each holds; the first for ever.
        seconds: int64 [n], local clock minus UTC.
        local_ends: int64 [n], latest local time that the clock has shown when each has ended.
    """

    starts: npt.NDArray[np.int64]
    seconds: npt.NDArray[np.int64]
    local_ends: npt.NDArray[np.int64]

    def at(self, instants: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The offsets that hold at UTC seconds since 1970."""
        return self.seconds[self.which(instants)]

    def which(self, instants: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Which of the offsets hold."""
        return np.searchsorted(self.starts, instants, side="right") - 1


@lru_cache(maxsize=16)
def offsets(zone: str) -> Offsets:
    """Finds the offsets of a zone, by the time zone database of the system or of `tzdata`."""
    # A zone never changes twice a day, and zoneinfo keeps its list of changes to itself.
    clock = ZoneInfo(zone)
    starts, seconds = [-(1 << 60)], [_offset(clock, 0)]
    for day in range(1, _DAYS):
        if _offset(clock, day * DAY) != seconds[-1]:
            starts.append(_change(clock, (day - 1) * DAY, day * DAY))
            seconds.append(_offset(clock, day * DAY))
    ends = np.array([*starts[1:], 1 << 60]) + seconds
    return Offsets(np.array(starts), np.array(seconds), np.maximum.accumulate(ends))


@lru_cache(maxsize=16)
def standard_offset(zone: str) -> int:
    """The zone's offset without summer time, in seconds, by today's rules."""
    when = datetime.fromtimestamp(LATEST, ZoneInfo(zone))
    return round(((when.utcoffset() or 0 * _SECOND) - (when.dst() or 0 * _SECOND)) / _SECOND)


def _offset(clock: ZoneInfo, instant: int) -> int:
    return round((datetime.fromtimestamp(instant, clock).utcoffset() or 0 * _SECOND) / _SECOND)


def _change(clock: ZoneInfo, before: int, after: int) -> int:
    """First second of the offset that holds `after`."""
    offset = _offset(clock, after)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(clock, middle) == offset:
            after = middle
        else:
            before = middle
    return after
