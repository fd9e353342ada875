"""Tells which zone a clock is in: by offsets, an hour that is missing, or one that comes twice."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tfx_pipeline.data.describe.errors import Remarks
from tfx_pipeline.series.clock import HOUR
from tfx_pipeline.series.zones import Offsets, offsets

KNOWN = {
    "Europe/Paris": "Amsterdam, Berlin, Madrid, Rome, Vienna and Warsaw change with it",
    "Europe/London": "Dublin and Lisbon change with it",
    "Europe/Athens": "Bucharest, Helsinki and Kyiv change with it",
    "America/New_York": "Chicago, Denver and Los Angeles change at the same local time",
    "Australia/Sydney": "Melbourne and Hobart change with it",
    "America/Santiago": "",
    "Pacific/Auckland": "",
}
"""Zones that stand for others with the same changes, and what to say of them."""
_CONSTANT = {
    0: "UTC",
    19_800: "Asia/Kolkata",
    28_800: "Asia/Shanghai",
    32_400: "Asia/Tokyo",
    36_000: "Australia/Brisbane",
    -10_800: "America/Sao_Paulo",
    -18_000: "America/Bogota",
    -21_600: "America/Costa_Rica",
    -25_200: "America/Phoenix",
}
"""Offset that does not change -> a zone with it."""
_AMERICAN = ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles")


class Seen(NamedTuple):
    """Changes of a zone within the rows: looked at, and shown by them."""

    looked: int
    shown: int


def zone_of_offsets(
    seconds: npt.NDArray[np.int64], ahead: npt.NDArray[np.int64], remarks: Remarks
) -> str:
    """Zone whose offsets the rows have.

    Args:
        seconds: int64, UTC seconds since 1970.
        ahead: int64, offset that each is written with, in seconds.
        remarks: Gets how sure that is.
    """
    if (ahead == ahead[0]).all():
        offset = int(ahead[0])
        zone = _CONSTANT.get(offset) or _fixed(offset)
        remarks.doubt(
            "zone",
            f"times say their offset, which is always {_written(offset)}; write your own zone, "
            "such as Europe/Berlin, so that hours and days are those of the local clock",
        )
        return zone
    for zone in (*KNOWN, *_AMERICAN):
        if (offsets(zone).at(seconds) == ahead).mean() > 0.99:
            remarks.doubt("zone", f"the offsets are those of {zone}; write your own{_also(zone)}")
            return zone
    found = ", ".join(_written(int(one)) for one in np.unique(ahead))
    remarks.doubt(
        "zone",
        f"the offsets {found} are not those of one zone; hours and days of all rows will be those "
        "of the zone written here",
    )
    return "UTC"


def zone_of_local_times(
    order: npt.NDArray[np.int64], same: npt.NDArray[np.bool_], whole: bool, remarks: Remarks
) -> str | None:
    """Zone whose clock changes the rows show; None: they show that there are none, or nothing.

    Args:
        order: int64 [n], seconds since 1970 of the local clock, meter by meter.
        same: bool [n - 1], whether a row and the next are of one meter and stretch.
        whole: Whether these are all rows.
        remarks: Gets how sure that is.
    """
    seen = {zone: _changes(offsets(zone), order, same) for zone in KNOWN}
    best = max(seen, key=lambda zone: seen[zone].shown - 0.1 * seen[zone].looked)
    looked, shown = seen[best]
    if shown and shown > 0.5 * looked:
        remarks.doubt(
            "zone",
            f"local times: the clock changes in {shown} places as in {best}; write your own zone"
            + _also(best),
        )
        return best
    if seen["Europe/Paris"].looked or seen["America/New_York"].looked:
        remarks.doubt(
            "zone",
            "local times without summer time: no hour is missing in spring or comes twice in "
            "autumn; write a zone only if the clock does change",
        )
    else:
        remarks.doubt(
            "zone",
            "local times; no change of a clock lies within what was looked at, so that it cannot "
            "be seen whether they follow summer time: if so, write the zone, such as Europe/Berlin",
        )
    return None


def in_utc(local: npt.NDArray[np.int64], zone: str) -> npt.NDArray[np.int64]:
    """Local times, in the order of the rows, as UTC.

    Args:
        local: int64, seconds since 1970 of the zone's clock.
        zone: Its name.
    """
    known = offsets(zone)
    which = np.searchsorted(known.local_ends, local, side="right")
    following = np.minimum(which + 1, known.starts.size - 1)
    twice = local - known.seconds[following] >= known.starts[following]
    # Of an hour that comes twice, rows behind one that goes back are of the second time.
    back = np.concatenate(([0], np.cumsum(np.diff(local) <= 0)))
    before = np.maximum.accumulate(np.where(twice, 0, back))
    return local - known.seconds[np.where(twice & (back > before), following, which)]


def _changes(zone: Offsets, order: npt.NDArray[np.int64], same: npt.NDArray[np.bool_]) -> Seen:
    """Counts the zone's changes that lie within the rows, and those that the rows show."""
    looked = shown = 0
    before, after = order[:-1][same], order[1:][same]
    if not before.size:
        return Seen(0, 0)
    usual = int(np.median(after - before))
    if usual > HOUR or usual <= 0:
        return Seen(0, 0)
    first, last = order.min(), order.max()
    inner = (zone.starts > first) & (zone.starts < last)
    for number in np.flatnonzero(inner):
        old, new = zone.seconds[number - 1], zone.seconds[number]
        start, end = sorted((zone.starts[number] + old, zone.starts[number] + new))
        here = (order >= start) & (order < end)
        around = (np.abs(order - start) < 6 * HOUR).sum()
        if around < 6 * HOUR / usual:  # no rows of that night
            continue
        looked += 1
        if new > old:
            leap = (before < start) & (before >= start - 2 * usual)
            shown += bool(
                not here.any() and (leap & (after >= end) & (after < end + 2 * usual)).any()
            )
        else:
            shown += bool(((after <= before) & (after >= start) & (after < end)).any())
    return Seen(looked, shown)


def _also(zone: str) -> str:
    also = KNOWN.get(zone)
    return f" ({also})" if also else ""


def _fixed(offset: int) -> str:
    hours = round(offset / HOUR)
    return f"Etc/GMT{-hours:+d}" if hours * HOUR == offset else "UTC"


def _written(offset: int) -> str:
    return f"{'-' if offset < 0 else '+'}{abs(offset) // 3600:02}:{abs(offset) % 3600 // 60:02}"
