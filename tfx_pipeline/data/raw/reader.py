"""Streams clean rows out of raw files: in order of time, per meter, bad rows left out."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np
import numpy.typing as npt

from tfx_pipeline.data.raw.delimited import Columns
from tfx_pipeline.data.raw.errors import BadRows, DataError, Problem
from tfx_pipeline.data.raw.lines import DataLines, Part
from tfx_pipeline.data.raw.row_rules import broken_rules
from tfx_pipeline.data.raw.rows import Rows
from tfx_pipeline.data.raw.source import BLOCK_BYTES, Opener
from tfx_pipeline.data.raw.time_order import TimeOrder

LOG = logging.getLogger("tfx_pipeline.data")
_LOGGED_ROWS = 250_000


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
        self._order = TimeOrder(bad_rows)
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
        bad, problems = broken_rules(part, lines.format, lines.file, self._bad_rows.accepted + 1)
        self._bad_rows.add(problems)
        for meter, where in _by_meter(columns, ~bad):
            values, numbers = columns.values[:, where], part.numbers[where]
            rows = Rows(meter, columns.seconds[where] // 60, values, lines.file, numbers)
            self._require_one_spelling(rows)
            rows = self._order.kept(rows)
            if rows.steps.size:
                yield rows

    def _require_one_spelling(self, rows: Rows) -> None:
        """Refuses a meter whose name is another's but for case and spaces."""
        known = self._spellings.setdefault(rows.meter.strip().casefold(), rows.meter)
        if known != rows.meter:
            detail = f"{rows.meter!r} and {known!r} differ in case or spaces alone"
            raise DataError.of(Problem("meter", detail, rows.file, int(rows.lines[0])))


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
