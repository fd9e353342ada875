"""How a text file writes its table: delimiter, header, decimal sign."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

from tfx_pipeline.data.describe.errors import DescribeError
from tfx_pipeline.data.describe.vocabulary import HOUSEHOLD, UNITS, understand
from tfx_pipeline.data.raw.delimited import BLANKS, MISSING, split

DELIMITERS = ";\t,| "
"""In the order in which they are believed, where two fit as well."""
_LINES = 200
_LONGEST = 200_000
"""Bytes of the second line, which 10,000 columns do not fill."""
_NUMBER = re.compile(
    rf"[-+]?(\d+[.,]?\d*|[.,]\d+|\d{{1,3}}(([.,']|{BLANKS})\d{{3}})+([.,]\d+)?)([eE][-+]?\d+)?"
)
_TIME = re.compile(r"([-/.:\d]{4,}|\d{1,2}[-/. ][A-Za-z]{3,9}[-/. ]\d{2,4})(( |T|, ).*)?")
_SEP = re.compile(r"sep=(.)", re.IGNORECASE)
"""Excel's line above the header."""
_BLANK = re.compile(BLANKS)
_BOTH = re.compile(
    r"[-+]?\d{1,3}(?P<between>[., '\u00a0\u202f])\d{3}((?P=between)\d{3})*"
    r"(?!(?P=between))(?P<point>[.,])\d+"
)
"""1,234.5 or 1.234,5 or 1 234,5."""
_MANY = re.compile(
    r"[-+]?\d{1,3}(?P<between>[., '\u00a0\u202f])\d{3}(?P<more>((?P=between)\d{3})*)"
)
"""1,234,567 or 1 234."""
_OTHER_UNITS = frozenset(("-", "%", "m3", "m³", "lx", "w/m2", "w/m²", "m/s", "eur", "€", "ct"))
_TIME_FORM = re.compile(r"[ymdhstj:./\- ]+|iso.?8601|utc|local", re.IGNORECASE)
"""How a time is written, as a line of units says it."""
_OTHER: dict[str, Literal[".", ","]] = {".": ",", ",": "."}
_OFTEN = 0.05
_MOSTLY = 0.9
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class TextLayout(NamedTuple):
    """How a text file writes its table.

    Attributes:
        delimiter: Between two fields.
        names: Of the columns; "" where rows have a field more than the header.
        header: Lines above the header.
        before: Lines above the first row.
        units: What stands below the names, where that is a line of units; else nothing.
    """

    delimiter: str
    names: list[str]
    header: int
    before: int
    units: list[str]


class Style(NamedTuple):
    """The signs in a file's numbers: before tenths, and between thousands where there are any."""

    decimal: Literal[".", ","]
    thousands: str | None
    sure: bool = True


def find_layout(head: bytes, file: str) -> TextLayout:
    """Finds out how a file's table is written.

    Args:
        head: The beginning of its text, without a byte order mark.
        file: Its path, for messages.

    Raises:
        DescribeError: This is no table with a header, or one that is not read.
    """
    lines = _lines(head, file)
    rows = [number for number, line in enumerate(lines) if line.strip()][:_LINES]
    if len(rows) < 2:
        raise DescribeError(f"{file}: a header but no rows; give a file with data")
    said = _SEP.fullmatch(lines[rows[0]])
    delimiter, table = max(
        (
            (sign, [split(lines[number], sign) for number in rows])
            for sign in (said[1] if said else DELIMITERS)
        ),
        key=lambda one: (_fit(one[1], one[0]), -DELIMITERS.find(one[0])),
    )
    width = _width(table)
    if width < 2:
        raise DescribeError(
            f"{file}: no delimiter parts its lines into columns: {_shown(lines[rows[1]])}; give a "
            "table with a time and at least one column of numbers"
        )
    first = _first_row(table, width)
    above = [number for number, row in enumerate(table[:first]) if _may_name(row, width)]
    if not above:
        raise DescribeError(
            f"{file}: no header stands above the first row, in line {rows[first] + 1}: "
            f"{_shown(lines[rows[first]])}; put a line with the columns' names there"
        )
    units: list[str] = []
    if above[1:] and above[-1] == first - 1 and _are_units(table[above[-1]]):
        units = [field.strip() for field in table[above.pop()]]
    names = [name.strip() for name in table[above[-1]]]
    names = _as_wide(names, table[first:], width)
    if len(names) != width:
        raise DescribeError(
            f"{file}: the header names {len(names)} columns, the rows have {width} fields: "
            f"{_shown(lines[rows[first]])}; name every column"
        )
    refuse_double_names([name for name in names if name], file)
    return TextLayout(delimiter, names, rows[above[-1]], rows[first], units)


def number_style(columns: Mapping[str, Sequence[str]]) -> Style:
    """The signs that most numbers of a file have before tenths and between thousands.

    Args:
        columns: Header, with its unit -> fields.
    """
    fields = [field for column in columns.values() for field in column]
    decimal = decimal_sign(fields)
    other = _OTHER[decimal]
    both = Counter(
        (match["between"], match["point"]) for field in fields if (match := _BOTH.fullmatch(field))
    )
    if both:
        between, point = both.most_common(1)[0][0]
        return Style(_OTHER["," if point == "." else "."], _BLANK.sub(" ", between))
    alone = Counter(
        match["between"]
        for field in fields
        if (match := _MANY.fullmatch(field)) and (match["more"] or match["between"] not in ".,")
    )
    if alone:
        between = _BLANK.sub(" ", alone.most_common(1)[0][0])
        return Style(other if between == decimal else decimal, between)
    signed = [field for field in fields if _fraction(field)]
    grouped = {
        sign: all(_grouped(field, sign) for field in signed if sign in field) for sign in ".,"
    }
    if any("." in field for field in signed) and any("," in field for field in signed):
        for point in (decimal, other):
            if grouped[_OTHER[point]] and not grouped[point]:
                return Style(point, _OTHER[point])
    if any(_are_thousands(column, decimal) for column in columns.values()):
        return Style(other, decimal, sure=False)
    watts = (column for name, column in columns.items() if understand(name).unit == "W")
    if grouped[decimal] and any(_are_few(column, decimal) for column in watts):
        return Style(other, decimal, sure=False)
    return Style(decimal, None)


def decimal_sign(fields: Sequence[str]) -> Literal[".", ","]:
    """The sign that most of the fields with one have between units and tenths."""
    count = Counter(re.findall(r"[.,]", field)[0] for field in fields if _fraction(field))
    return "," if count[","] > count["."] else "."


def _grouped(field: str, sign: str) -> bool:
    return re.fullmatch(rf"[-+]?[1-9]\d{{0,2}}{re.escape(sign)}\d{{3}}", field) is not None


def _are_thousands(column: Sequence[str], sign: str) -> bool:
    """Whether a sign stands before three digits wherever it does, and other numbers are whole.

    Those are below a thousand: 1.234 among 95, 720 and 981.
    """
    signed = [field for field in column if _fraction(field)]
    whole = [field for field in column if re.fullmatch(r"[-+]?\d+", field)]
    return (
        len(signed) > 0
        and all(_grouped(field, sign) for field in signed)
        and len(whole) > _OFTEN * len(column)
        and all(abs(int(field)) < 1000 for field in whole)
    )


def _are_few(column: Sequence[str], sign: str) -> bool:
    """Whether numbers, all with a sign before three digits, would be fewer watts than are used."""
    numbers = [field for field in column if _NUMBER.fullmatch(field)]
    return (
        len(numbers) > 0
        and all(_grouped(field, sign) for field in numbers)
        and sum(float(field.replace(sign, ".")) for field in numbers) < HOUSEHOLD[0] * len(numbers)
    )


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


def _width(table: list[list[str]]) -> int:
    """Fields of most rows behind the first."""
    count = Counter(len(row) for row in table[1:])
    return count.most_common(1)[0][0] if count else 0


def _is_typed(field: str) -> bool:
    return bool(_NUMBER.fullmatch(field) or _TIME.fullmatch(field))


def _is_time(field: str) -> bool:
    return bool(_TIME.fullmatch(field)) and not _NUMBER.fullmatch(field)


def _first_row(table: list[list[str]], width: int) -> int:
    """The first of the rows, which have numbers or times where most of the last ones do."""
    rows = [[field.strip() for field in row] for row in table]
    last = [row for row in rows[len(rows) // 2 :] if len(row) == width]

    def mostly(fits: Callable[[str], bool]) -> list[int]:
        """Columns in which the last rows have such fields."""
        return [
            place
            for place in range(width)
            if sum(fits(row[place]) for row in last) > _MOSTLY * len(last)
        ]

    typed, fits = mostly(_is_time), _is_time
    if not typed:
        typed, fits = mostly(_is_typed), _is_typed
    good = [
        len(row) == width
        and all(fits(row[place]) or row[place] in MISSING for place in typed)
        and any(fits(row[place]) for place in typed)
        for row in rows
    ]
    # A line above the header may look like one; two in a row are.
    both = (number for number in range(len(good) - 1) if good[number] and good[number + 1])
    return next(both, len(good) - 1 if good[-1] else 1)


def _may_name(row: list[str], width: int) -> bool:
    """Whether a line has as many fields as rows, or one more or less behind a last delimiter."""
    return len(row) > 1 and abs(len(row) - width) < 2


def _are_units(row: list[str]) -> bool:
    """Whether a line holds units, and how times are written."""
    fields = [field.strip().strip("[]()").replace("°", "").lower() for field in row]
    filled = [field for field in fields if field]
    known = [field for field in filled if field in UNITS or field in _OTHER_UNITS]
    forms = [field for field in filled if _TIME_FORM.fullmatch(field)]
    return bool(known) and len(known) + len(forms) == len(filled)


def _as_wide(names: list[str], rows: list[list[str]], width: int) -> list[str]:
    """The names of the rows' fields, where lines of one or the other kind end in a delimiter."""
    if len(names) == width - 1 and not any(row[-1].strip() for row in rows if len(row) == width):
        return [*names, ""]
    return names[:-1] if len(names) == width + 1 and not names[-1] else names


def _fit(table: list[list[str]], delimiter: str) -> float:
    """How well a delimiter parts the lines: 0 not at all, 1 into as many numbers as the header."""
    width = _width(table)
    if width < 2:
        return 0.0
    rows = [row for row in table if len(row) == width]
    fields = [field.strip() for row in rows[1:] for field in row]
    # A row's sense is in its numbers and times; texts may hold anything.
    typed = sum(map(_is_typed, fields))
    blank = sum(one in MISSING for one in fields)
    filled = max(len(fields) - blank, 1)
    first = _first_row(table, width)
    headed = first > 0 and _may_name(table[first - 1], width)
    if delimiter == " ":  # stands in texts, and between date and time
        return 0.01 if headed and len(table[first - 1]) == width else 0.0
    return len(rows) / len(table) * (0.2 + typed / filled) * (1.0 if headed else 0.3)


def refuse_double_names(names: list[str], file: str) -> None:
    """Refuses a header in which two columns differ in case alone, or not at all.

    Raises:
        DescribeError: There are such.
    """
    count = Counter(name.lower() for name in names)
    double = [name for name in names if count[name.lower()] > 1]
    if double:
        raise DescribeError(f"{file}: two columns are called {double[0]!r}; rename one")


def _fraction(field: str) -> bool:
    return len(re.findall(r"[.,]", field)) == 1 and bool(_NUMBER.fullmatch(field))


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:60] + "...")
