"""The rules that a row keeps or breaks by the rows of its meter around it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tfx_pipeline.data import clock
from tfx_pipeline.data.raw.errors import BadRows, Problem
from tfx_pipeline.data.raw.rows import Rows

_HOUR, _DAY = 60, 1440


@dataclass(frozen=True)
class _Last:
    minute: int
    file: str
    line: int


class TimeOrder:
    """Leaves out the rows that are not later than all before them.

    Args:
        bad_rows: Takes note of the rows that are left out, and raises at one too many.
    """

    def __init__(self, bad_rows: BadRows) -> None:
        self._bad_rows = bad_rows
        self._last: dict[str, _Last] = {}

    def kept(self, rows: Rows) -> Rows:
        """Takes the next rows of a meter and returns those in order of time.

        Raises:
            DataError: There are more bad rows than accepted.
        """
        rows = self._without_leaps(rows)
        last = self._last.get(rows.meter)
        start = rows.steps[0] - 1 if last is None else last.minute
        latest = np.maximum.accumulate(np.concatenate(([start], rows.steps)))
        late = rows.steps <= latest[:-1]
        if late.any():
            for row in np.flatnonzero(late)[: self._bad_rows.accepted + 1]:
                minute = int(latest[row])
                if last is not None and minute == last.minute:
                    earlier = last
                else:
                    first = int(np.searchsorted(latest[1:], minute))
                    earlier = _Last(minute, rows.file, int(rows.lines[first]))
                self._bad_rows.add([_late(rows, row, earlier)])
            rows = rows.where(~late)
        if rows.steps.size:
            self._last[rows.meter] = _Last(int(rows.steps[-1]), rows.file, int(rows.lines[-1]))
        return rows

    def _without_leaps(self, rows: Rows) -> Rows:
        """Leaves out single rows that leap ahead by days, where the next goes on from before."""
        before, minutes, after = rows.steps[:-2], rows.steps[1:-1], rows.steps[2:]
        leaps = 1 + np.flatnonzero(
            (minutes - before > _DAY) & (before < after) & (after < minutes - _DAY)
        )
        for row in leaps[: self._bad_rows.accepted + 1]:
            when, next_one = (clock.text(60 * int(rows.steps[row + n])) for n in (0, 1))
            detail = f"{when} comes before {next_one}"
            self._bad_rows.add([Problem("date", detail, rows.file, int(rows.lines[row]))])
        return rows.where(~np.isin(np.arange(rows.steps.size), leaps)) if leaps.size else rows


def _late(rows: Rows, row: int, earlier: _Last) -> Problem:
    minute = int(rows.steps[row])
    relation = "is earlier than"
    if earlier.file != rows.file:
        rule, relation = "overlap", "is not later than"
    elif minute == earlier.minute:
        rule, relation = "duplicate", "comes again after"
    elif earlier.minute - minute > _DAY:
        rule = "date"
    elif _clock_went_back(rows.steps, row, earlier.minute):
        rule = "clock"
    else:
        rule = "backward"
    detail = (
        f"{clock.text(minute * 60)} {relation} {clock.text(earlier.minute * 60)} "
        f"in {earlier.file}, line {earlier.line}"
    )
    meter = rows.meter and f", meter {rows.meter}"
    return Problem(rule, detail + meter, rows.file, int(rows.lines[row]))


def _clock_went_back(minutes: npt.NDArray[np.int64], row: int, latest: int) -> bool:
    """Whether a late row belongs to an hour that comes twice, from :00 behind :59 on."""
    start = row - int(minutes[row] % _HOUR)
    repeated = np.arange(row - start + 1) + latest + 1 - _HOUR
    return start >= 0 and np.array_equal(minutes[start : row + 1], repeated)
