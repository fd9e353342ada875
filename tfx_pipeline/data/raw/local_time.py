"""Tells what a local clock shows apart: hours that come twice, and hours that do not come."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tfx_pipeline.data.raw.batch import Batch, PerMeter
from tfx_pipeline.series.zones import offsets

_SECOND = 1000


class LocalClock:
    """Turns local times of a zone into UTC.

    Where the clock goes back, an hour comes twice: a meter's rows are of the second one from where
    they do not go on in time.

    Args:
        zone: The zone of the times.
    """

    def __init__(self, zone: str) -> None:
        self._offsets = offsets(zone)
        self._hour = PerMeter(-1)  # the latest one that comes twice, by the offset that it ends
        self._latest = PerMeter(-1)  # what the clock showed in it
        self._again = PerMeter(0)  # whether that was the second time

    def utc(self, batch: Batch) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """Finds the instants of rows.

        Returns:
            Milliseconds of UTC, int64 [n], and which of the local times do not exist, bool [n].
        """
        found = self._offsets
        shown = batch.millis // _SECOND
        which = np.searchsorted(found.local_ends, shown, side="right")
        nonexistent = shown - found.seconds[which] < found.starts[which]
        following = np.minimum(which + 1, found.starts.size - 1)
        twice = (following > which) & (shown - found.seconds[following] >= found.starts[following])
        if twice.any():
            rows = np.flatnonzero(twice)
            again = self._come_again(batch.meter[rows], which[rows], batch.millis[rows])
            which[rows[again]] += 1
        return batch.millis - found.seconds[which] * _SECOND, nonexistent

    def _come_again(
        self,
        meter: npt.NDArray[np.int64],
        hour: npt.NDArray[np.int64],
        shown: npt.NDArray[np.int64],
    ) -> npt.NDArray[np.bool_]:
        """Which rows are of the second time of their hour, bool [n]."""
        start = np.ones(meter.size, bool)
        start[1:] = (np.diff(meter) != 0) | (np.diff(hour) != 0)
        known = start & (self._hour[meter] == hour)
        before = np.concatenate(([-1], shown[:-1]))
        before[start] = np.where(known, self._latest[meter], -1)[start]
        back = (shown <= before) | (known & (self._again[meter] == 1))
        # Once back, always back: more of them up to a row than before its hour.
        count = np.cumsum(back)
        first = np.flatnonzero(start)
        group = np.cumsum(start) - 1
        again = count > (count - back)[first][group]
        last = np.append(first[1:], meter.size) - 1
        self._hour[meter[last]] = hour[last]
        self._latest[meter[last]] = shown[last]
        self._again[meter[last]] = again[last].astype(np.int64)
        return np.asarray(again)
