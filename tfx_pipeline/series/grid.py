"""The grid of a series: its steps, numbered since 1970, and the local clock beside them."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from tfx_pipeline.series.clock import DAY, HOUR
from tfx_pipeline.series.spec import SeriesSpec
from tfx_pipeline.series.zones import offsets, standard_offset

_EPOCH = datetime(1970, 1, 1)


class Grid:
    """Numbers the steps of a series; a step is one cadence.

    Up to an hour, a step is of real time: step k begins k cadences after the first full one of
    1970, by the zone's clock without summer time (half past of UTC for hours in India). Longer
    ones follow the local clock: step k begins when it first shows k cadences since 1970, so that
    a day is a step, of 23 or 25 hours when the clock changes. Without a zone, instants are what
    a wall clock without summer time shows.

    Args:
        spec: The series.
    """

    def __init__(self, spec: SeriesSpec) -> None:
        self._step = spec.step
        self._offsets = offsets(spec.zone) if spec.zone else None
        self._follows_the_clock = self._offsets is not None and spec.step > HOUR
        real = spec.zone and not self._follows_the_clock
        self._phase = -standard_offset(spec.zone) % spec.step if spec.zone and real else 0

    def index(self, instants: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """The steps that instants lie in.

        Args:
            instants: int64, seconds since 1970: UTC, or wall clock where there is no zone.
        """
        found = np.asarray(instants, np.int64)
        if self._offsets is None or not self._follows_the_clock:
            return (found - self._phase) // self._step
        which = self._offsets.which(found)
        # Where the clock goes back, a step that had begun goes on.
        shown = self._offsets.local_ends[which - 1] - 1
        local = found + self._offsets.seconds[which]
        return np.where(which > 0, np.maximum(local, shown), local) // self._step

    def seconds(self, index: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """The instants at which steps begin.

        A step that the clock leaps over begins with the one after it.

        Args:
            index: int64, numbers of steps.
        """
        start = np.asarray(index, np.int64) * self._step + self._phase
        if self._offsets is None or not self._follows_the_clock:
            return start
        which = np.searchsorted(self._offsets.local_ends, start, side="right")
        return np.maximum(self._offsets.starts[which], start - self._offsets.seconds[which])

    def local(self, instants: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """What the local clock shows at instants, in seconds since 1970."""
        found = np.asarray(instants, np.int64)
        return found if self._offsets is None else found + self._offsets.at(found)

    def days_before(self, index: npt.ArrayLike, days: int) -> npt.NDArray[np.int64]:
        """The steps at the same local time so many days before; the cadence divides a day.

        Args:
            index: int64, numbers of steps.
            days: How many.
        """
        steps = np.asarray(index, np.int64)
        if self._offsets is None:
            return steps - days * DAY // self._step
        instants = self.seconds(steps)
        earlier = instants - days * DAY
        # The hour by which the clock was put forward or back since then.
        moved = self.local(instants) - self.local(earlier) - days * DAY
        return self.index(earlier + moved)

    def text(self, index: int) -> str:
        """Begin of a step by the local clock, see `clock`."""
        return self.clock(int(self.seconds(index)))

    def clock(self, instant: int) -> str:
        """Writes an instant by the local clock, YYYY-MM-DD HH:MM, with seconds where there are any.

        An hour that comes twice carries its offset from UTC.
        """
        local = int(self.local(instant))
        when = _EPOCH + timedelta(seconds=local)
        text = when.isoformat(" ", "seconds" if when.second else "minutes")
        return text + self._offset(instant, local)

    def _offset(self, instant: int, local: int) -> str:
        if self._offsets is None:
            return ""
        around = self._offsets.which(np.array([instant])) + np.array([-1, 0, 1])
        around = np.clip(around, 0, self._offsets.starts.size - 1)
        others = local - self._offsets.seconds[around]
        shows = others + self._offsets.at(others) == local
        if np.unique(others[shows]).size < 2:
            return ""
        minutes = (local - instant) // 60
        return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
