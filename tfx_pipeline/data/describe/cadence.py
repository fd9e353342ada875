"""Finds the cadence: the step of the rows, or a sensible one for rows that come as they like."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tfx_pipeline.data.describe.errors import DescribeError, Remarks
from tfx_pipeline.series.clock import DAY
from tfx_pipeline.series.durations import text

NICE = (
    *(1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 300, 600, 900, 1200, 1800),
    *(3600, 7200, 10_800, 14_400, 21_600, 28_800, 43_200, 86_400),
)
"""Seconds; each divides a day, and those below an hour divide an hour."""
_CLOCK = 7200
"""Seconds by which days differ when the clock changes."""
_ROWS = 5
"""Rows that a step of irregular ones should hold."""


class Cadence(NamedTuple):
    """Seconds of a step, the usual step of the rows, and whether rows keep to it."""

    seconds: int
    row: float
    regular: bool


def find_cadence(
    steps: npt.NDArray[np.int64], begins: npt.NDArray[np.int64], file: str, remarks: Remarks
) -> Cadence:
    """Finds the cadence.

    Args:
        steps: int64, seconds from each row to the next of its meter.
        begins: int64, seconds since 1970 of each row.
        file: For messages.
        remarks: Gets what was found.

    Raises:
        DescribeError: There are too few rows, or they are further apart than a day.
    """
    forward = steps[steps > 0]
    if steps.size and (steps < 0).mean() > 0.5:
        raise DescribeError(f"{file}: rows go back in time; sort them by time, oldest first")
    if not forward.size:
        raise DescribeError(f"{file}: no two rows of a meter follow each other in time")
    values, counts = np.unique(forward, return_counts=True)
    usual = int(values[np.argmax(counts)])
    fraction = counts.max() / forward.size
    median = float(np.median(forward))
    if median > DAY + _CLOCK:
        raise DescribeError(f"{file}: rows are {text(usual)} apart; the longest step is a day")
    if abs(median - DAY) <= _CLOCK and fraction > 0.5:
        usual, fraction = DAY, float((np.abs(forward - DAY) <= _CLOCK).mean())
    if usual in NICE and fraction > 0.5:
        return Cadence(usual, usual, fraction > 0.9)
    near = min(NICE, key=lambda nice: abs(nice - median))
    if abs(near - median) < 0.05 * near and _one_each(begins, forward, near):
        late = float(np.median(begins % near))
        remarks.note("cadence", f"rows come about {late:.0f} s behind the full step")
        return Cadence(near, near, False)
    wanted = _ROWS * median
    seconds = next((nice for nice in NICE if nice >= wanted), DAY)
    low, high = np.percentile(forward, [5, 95])
    spread = f"{low:g} to {high:g}" if low < high else f"{median:g}"
    remarks.doubt(
        "cadence",
        f"rows are {spread} s apart; each step sums up about {seconds / median:.0f} of them",
    )
    return Cadence(seconds, median, False)


def _one_each(begins: npt.NDArray[np.int64], forward: npt.NDArray[np.int64], step: int) -> bool:
    """Whether rows come late, but each in a step of its own."""
    within = begins % step
    return bool(np.percentile(within, 97) < 0.4 * step and (forward > 0.6 * step).mean() > 0.97)


def note_gaps(steps: npt.NDArray[np.int64], cadence: Cadence, remarks: Remarks) -> None:
    """Says how many rows are missing, and how many come too soon.

    Args:
        steps: int64, seconds from each row to the next of its meter, of real time.
        cadence: Of rows that keep to it.
        remarks: Gets it.
    """
    forward, usual = steps[steps > 0], round(cadence.row)
    long = forward[forward > usual + _CLOCK * (usual == DAY)]
    short = int((forward < usual - _CLOCK * (usual == DAY)).sum())
    if long.size:
        missing = int((long // usual - 1).sum())
        longest = text(int(long.max()))
        gaps = f"{long.size:,} gap{'s' * (long.size > 1)}"
        remarks.note(
            "cadence", f"{gaps}, {missing:,} rows missing in all; the longest step is {longest}"
        )
    if short:
        remarks.note("cadence", f"{short:,} rows come sooner than {usual} s after the one before")
