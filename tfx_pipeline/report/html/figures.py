"""How figures are written in the report."""

from __future__ import annotations

from datetime import timedelta

from tfx_pipeline.report.summary import Value

MANY = 1000
"""From here on figures have no decimals."""
UNITS = {"d": 86_400, "h": 3600, "min": 60, "s": 1}
"""Seconds."""


def number(value: float | None, form: str = "#.4g") -> str:
    """A figure; a dash where there is none."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= MANY else format(value, form)


def percent(value: float | None, digits: int = 1) -> str:
    """A fraction as a percentage."""
    return "-" if value is None else f"{value:.{digits}%}".replace("%", " %")


def duration(time: timedelta | float) -> str:
    """A time in its two largest units, such as 1 d 6 h or 4.5 s."""
    seconds = time.total_seconds() if isinstance(time, timedelta) else time
    if seconds < 10 and seconds != int(seconds):
        return f"{seconds:.1f} s"
    left, parts = round(seconds), []
    for unit, length in UNITS.items():
        count, left = divmod(left, length)
        parts += [f"{count} {unit}"] if count else []
    return " ".join(parts[:2]) or "0 s"


def memory(size: int) -> str:
    """Bytes in GiB or MiB."""
    return f"{size / 2**30:.2f} GiB" if size >= 2**30 else f"{size / 2**20:.0f} MiB"


def value(one: Value) -> str:
    """A setting or the like."""
    if one is None:
        return "-"
    if isinstance(one, float):
        return f"{one:.4g}"
    return str(one).lower() if isinstance(one, bool) else str(one)
