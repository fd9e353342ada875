"""Lengths of time: in settings a number of steps or an ISO 8601 duration, in messages words."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, TypeAdapter, ValidationError

_ISO = TypeAdapter(timedelta)
_UNITS = ((86_400, "day", "days"), (3600, "h", "h"), (60, "min", "min"), (1, "s", "s"))


def _length(value: object) -> object:
    if isinstance(value, timedelta) or type(value) is int:
        return value
    if isinstance(value, str):
        try:
            return int(value) if value.strip().isdecimal() else _ISO.validate_python(value)
        except ValidationError:
            pass
    raise ValueError("expected steps, such as 50, or an ISO 8601 duration, such as PT50M or P7D")


Length = Annotated[int | timedelta, BeforeValidator(_length)]
"""Steps, or a duration that the series' cadence makes steps of; see `in_steps`."""


def in_steps(length: int | timedelta, step: int) -> int:
    """A length in steps.

    Args:
        length: Steps, or a duration.
        step: Seconds of a step.

    Raises:
        ValueError: The duration is no whole number of steps.
    """
    if isinstance(length, int):
        return length
    steps, rest = divmod(length, timedelta(seconds=step))
    if rest:
        raise ValueError(
            f"{iso(length)} is no whole number of steps of {text(step)}, the cadence; take a "
            f"multiple of it, or write steps: {max(steps, 1)} or {steps + 1}"
        )
    return steps


def in_whole_steps(length: int | timedelta, step: int) -> int:
    """A length in steps, rounded up.

    Args:
        length: Steps, or a duration.
        step: Seconds of a step.
    """
    return length if isinstance(length, int) else -(-length // timedelta(seconds=step))


def iso(duration: timedelta) -> str:
    """Writes a duration as settings do: PT15M."""
    written: str = _ISO.dump_python(duration, mode="json")
    return written


def text(seconds: int) -> str:
    """Writes a duration for people: 1 day 2 h."""
    parts = []
    for size, one, many in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count:,} {one if count == 1 else many}")
    return " ".join(parts) or "0 s"
