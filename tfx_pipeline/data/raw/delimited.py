"""Delimited text, one row a line, as a layout describes it."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.csv as pa_csv

from tfx_pipeline.data.raw.columns import Columns, columns_of, value_type
from tfx_pipeline.data.raw.errors import Problem
from tfx_pipeline.data.raw.fields import Fields, cut
from tfx_pipeline.data.raw.timestamps import Timestamps
from tfx_pipeline.series.spec import SeriesSpec

_DICTIONARY = pa.dictionary(pa.int32(), pa.string())
"""Type of columns with few distinct texts: each is looked at once a block."""
MISSING = [
    *("", "?", "-", "--", "nan", "NaN", "NA", "N/A", "n/a", "null", "Null", "NULL", "None"),
    *("unavailable", "unknown"),
]
"""What stands where there is no value."""


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
        self.delimiter = fields.layout.delimiter
        self._times = Timestamps(fields.layout, spec.zone is not None)
        self._kind = value_type(spec)
        # Texts that come again, of many meters or as a date does, are worth a dictionary.
        repeated = len(fields.times) > 1 or fields.meter is not None
        self._types = dict.fromkeys(fields.times, _DICTIONARY if repeated else pa.string())
        self._types |= dict.fromkeys(fields.values, self._kind)
        for place in (fields.meter, fields.group):
            if place is not None:
                self._types[place] = _DICTIONARY

    @property
    def ends_in_a_number(self) -> bool:
        """Whether the last column is a measurement."""
        return len(self.fields.names) - 1 in self.fields.values

    def parse(self, text: bytes) -> Columns:
        """Parses whole lines.

        Blank lines are skipped, so that there can be fewer rows than lines.

        Raises:
            ValueError: Some line does not fit the format; `explain` finds out why.
        """
        table = self._read(text, range(len(self.fields.names)))
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
            self._read(quoted.encode(), [place])
        except ValueError:
            return False
        return True

    def _why_no_number(self, entry: str) -> str:
        decimal = self.fields.layout.decimal
        other = "." if decimal == "," else ","
        if re.fullmatch(rf"[+-]?\d+[{other}]\d+", entry):
            return f" (the decimal sign is described as {decimal!r})"
        if re.fullmatch(r"[+-]?\d{1,3}([.,' \u00a0\u202f]\d{3})+([.,]\d*)?", entry):
            return " (write it without thousands separators)"
        return ""

    def _read(self, text: bytes, places: Sequence[int]) -> pa.Table:
        """Reads lines with these of the columns, named by their place; takes those in use."""
        names = list(map(str, places))
        used = [name for place, name in zip(places, names, strict=True) if place in self._types]
        return pa_csv.read_csv(
            pa.BufferReader(text),
            # One block, so that a column is one chunk with one dictionary.
            read_options=pa_csv.ReadOptions(column_names=names, block_size=max(len(text), 1)),
            parse_options=pa_csv.ParseOptions(delimiter=self.delimiter),
            convert_options=pa_csv.ConvertOptions(
                column_types={str(place): kind for place, kind in self._types.items()},
                include_columns=used,
                null_values=MISSING,
                decimal_point=self.fields.layout.decimal,
            ),
        )


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
