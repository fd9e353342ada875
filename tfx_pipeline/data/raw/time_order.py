"""The rules that a row keeps or breaks by the rows of its meter around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tfx_pipeline.data.raw.batch import Batch, Meters, PerMeter
from tfx_pipeline.data.raw.errors import BadRows, Problem

_HOUR, _DAY = 3_600_000, 86_400_000

Millis = npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Earlier:
    millis: int
    file: str
    line: int


class TimeOrder:
    """Leaves out the rows that are not later than all before them.

    Args:
        meters: Their names.
        bad_rows: Takes note of the rows that are left out, and raises at one too many.
        clock: Writes milliseconds since 1970.
    """

    def __init__(self, meters: Meters, bad_rows: BadRows, clock: Callable[[int], str]) -> None:
        self._meters = meters
        self._bad_rows = bad_rows
        self._clock = clock
        self._latest = PerMeter(-1)
        self._line = PerMeter(0)
        self._file = PerMeter(0)
        self._files: list[str] = []

    def kept(self, batch: Batch) -> Batch:
        """Takes the next rows and returns those in order of time.

        Raises:
            DataError: There are more bad rows than accepted.
        """
        if not batch.millis.size:
            return batch
        if batch.file not in self._files[-1:]:
            self._files.append(batch.file)
        starts = batch.starts()
        late = np.zeros(batch.millis.size, bool)
        late[1:] = batch.millis[1:] <= batch.millis[:-1]
        late[starts] = batch.millis[starts] <= self._latest[batch.meter[starts]]
        if late.any():
            kept = np.ones(late.size, bool)
            for part in batch.parts():
                if late[part].any():
                    kept[part] = self._in_order(batch, part)
            batch = batch.where(kept)
            if not batch.millis.size:
                return batch
            starts = batch.starts()
        last = np.append(starts[1:], batch.meter.size) - 1
        meters = batch.meter[last]
        self._latest[meters] = batch.millis[last]
        self._line[meters] = batch.lines[last]
        self._file[meters] = len(self._files) - 1
        return batch

    def _in_order(self, batch: Batch, part: slice) -> npt.NDArray[np.bool_]:
        """Which rows of one meter are in order, bool [n]."""
        millis, lines = batch.millis[part], batch.lines[part]
        kept = np.ones(millis.size, bool)
        leaps = self._leaps(batch, millis, lines)
        kept[leaps] = False
        millis, lines = millis[kept], lines[kept]
        if not millis.size:
            return kept
        meter = batch.meter[part][:1]
        before = int(self._latest[meter][0])
        latest = np.maximum.accumulate(np.concatenate(([before], millis)))
        late = millis <= latest[:-1]
        for row in np.flatnonzero(late)[: self._bad_rows.accepted + 1]:
            when = int(latest[row])
            if when == before:
                file, line = self._files[int(self._file[meter][0])], int(self._line[meter][0])
            else:
                file, line = batch.file, int(lines[int(np.searchsorted(latest[1:], when))])
            earlier = _Earlier(when, file, line)
            self._bad_rows.add([self._late(batch, millis, lines, int(row), earlier, int(meter[0]))])
        kept[kept] = ~late
        return kept

    def _leaps(self, batch: Batch, millis: Millis, lines: Millis) -> npt.NDArray[np.int64]:
        """Finds single rows that leap ahead by days, where the next goes on from before."""
        before, at, after = millis[:-2], millis[1:-1], millis[2:]
        leaps = 1 + np.flatnonzero((at - before > _DAY) & (before < after) & (after < at - _DAY))
        for row in leaps[: self._bad_rows.accepted + 1].tolist():
            detail = f"{self._clock(millis[row])} comes before {self._clock(millis[row + 1])}"
            self._bad_rows.add([Problem("date", detail, batch.file, int(lines[row]))])
        return leaps

    def _late(
        self, batch: Batch, millis: Millis, lines: Millis, row: int, earlier: _Earlier, meter: int
    ) -> Problem:
        when = int(millis[row])
        relation = "is earlier than"
        if earlier.file != batch.file:
            rule, relation = "overlap", "is not later than"
        elif when == earlier.millis:
            rule, relation = "duplicate", "comes again after"
        elif earlier.millis - when > _DAY:
            rule = "date"
        elif _clock_went_back(millis, row, earlier.millis):
            rule = "clock"
        else:
            rule = "backward"
        detail = (
            f"{self._clock(when)} {relation} {self._clock(earlier.millis)} "
            f"in {earlier.file}, line {earlier.line}"
        )
        name = self._meters.names[meter]
        return Problem(rule, detail + (name and f", meter {name}"), batch.file, int(lines[row]))


def _clock_went_back(millis: Millis, row: int, latest: int) -> bool:
    """Whether a late row belongs to an hour that comes twice, from :00 behind its end on."""
    gone_back = 1 + np.flatnonzero(np.diff(millis[: row + 1]) < 0)
    start = int(gone_back[-1]) if gone_back.size else 0
    if start + 1 >= millis.size or millis[start] % _HOUR:
        return False
    step = int(millis[start + 1] - millis[start])
    return millis[start] + _HOUR == latest + step
