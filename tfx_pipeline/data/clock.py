"""The file's own wall clock: no time zones, no summer time, minutes since 1970."""

from __future__ import annotations

from datetime import datetime, timedelta

_EPOCH = datetime(1970, 1, 1)


def text(seconds: int) -> str:
    """Writes seconds since 1970 as YYYY-MM-DD HH:MM, with seconds where there are any."""
    when = _EPOCH + timedelta(seconds=seconds)
    return when.isoformat(" ", "seconds" if when.second else "minutes")
