"""Streams clean rows out of raw files: in order of time, per meter, bad rows left out."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import numpy.typing as npt

from tfx_pipeline.data import clock
from tfx_pipeline.data.contract import MEASUREMENTS
from tfx_pipeline.data.physics import BOUNDS
from tfx_pipeline.data.raw.delimited import Columns
from tfx_pipeline.data.raw.errors import BadRows, DataError, Problem
from tfx_pipeline.data.raw.lines import DataLines, Part
from tfx_pipeline.data.raw.source import BLOCK_BYTES, Opener

LOG = logging.getLogger("tfx_pipeline.data")
_LOGGED_ROWS = 250_000
_HOUR, _DAY = 60, 1440
_LOWEST, _HIGHEST = np.array([BOUNDS[name] for name in MEASUREMENTS], np.float32).T[..., None]


@dataclass(frozen=True)
class Rows:
    """Consecutive rows of one meter, minutes strictly increasing.

    Attributes:
        meter: Its name, "" where the files name none.
        minutes: int64 [n], wall-clock minutes since 1970.
        values: float32 [measurements, n]; NaN = missing.
        file: Where they stand.
        lines: int64 [n], their lines in it.
    """

    meter: str
    minutes: npt.NDArray[np.int64]
    values: npt.NDArray[np.float32]
    file: str
    lines: npt.NDArray[np.int64]

    def where(self, kept: slice | npt.NDArray[np.bool_]) -> Rows:
        """Some of the rows, in the same order."""
        return replace(
            self,
            minutes=self.minutes[kept],
            values=self.values[:, kept],
            lines=self.lines[kept],
        )


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
        self._spellings: dict[str, str] = {}

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
            with_meter.setdefault(lines.format.meter is not None, file)
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
        """Leaves bad rows out, and splits the others by meter."""
        columns = part.columns
        minutes, seconds = np.divmod(columns.seconds, 60)
        good = self._row_rules(part, seconds, lines)
        for meter, where in _by_meter(columns, good):
            values, numbers = columns.values[:, where], part.numbers[where]
            rows = Rows(meter, minutes[where], values, lines.file, numbers)
            self._require_one_spelling(rows)
            yield from self._in_time(rows)

    def _row_rules(
        self, part: Part, seconds: npt.NDArray[np.int64], lines: DataLines
    ) -> npt.NDArray[np.bool_]:
        columns, meter = part.columns, lines.format.meter
        impossible = _impossible_values(columns.values)
        nameless = np.array([not name.strip() for name in columns.meters])[columns.meter]
        bad = (seconds != 0) | impossible.any(axis=0) | (nameless & (meter is not None))
        problems = []
        for row in np.flatnonzero(bad)[: self._bad_rows.accepted + 1]:
            line = int(part.numbers[row])
            if seconds[row]:
                when = clock.text(int(columns.seconds[row]))
                column = [*lines.format.TIME][-1]
                detail = f"{when} is not a whole minute"
                problems.append(Problem("minute", detail, lines.file, line, column))
            elif impossible[:, row].any():
                number = int(np.argmax(impossible[:, row]))
                value = float(columns.values[number, row])
                problems.append(_impossible(MEASUREMENTS[number], value, lines.file, line))
            else:
                problems.append(Problem("meter", "no name", lines.file, line, meter))
        self._bad_rows.add(problems)
        return ~bad

    def _require_one_spelling(self, rows: Rows) -> None:
        """Refuses a meter whose name is another's but for case and spaces."""
        known = self._spellings.setdefault(rows.meter.strip().casefold(), rows.meter)
        if known != rows.meter:
            detail = f"{rows.meter!r} and {known!r} differ in case or spaces alone"
            raise DataError.of(Problem("meter", detail, rows.file, int(rows.lines[0])))

    def _in_time(self, rows: Rows) -> Iterator[Rows]:
        """Leaves out rows that are not later than every row of the meter before them."""
        rows = self._without_leaps(rows)
        last = self._last.get(rows.meter)
        start = rows.minutes[0] - 1 if last is None else last.minute
        latest = np.maximum.accumulate(np.concatenate(([start], rows.minutes)))
        late = rows.minutes <= latest[:-1]
        if late.any():
            for row in np.flatnonzero(late)[: self._bad_rows.accepted + 1]:
                minute = int(latest[row])
                if last is not None and minute == last.minute:
                    earlier = last
                else:
                    first = int(np.searchsorted(latest[1:], minute))
                    earlier = _Last(minute, rows.file, int(rows.lines[first]))
                self._bad_rows.add([_order(rows, row, earlier)])
            rows = rows.where(~late)
        if rows.minutes.size:
            self._last[rows.meter] = _Last(int(rows.minutes[-1]), rows.file, int(rows.lines[-1]))
            yield rows

    def _without_leaps(self, rows: Rows) -> Rows:
        """Leaves out single rows that leap ahead by days, where the next goes on from before."""
        before, minutes, after = rows.minutes[:-2], rows.minutes[1:-1], rows.minutes[2:]
        leaps = 1 + np.flatnonzero(
            (minutes - before > _DAY) & (before < after) & (after < minutes - _DAY)
        )
        for row in leaps[: self._bad_rows.accepted + 1]:
            when, next_one = (clock.text(60 * int(rows.minutes[row + n])) for n in (0, 1))
            detail = f"{when} comes before {next_one}"
            self._bad_rows.add([Problem("date", detail, rows.file, int(rows.lines[row]))])
        return rows.where(~np.isin(np.arange(rows.minutes.size), leaps)) if leaps.size else rows


def _by_meter(
    columns: Columns, good: npt.NDArray[np.bool_]
) -> Iterator[tuple[str, slice | npt.NDArray[np.int64]]]:
    """Yields each meter with the places of its good rows, in the order of the file."""
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


def _impossible_values(values: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    # Two values of a measurement tell, and faster, that there are none.
    lowest = np.fmin.reduce(values, axis=1, keepdims=True)
    highest = np.fmax.reduce(values, axis=1, keepdims=True)
    if not ((lowest < _LOWEST) | (highest > _HIGHEST)).any():
        return np.zeros(values.shape, bool)
    return (values < _LOWEST) | (values > _HIGHEST)


def _impossible(column: str, value: float, file: str, line: int) -> Problem:
    if np.isinf(value):
        return Problem("infinite", "infinity", file, line, column)
    low, high = BOUNDS[column]
    detail = f"{value:g} is impossible, it can be {low:g} to {high:g}"
    return Problem("impossible", detail, file, line, column)


def _order(rows: Rows, row: int, earlier: _Last) -> Problem:
    minute = int(rows.minutes[row])
    relation = "is earlier than"
    if earlier.file != rows.file:
        rule, relation = "overlap", "is not later than"
    elif minute == earlier.minute:
        rule, relation = "duplicate", "comes again after"
    elif earlier.minute - minute > _DAY:
        rule = "date"
    elif _clock_went_back(rows.minutes, row, earlier.minute):
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
