"""Parses a file's data lines in blocks, and finds the lines that cannot be parsed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tfx_pipeline.data.raw.columns import Columns
from tfx_pipeline.data.raw.delimited import DelimitedText
from tfx_pipeline.data.raw.errors import DataError, Problem
from tfx_pipeline.data.raw.fields import Fields
from tfx_pipeline.data.raw.formats import columns_named, recognise
from tfx_pipeline.data.raw.source import BLOCK_BYTES, Opener, line_blocks
from tfx_pipeline.series.spec import SeriesSpec

_ABOVE = 100
"""Lines above the header, at most."""
_HEADER = 2
"""Described columns that a header names, at least."""
_COMPARED_LINES = 20
_TAIL_BYTES = 8192
_BLANK_LINES = re.compile(rb"(?:[ \t\r]*\n)+")


@dataclass(frozen=True)
class Part:
    """Rows of meters, and the lines (of Parquet, the rows) of the file that hold them.

    Attributes:
        columns: The rows, n of them.
        numbers: int64 [n], of the lines.
    """

    columns: Columns
    numbers: npt.NDArray[np.int64]


class DataLines:
    """The data lines of one file, behind its header.

    Args:
        file: Path of a plain, gzip or zip file.
        spec: The series.
        opener: Opens the path.
        block_bytes: Text that is parsed at a time.

    Attributes:
        file: The same.
        format: The file's format.

    Raises:
        DataError: The file is empty, damaged, or of no described layout.
    """

    def __init__(
        self, file: str, spec: SeriesSpec, opener: Opener, block_bytes: int = BLOCK_BYTES
    ) -> None:
        self.file = file
        self._spec = spec
        self._blocks = line_blocks(file, opener, block_bytes)
        self._line = 1
        self._block = self._tail = b""
        self.format = self._header()

    @property
    def fields(self) -> Fields:
        """Which column is where."""
        return self.format.fields

    @property
    def time_column(self) -> str:
        """The (last) column with the time."""
        return self.fields.names[self.fields.times[-1]]

    def _header(self) -> DelimitedText:
        """Reads up to the first row, and finds the header on the way.

        Exports write titles, the meter's name or Excel's `sep=;` above it, and units below.
        """
        above: list[tuple[int, bytes]] = []
        while (line := self._ahead()) is not None and len(above) < _ABOVE:
            number = self._line
            self._skip()
            if columns_named(line, self._spec) >= _HEADER:
                found = recognise(line, self._spec, self.file, number)
                self._require_no_rows(above, found)
                return self._behind_units(found)
            above.append((number, line))
        if not above:
            raise DataError.of(Problem("empty", "the file has no lines", self.file))
        number, line = max(above, key=lambda one: columns_named(one[1], self._spec))
        return recognise(line, self._spec, self.file, number)

    def _ahead(self) -> bytes | None:
        """The next line that is not blank, without its end; it is still to be read."""
        while True:
            self._block = self._behind_blank_lines(self._block)
            if self._block.strip():
                return self._block.partition(b"\n")[0].rstrip(b"\r")
            block = next(self._blocks, None)
            if block is None:
                return None
            self._block = block

    def _skip(self) -> None:
        self._block = self._block.partition(b"\n")[2]
        self._line += 1

    def _require_no_rows(self, above: list[tuple[int, bytes]], found: DelimitedText) -> None:
        for number, line in above:
            if found.is_row(line):
                detail = f"a row before the header, which is in line {self._line - 1}"
                raise DataError.of(Problem("header", detail, self.file, number))

    def _behind_units(self, found: DelimitedText) -> DelimitedText:
        """Leaves a line of units out, and looks at how rows end."""
        line = self._ahead()
        if line is not None and found.is_of_units(line):
            self._skip()
            line = self._ahead()
        return found if line is None else found.as_in(line)

    def parts(self, remaining: Callable[[], int | None]) -> Iterator[Part | Problem]:
        """Yields rows and bad lines in the file's order, up to `remaining()` of them."""
        while remaining() != 0:
            self._block = self._behind_blank_lines(self._block)
            if self._block:
                text, self._block = _first_lines(self._block, remaining())
                yield from self._numbered(text)
            elif block := next(self._blocks, None):
                self._block = block
            else:
                return

    def _behind_blank_lines(self, block: bytes) -> bytes:
        """Leaves out the blank lines that a block begins with."""
        blank = _BLANK_LINES.match(block)
        if not blank:
            return block
        self._line += block.count(b"\n", 0, blank.end())
        return block[blank.end() :]

    def _numbered(self, text: bytes) -> Iterator[Part | Problem]:
        cut = b""
        if not text.endswith(b"\n") and self.format.ends_in_a_number:
            layout = self.fields.layout
            cut = _cut_line(self._tail + text, layout.delimiter.encode(), layout.decimal.encode())
            text = text.removesuffix(cut)
        self._tail = text[-_TAIL_BYTES:]
        lines = _count(text)
        if text and not text.isspace():
            yield from self._parsed(text, self._line, lines)
        self._line += lines
        if cut:
            detail = f"the last number is shorter than those before it: {cut!r}"
            yield Problem("truncated", detail, self.file, self._line, self.fields.names[-1])

    def _parsed(self, text: bytes, first: int, lines: int) -> Iterator[Part | Problem]:
        try:
            columns = self.format.parse(text)
            if columns.file_rows == lines:
                yield Part(columns, columns.numbered(first + np.arange(lines)))
                return
        except ValueError:
            pass
        # Something is unusual, perhaps only a blank line: find out line by line.
        numbered = [
            (number, line) for number, line in enumerate(text.split(b"\n"), first) if line.strip()
        ]
        yield from self._halved(numbered, unterminated=not text.endswith(b"\n"))

    def _halved(
        self, lines: list[tuple[int, bytes]], unterminated: bool
    ) -> Iterator[Part | Problem]:
        """Parses lines, halving them until every bad line stands alone."""
        try:
            columns = self.format.parse(b"\n".join(line for _, line in lines))
            if columns.file_rows == len(lines):
                numbers = np.array([number for number, _ in lines], np.int64)
                yield Part(columns, columns.numbered(numbers))
                return
        except ValueError:
            pass
        if len(lines) == 1:
            [(number, line)] = lines
            yield self.format.explain(line, self.file, number, unterminated)
            return
        middle = len(lines) // 2
        yield from self._halved(lines[:middle], False)
        yield from self._halved(lines[middle:], unterminated)


def _first_lines(text: bytes, lines: int | None) -> tuple[bytes, bytes]:
    if lines is None or _count(text) <= lines:
        return text, b""
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))
    return text[: ends[lines - 1] + 1], text[ends[lines - 1] + 1 :]


def _cut_line(text: bytes, delimiter: bytes, point: bytes) -> bytes:
    """Finds an unterminated last line that stops inside its last number, or nothing.

    Only where the lines before it all write that number with the same decimals can a cut one be
    told from a short one.
    """
    *before, last = text.rsplit(b"\n", _COMPARED_LINES + 1)
    known = {_decimals(line, delimiter, point) for line in before[1:]} - {None}
    found = _decimals(last, delimiter, point)
    if len(before) <= _COMPARED_LINES or len(known) != 1 or found is None:
        return b""
    (usual,) = known
    return last if usual and found < usual else b""


def _decimals(line: bytes, delimiter: bytes, point: bytes) -> int | None:
    """Digits behind the point of the last field; None where it is no plain number."""
    others, _, number = line.rstrip(b"\r").rpartition(delimiter)
    if not number and others[-1:].isdigit():
        return -1  # stops behind the delimiter; a line of missing values would show it before
    if not number.replace(point, b"", 1).removeprefix(b"-").isdigit():
        return None
    return len(number.partition(point)[2])


def _count(text: bytes) -> int:
    return text.count(b"\n") + (text != b"" and not text.endswith(b"\n"))
