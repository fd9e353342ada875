"""How a text file writes its table: delimiter, header, decimal sign."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import Literal, NamedTuple

from tfx_pipeline.data.describe.errors import DescribeError
from tfx_pipeline.data.raw.delimited import MISSING

DELIMITERS = ";\t,| "
"""In the order in which they are believed, where two fit as well."""
_LINES = 200
_LONGEST = 200_000
"""Bytes of the second line, which 10,000 columns do not fill."""
_NUMBER = re.compile(r"[-+]?(\d+[.,]?\d*|[.,]\d+)([eE][-+]?\d+)?")
_TIME = re.compile(r"[-/.:\d]{4,}(( |T|, ).*)?")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class TextLayout(NamedTuple):
    """Delimiter, the header's names and the lines before the first row."""

    delimiter: str
    names: list[str]
    before: int


def find_layout(head: bytes, file: str) -> TextLayout:
    """Finds out how a file's table is written.

    Args:
        head: The beginning of its text, without a byte order mark.
        file: Its path, for messages.

    Raises:
        DescribeError: This is no table with a header, or one that is not read.
    """
    lines = _lines(head, file)
    rows = [line for line in lines if line.strip()]
    if len(rows) < 2:
        raise DescribeError(f"{file}: a header but no rows; give a file with data")
    delimiter, table = max(
        ((sign, _table(rows, sign)) for sign in DELIMITERS),
        key=lambda one: (_fit(one[1], one[0]), -DELIMITERS.index(one[0])),
    )
    width = _width(table)
    if width < 2:
        raise DescribeError(
            f"{file}: no delimiter parts its lines into columns: {_shown(rows[1])}; give a table "
            "with a time and at least one column of numbers"
        )
    header = next(number for number, row in enumerate(table) if len(row) == width)
    if header and len(table[0]) > 1 and _is_row(table[header]):
        raise DescribeError(
            f"{file}: the header names {len(table[0])} columns, the rows have {width} fields: "
            f"{_shown(rows[header])}; name every column"
        )
    if header:
        raise DescribeError(
            f"{file}: the table begins in line {lines.index(rows[header]) + 1}, behind text such "
            f"as {_shown(rows[0])}; remove the lines before it"
        )
    names = [name.strip() for name in table[0]]
    _require_header(names, file)
    return TextLayout(delimiter, names, lines.index(rows[0]) + 1)


def decimal_sign(fields: Sequence[str]) -> Literal[".", ","]:
    """The sign that most of the fields with one have between units and tenths."""
    count = Counter(re.findall(r"[.,]", field)[0] for field in fields if _fraction(field))
    return "," if count[","] > count["."] else "."


def has_thousands(fields: Sequence[str]) -> bool:
    """Whether numbers have a sign between thousands: 1,234.5 or 1.234,5 or 1 234,5."""
    pattern = re.compile(r"[-+]?\d{1,3}(([. \u00a0\u202f']\d{3})+,\d+|([, \u00a0']\d{3})+\.\d+)")
    return any(pattern.fullmatch(field) for field in fields)


def _lines(head: bytes, file: str) -> list[str]:
    if head.startswith(_UTF16) or head[1:40:2].strip(b"\0") == b"" != head[:40]:
        raise DescribeError(f"{file}: not UTF-8 but perhaps UTF-16; save the file as UTF-8")
    if b"\0" in head:
        raise DescribeError(f"{file}: this is no text; give CSV or Parquet")
    if b"\n" not in head and head.count(b"\r") > 1:
        raise DescribeError(f"{file}: lines end with CR alone; save it with LF or CRLF")
    cut = head[: head.rfind(b"\n") + 1] or head
    if len(head) - len(cut) > _LONGEST:
        raise DescribeError(f"{file}: no line end in {_LONGEST:,} bytes; give one row a line")
    try:
        return [line.rstrip("\r") for line in cut.decode().split("\n")[: _LINES * 5]]
    except UnicodeDecodeError as error:
        line = head.count(b"\n", 0, error.start) + 1
        raise DescribeError(
            f"{file}, line {line}: byte 0x{head[error.start]:02x} is not UTF-8; save the file as "
            "UTF-8, such as with iconv -f WINDOWS-1252 -t UTF-8"
        ) from error


def _table(lines: list[str], delimiter: str) -> list[list[str]]:
    try:
        return list(islice(csv.reader(lines, delimiter=delimiter), _LINES))
    except csv.Error:  # a field of more than 128 KiB
        return [[line] for line in lines[:_LINES]]


def _width(table: list[list[str]]) -> int:
    """Fields of most rows behind the first."""
    count = Counter(len(row) for row in table[1:])
    return count.most_common(1)[0][0] if count else 0


def _fit(table: list[list[str]], delimiter: str) -> float:
    """How well a delimiter parts the lines: 0 not at all, 1 into as many numbers as the header."""
    width = _width(table)
    if width < 2:
        return 0.0
    rows = [row for row in table if len(row) == width]
    fields = [field.strip() for row in rows[1:] for field in row]
    # A row's sense is in its numbers and times; texts may hold anything.
    typed = sum(bool(_NUMBER.fullmatch(one) or _TIME.fullmatch(one)) for one in fields)
    blank = sum(one in MISSING for one in fields)
    filled = max(len(fields) - blank, 1)
    same_as_header = len(table[0]) == width
    if delimiter == " ":  # stands in texts, and between date and time
        return 0.01 if same_as_header else 0.0
    return len(rows) / len(table) * (0.2 + typed / filled) * (1.0 if same_as_header else 0.3)


def _require_header(names: list[str], file: str) -> None:
    if _is_row(names):
        first = ",".join(names)
        raise DescribeError(
            f"{file}: the first line is no header: {_shown(first)}; put a line with the columns' "
            "names before it"
        )
    refuse_double_names(names, file)


def refuse_double_names(names: list[str], file: str) -> None:
    """Refuses a header in which two columns differ in case alone, or not at all.

    Raises:
        DescribeError: There are such.
    """
    count = Counter(name.lower() for name in names)
    double = [name for name in names if count[name.lower()] > 1]
    if double:
        raise DescribeError(f"{file}: two columns are called {double[0]!r}; rename one")


def _is_row(fields: list[str]) -> bool:
    """Whether there are numbers and times alone."""
    filled = [field for field in fields if field]
    return all(_NUMBER.fullmatch(field) or _TIME.fullmatch(field) for field in filled)


def _fraction(field: str) -> bool:
    return len(re.findall(r"[.,]", field)) == 1 and bool(_NUMBER.fullmatch(field))


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:60] + "...")
