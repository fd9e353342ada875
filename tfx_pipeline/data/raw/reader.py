"""Streams clean rows out of raw files: in order of time, per household, bad rows left out."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from tfx_pipeline.data import clock
from tfx_pipeline.data.contract import MEASUREMENTS
from tfx_pipeline.data.raw.errors import BadRows, DataError, Problem
from tfx_pipeline.data.raw.lines import DataLines, Part
from tfx_pipeline.data.raw.parsing import Columns
from tfx_pipeline.data.raw.source import BLOCK_BYTES, Opener

LOG = logging.getLogger("tfx_pipeline.data")
_LOGGED_ROWS = 250_000


@dataclass(frozen=True)
class Rows:
    """Consecutive rows of one household, minutes strictly increasing.

    Attributes:
        meter: Name of the household, "" where the files name none.
        minutes: int64 [n], wall-clock minutes since 1970.
        values: float32 [measurements, n]; NaN = missing.
    """

    meter: str
    minutes: npt.NDArray[np.int64]
    values: npt.NDArray[np.float32]


class Reader:
    """Reads files one after the other in bounded memory, checking every row.

    Args:
        files: Paths in order of time, see `in_order`.
        bad_rows: Takes note of the rows that are left out, and raises at one too many.
        limit: Read only the first so many rows; None for all.
        opener: Opens a path; `open` for local files.
        block_bytes: Text that is parsed at a time.
        task: What the progress lines say is being done.

    Attributes:
        rows: Data rows read so far, bad ones included.
    """

    def __init__(
        self,
        files: Sequence[str],
        bad_rows: BadRows,
        limit: int | None = None,
        opener: Opener = open,  # type: ignore[assignment]
        block_bytes: int = BLOCK_BYTES,
        task: str = "Read",
    ) -> None:
        self.rows = 0
        self._files = files
        self._bad_rows = bad_rows
        self._limit = limit
        self._opener = opener
        self._block_bytes = block_bytes
        self._task = task
        self._last: dict[str, _Last] = {}

    def __iter__(self) -> Iterator[Rows]:
        """Yields the rows of every file.

        Raises:
            DataError: A file breaks a rule, or there are more bad rows than accepted.
        """
        with_meter: dict[bool, str] = {}
        for file in self._files:
            if self.rows == self._limit:
                return
            lines = DataLines(file, self._opener, self._block_bytes)
            with_meter.setdefault(lines.form.meter is not None, file)
            if len(with_meter) == 2:
                detail = f"this file and {next(iter(with_meter.values()))}: only one names meters"
                raise DataError.of(Problem("meter", detail, file))
            yield from self._file(lines)

    def _file(self, lines: DataLines) -> Iterator[Rows]:
        before, observed = self.rows, False
        for part in lines.parts(self._remaining):
            if isinstance(part, Problem):
                self._advance(1)
                self._bad_rows.add([part])
                continue
            self._advance(len(part.numbers))
            for rows in self._clean(part, lines):
                observed = observed or not np.isnan(rows.values).all()
                yield rows
        if self.rows == before:
            raise DataError.of(Problem("empty", "a header but no rows", lines.file))
        if not observed:
            raise DataError.of(Problem("missing", "no measurement has a value", lines.file))

    def _remaining(self) -> int | None:
        return None if self._limit is None else self._limit - self.rows

    def _advance(self, rows: int) -> None:
        if (self.rows + rows) // _LOGGED_ROWS > self.rows // _LOGGED_ROWS:
            LOG.info("%s %s rows", self._task, f"{self.rows + rows:,}")
        self.rows += rows

    def _clean(self, part: Part, lines: DataLines) -> Iterator[Rows]:
        """Leaves bad rows out, and splits the others by household."""
        columns = part.columns
        minutes, seconds = np.divmod(columns.seconds, 60)
        good = self._row_rules(part, seconds, lines)
        for meter, where in _by_meter(columns, good):
            yield from self._in_time(
                Rows(meter, minutes[where], columns.values[:, where]),
                part.numbers[where],
                lines.file,
            )

    def _row_rules(
        self, part: Part, seconds: npt.NDArray[np.int64], lines: DataLines
    ) -> npt.NDArray[np.bool_]:
        columns, form = part.columns, lines.form
        infinite = np.isinf(columns.values)
        nameless = np.array([not name for name in columns.meters])[columns.meter]
        bad = (seconds != 0) | infinite.any(axis=0) | (nameless & (form.meter is not None))
        problems = []
        for row in np.flatnonzero(bad)[: self._bad_rows.accepted + 1]:
            line = int(part.numbers[row])
            if seconds[row]:
                when = clock.text(int(columns.seconds[row]))
                detail = f"{when} is not a whole minute"
                problems.append(Problem("minute", detail, lines.file, line, form.time[-1]))
            elif infinite[:, row].any():
                column = MEASUREMENTS[int(np.argmax(infinite[:, row]))]
                problems.append(Problem("infinite", "infinity", lines.file, line, column))
            else:
                problems.append(Problem("meter", "no name", lines.file, line, form.meter))
        self._bad_rows.add(problems)
        return ~bad

    def _in_time(self, rows: Rows, numbers: npt.NDArray[np.int64], file: str) -> Iterator[Rows]:
        """Leaves out rows that are not later than every row of the household before them."""
        last = self._last.get(rows.meter)
        start = rows.minutes[0] - 1 if last is None else last.minute
        latest = np.maximum.accumulate(np.concatenate(([start], rows.minutes)))
        late = rows.minutes <= latest[:-1]
        if late.any():
            for row in np.flatnonzero(late)[: self._bad_rows.accepted + 1]:
                earlier = _Last(int(latest[row]), file, 0)
                if last is not None and earlier.minute == last.minute:
                    earlier = last
                else:
                    place = int(np.searchsorted(latest[1:], earlier.minute))
                    earlier = _Last(earlier.minute, file, int(numbers[place]))
                self._bad_rows.add([_order(rows, row, int(numbers[row]), file, earlier)])
            rows = Rows(rows.meter, rows.minutes[~late], rows.values[:, ~late])
            numbers = numbers[~late]
        if rows.minutes.size:
            self._last[rows.meter] = _Last(int(rows.minutes[-1]), file, int(numbers[-1]))
            yield rows


def _by_meter(
    columns: Columns, good: npt.NDArray[np.bool_]
) -> Iterator[tuple[str, slice | npt.NDArray[np.int64]]]:
    """Yields each household with the places of its good rows, in the order of the file."""
    if len(columns.meters) == 1 and good.all():
        yield columns.meters[0], slice(None)
        return
    rows = np.flatnonzero(good)
    rows = rows[np.argsort(columns.meter[rows], kind="stable")]
    bounds = np.searchsorted(columns.meter[rows], np.arange(len(columns.meters) + 1))
    for meter, start, stop in zip(columns.meters, bounds, bounds[1:], strict=False):
        if start < stop:
            yield meter, rows[start:stop]


@dataclass(frozen=True)
class _Last:
    minute: int
    file: str
    line: int


def _order(rows: Rows, row: int, line: int, file: str, earlier: _Last) -> Problem:
    minute = int(rows.minutes[row])
    if earlier.file != file:
        rule, said = "overlap", "is not later than"
    elif minute == earlier.minute:
        rule, said = "duplicate", "comes again after"
    else:
        rule, said = "backward", "is earlier than"
    detail = (
        f"{clock.text(minute * 60)} {said} {clock.text(earlier.minute * 60)} "
        f"in {earlier.file}, line {earlier.line}"
    )
    return Problem(rule, detail + (rows.meter and f", meter {rows.meter}"), file, line)


def in_order(files: Sequence[str], opener: Opener = open) -> list[str]:  # type: ignore[assignment]
    """Sorts files by their first readable timestamp, and by name where they share it.

    Raises:
        DataError: A file is empty, damaged, or of no known format.
    """
    if len(files) < 2:
        return list(files)
    return sorted(files, key=lambda file: (_first_second(file, opener), file))


def _first_second(file: str, opener: Opener, lines: int = 1000) -> float:
    parts = DataLines(file, opener).parts(lambda: lines)
    for part in islice(parts, lines):
        if isinstance(part, Part):
            return float(part.columns.seconds[0])
    return -np.inf
