"""Times of the command line and of this moment, as instants of a series."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tfx_pipeline.series.spec import SeriesSpec


def instant(text: str, spec: SeriesSpec) -> int:
    """Reads a time, in seconds since 1970 as the series counts them.

    Args:
        text: ISO 8601: a day, or a time by the local clock unless it has an offset from UTC.
        spec: The series.

    Raises:
        ValueError: It is none.
    """
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no time, such as 2026-11-26 or 2026-11-26T18:30") from error
    if when.tzinfo is None:
        return int(when.replace(tzinfo=ZoneInfo(spec.zone) if spec.zone else UTC).timestamp())
    if spec.zone is None:
        raise ValueError(f"{text}: the series has no time zone, so write a time without an offset")
    return int(when.timestamp())


def now(spec: SeriesSpec) -> int:
    """This moment; for a series without a zone what the clock of this machine shows."""
    clock = datetime.now(UTC) if spec.zone else datetime.now().replace(tzinfo=UTC)
    return int(clock.timestamp())
