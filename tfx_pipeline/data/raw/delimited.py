"""Delimited text, one row a line, as a layout describes it."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from tfx_pipeline.data.raw.columns import Columns, columns_of, value_type
from tfx_pipeline.data.raw.errors import Problem
from tfx_pipeline.data.raw.fields import Fields, cut
from tfx_pipeline.data.raw.timestamps import Timestamps
from tfx_pipeline.series.spec import Layout, SeriesSpec

_DICTIONARY = pa.dictionary(pa.int32(), pa.string())
"""Type of columns with few distinct texts: each is looked at once a block."""
MISSING = [
    *("", "?", "-", "--", "nan", "NaN", "NA", "N/A", "n/a", "null", "Null", "NULL", "None"),
    *("unavailable", "unknown"),
]
"""What stands where there is no value."""
BLANKS = "[ \u00a0\u202f]"
"""What stands between thousands where they are parted by a blank; a regular expression."""


class DelimitedText:
    """How a file's lines are parsed, and what is wrong with those that are not.

    Args:
        fields: Which column is where.
        spec: The series.

    Attributes:
        fields: The same.
        delimiter: Between two fields.
    """

    def __init__(self, fields: Fields, spec: SeriesSpec) -> None:
        self.fields = fields
        self._spec = spec
        self.delimiter = fields.layout.delimiter
        self._times = Timestamps(fields.layout, spec.zone is not None)
        self._kind = value_type(spec)
        # Texts that come again, of many meters or as a date does, are worth a dictionary.
        repeated = len(fields.times) > 1 or fields.meter is not None
        self._types = dict.fromkeys(fields.times, _DICTIONARY if repeated else pa.string())
        self._types |= dict.fromkeys(fields.values, self._kind)
        self._plain = True  # numbers, as far as has been read, are written as Arrow reads them
        for place in (fields.meter, fields.group):
            if place is not None:
                self._types[place] = _DICTIONARY

    @property
    def ends_in_a_number(self) -> bool:
        """Whether the last column is a measurement."""
        return len(self.fields.names) - 1 in self.fields.values

    def is_row(self, line: bytes) -> bool:
        """Whether a line has a time where rows have it."""
        entries = split(line.decode(errors="replace"), self.delimiter)
        return len(entries) == len(self.fields.names) and all(
            self._times.fits(number, entries[place])
            for number, place in enumerate(self.fields.times)
        )

    def is_of_units(self, line: bytes) -> bool:
        """Whether a line below the header holds no row: texts for numbers, no digit for a time."""
        entries = [one.strip() for one in split(line.decode(errors="replace"), self.delimiter)]
        if len(entries) <= max(self.fields.used):
            return False
        times = "".join(entries[place] for place in self.fields.times)
        texts = {entries[place] for place in self.fields.values} - {*MISSING}
        return bool(texts) and not any(map(str.isdigit, times)) and not any(map(_is_number, texts))

    def as_in(self, line: bytes) -> DelimitedText:
        """The same for rows such as this one, which end with a delimiter or do not."""
        names = self.fields.names
        entries = split(line.decode(errors="replace"), self.delimiter)
        if len(entries) == len(names) + 1 and not entries[-1].strip():
            names = (*names, "")
        elif len(entries) == len(names) - 1 and not names[-1]:
            names = names[:-1]
        return DelimitedText(replace(self.fields, names=names), self._spec)

    def parse(self, text: bytes) -> Columns:
        """Parses whole lines.

        Blank lines are skipped, so that there can be fewer rows than lines.

        Raises:
            ValueError: Some line does not fit the format; `explain` finds out why.
        """
        table = self._table(text, range(len(self.fields.names)))
        return columns_of(
            lambda place: table[str(place)].chunk(0),
            table.num_rows,
            self.fields,
            self._times,
            self._kind,
        )

    def explain(self, line: bytes, file: str, number: int, unterminated: bool = False) -> Problem:
        """Finds the column and the rule that a line breaks which `parse` refuses.

        Args:
            line: The line without its line end.
            file: Path, for the message.
            number: The line's number, for the message.
            unterminated: Whether the file ends without a line end after it.
        """
        names = self.fields.names
        try:
            text = line.decode().rstrip("\r")
        except UnicodeDecodeError as error:
            index = line[: error.start].count(self.delimiter.encode())
            column = names[index] if index < len(names) else None
            return Problem("encoding", f"byte 0x{line[error.start]:02x}", file, number, column)
        entries = split(text.replace("\r", " "), self.delimiter)
        if len(entries) != len(names):
            rule = "truncated" if unterminated and len(entries) < len(names) else "columns"
            detail = f"{len(entries)} fields, expected {len(names)}: {_shown(text)}"
            return Problem(rule, detail, file, number)
        for place in self.fields.used:
            entry = entries[place]
            if place in self.fields.times:
                fits = self._times.fits(self.fields.times.index(place), entry)
                kind, why = "timestamp", f" ({self._times.written})"
            else:
                fits = place not in self.fields.values or self._is_number(place, entry)
                kind, why = "number", self._why_no_number(entry)
            if not fits:
                rule = "truncated" if unterminated and place == len(names) - 1 else kind
                return Problem(
                    rule, f"{_shown(entry)} is no {kind}{why}", file, number, names[place]
                )
        return Problem("columns", f"unreadable: {_shown(text)}", file, number)

    def _is_number(self, place: int, entry: str) -> bool:
        quoted = '"' + entry.replace('"', '""') + '"\n'
        try:
            self._table(quoted.encode(), [place])
        except ValueError:
            return False
        return True

    def _why_no_number(self, entry: str) -> str:
        decimal = self.fields.layout.decimal
        other = "." if decimal == "," else ","
        if re.fullmatch(rf"[+-]?\d+[{other}]\d+", entry):
            return f" (the decimal sign is described as {decimal!r})"
        if re.fullmatch(r"[+-]?\d{1,3}([.,' \u00a0\u202f]\d{3})+([.,]\d*)?", entry):
            return " (signs between thousands are described as `thousands`)"
        return ""

    def _table(self, text: bytes, places: Sequence[int]) -> pa.Table:
        """Reads lines with these of the columns, named by their place; takes those in use."""
        if self._plain:
            try:
                return self._read(text, places, self._types)
            except pa.ArrowInvalid:
                pass  # blanks around what is missing, signs between thousands: these are rare
        texts = dict.fromkeys(self.fields.values, pa.string())
        table = self._read(text, places, self._types | texts)
        for name in table.column_names:
            if int(name) in texts:
                numbers = as_plain(table[name], self.fields.layout).cast(self._kind)
                table = table.set_column(table.column_names.index(name), name, numbers)
        self._plain = False
        return table

    def _read(
        self, text: bytes, places: Sequence[int], types: Mapping[int, pa.DataType]
    ) -> pa.Table:
        names = list(map(str, places))
        used = [name for place, name in zip(places, names, strict=True) if place in self._types]
        return pa_csv.read_csv(
            pa.BufferReader(text),
            # One block, so that a column is one chunk with one dictionary.
            read_options=pa_csv.ReadOptions(column_names=names, block_size=max(len(text), 1)),
            parse_options=pa_csv.ParseOptions(delimiter=self.delimiter),
            convert_options=pa_csv.ConvertOptions(
                column_types={str(place): kind for place, kind in types.items()},
                include_columns=used,
                null_values=MISSING,
                decimal_point=self.fields.layout.decimal,
            ),
        )


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[-+]?[\d., ']*\d[\d., ']*([eE][-+]?\d+)?", text) is not None


def as_plain(texts: pa.ChunkedArray, layout: Layout) -> pa.ChunkedArray:
    """Numbers as a layout writes them, as Arrow reads them: `1.234,5 ` becomes `1234.5`.

    What is missing becomes null; what is no number stays none.
    """
    texts = pc.utf8_trim_whitespace(texts)
    texts = pc.if_else(pc.is_in(texts, pa.array(MISSING)), None, texts)
    if layout.thousands:
        sign = BLANKS if layout.thousands == " " else re.escape(layout.thousands)
        grouped = rf"^[-+]?\d{{1,3}}({sign}\d{{3}})+([{layout.decimal}]\d*)?$"
        together = pc.replace_substring_regex(texts, sign, "")
        texts = pc.if_else(pc.match_substring_regex(texts, grouped), together, texts)
    if layout.decimal == ",":
        # A point is no part of a number here.
        texts = pc.replace_substring(pc.replace_substring(texts, ".", "?"), ",", ".")
    return texts


def split(text: str, delimiter: str) -> list[str]:
    """The fields of a line."""
    if '"' not in text:  # as long as it may be
        return text.split(delimiter)
    try:
        return next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:
        return [text]


def _shown(text: str) -> str:
    return repr(cut(text))
