"""Lengths of time in seconds, and the week; of numpy arrays and tensors alike."""

from typing import Any

HOUR = 3600
DAY = 24 * HOUR
WEEK = 7 * DAY
SATURDAY = 5
"""Days of the week are numbered from Monday, 0."""
_SINCE_MONDAY = 3 * DAY  # 1970-01-01 was a Thursday


def of_week(local: Any) -> Any:
    """Seconds since Monday, at seconds since 1970 of a local clock."""
    return (local + _SINCE_MONDAY) % WEEK


def weekday(local: Any) -> Any:
    """Day of the week, at seconds since 1970 of a local clock."""
    return of_week(local) // DAY
