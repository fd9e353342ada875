"""Delimited text, one row a line: what all raw formats share. Each is a subclass in `formats`."""

from __future__ import annotations

import csv
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pa_csv

from tfx_pipeline.data.contract import MEASUREMENTS
from tfx_pipeline.data.raw.errors import DataError, Problem

METER_COLUMNS = ("meter", "household")
DICTIONARY = pa.dictionary(pa.int32(), pa.string())
"""Type of columns with few distinct texts: each is looked at once a block."""

_TYPES = dict.fromkeys(METER_COLUMNS, DICTIONARY) | dict.fromkeys(MEASUREMENTS, pa.float32())
_MISSING = ["", "?", "nan", "NaN"]
_LISTED = 5


@dataclass(frozen=True)
class Columns:
    """Parsed lines, one entry per line.

    Attributes:
        seconds: int64 [n], wall-clock seconds since 1970.
        values: float32 [measurements, n]; NaN = missing.
        meter: int32 [n], index into `meters`.
        meters: Names of the meters.
    """

    seconds: npt.NDArray[np.int64]
    values: npt.NDArray[np.float32]
    meter: npt.NDArray[np.int32]
    meters: list[str]


class DelimitedText(ABC):
    """One file's format: how its lines are parsed, and what is wrong with those that are not.

    Args:
        columns: Canonical names in the file's order.

    Attributes:
        columns: The same.
        meter: The column that names the meter, if there is one.
    """

    DELIMITER: ClassVar[str]
    """Character between two fields."""
    TIME: ClassVar[dict[str, pa.DataType]]
    """Columns that hold the time, and what Arrow reads them as."""
    TIME_EXAMPLE: ClassVar[dict[str, str]]
    """A valid time, field by field."""
    TIME_WRITTEN: ClassVar[str]
    """How a time is written, for people."""

    def __init__(self, columns: tuple[str, ...]) -> None:
        self.columns = columns
        self.meter = next((name for name in columns if name in METER_COLUMNS), None)

    @abstractmethod
    def seconds(self, table: pa.Table) -> npt.NDArray[np.int64]:
        """Turns the time columns, without missing values, into seconds since 1970.

        Raises:
            ValueError: A time does not exist, or lies before 1970.
        """

    @classmethod
    def of_header(cls, names: Sequence[str], delimiter: str, file: str, line: int) -> Self:
        """Takes the columns in any order and case.

        Args:
            names: Of the header line.
            delimiter: Between them.
            file: Path, for the message.
            line: The header's line, for the message.

        Raises:
            DataError: Columns are missing, repeated or unknown, or otherwise delimited.
        """
        required = (*cls.TIME, *MEASUREMENTS)
        canonical = {name.lower(): name for name in (*required, *METER_COLUMNS)}
        differences = _differences([name.lower() for name in names], names, canonical, required)
        if differences:
            detail = f"{'; '.join(differences)}; expected {cls.DELIMITER.join(required)}"
            raise DataError.of(Problem("header", detail, file, line))
        if delimiter != cls.DELIMITER:
            detail = f"columns are separated by {delimiter!r}, expected {cls.DELIMITER!r}"
            raise DataError.of(Problem("delimiter", detail, file, line))
        return cls(tuple(canonical[name.lower()] for name in names))

    def parse(self, text: bytes) -> Columns:
        """Parses whole lines.

        Blank lines are skipped, so that there can be fewer entries than lines.

        Raises:
            ValueError: Some line does not fit the format; `explain` finds out why.
        """
        types = _TYPES | self.TIME
        table = _read(text, {name: types[name] for name in self.columns}, self.DELIMITER)
        values = np.empty((len(MEASUREMENTS), table.num_rows), np.float32)
        for row, name in zip(values, MEASUREMENTS, strict=True):
            row[:] = table[name].to_numpy()
        if self.meter is None:
            meter, meters = np.zeros(table.num_rows, np.int32), [""]
        else:
            texts = table[self.meter].chunk(0)
            meter, meters = texts.indices.to_numpy(), texts.dictionary.to_pylist()
        return Columns(self._time(table), values, meter, meters)

    def explain(self, line: bytes, file: str, number: int, unterminated: bool = False) -> Problem:
        """Finds the column and the rule that a line breaks which `parse` refuses.

        Args:
            line: The line without its line end.
            file: Path, for the message.
            number: The line's number, for the message.
            unterminated: Whether the file ends without a line end after it.
        """
        try:
            text = line.decode().rstrip("\r")
        except UnicodeDecodeError as error:
            index = line[: error.start].count(self.DELIMITER.encode())
            column = self.columns[index] if index < len(self.columns) else None
            return Problem("encoding", f"byte 0x{line[error.start]:02x}", file, number, column)
        fields = next(csv.reader([text.replace("\r", " ")], delimiter=self.DELIMITER), [])
        if len(fields) != len(self.columns):
            rule = "truncated" if unterminated and len(fields) < len(self.columns) else "columns"
            detail = f"{len(fields)} fields, expected {len(self.columns)}: {_shown(text)}"
            return Problem(rule, detail, file, number)
        for column, entry in zip(self.columns, fields, strict=True):
            if not self._fits(column, entry):
                kind = "timestamp" if column in self.TIME else "number"
                rule = "truncated" if unterminated and entry is fields[-1] else kind
                written = f" ({self.TIME_WRITTEN})" if column in self.TIME else ""
                detail = f"{_shown(entry)} is no {kind}{written}"
                return Problem(rule, detail, file, number, column)
        return Problem("columns", f"unreadable: {_shown(text)}", file, number)

    def _fits(self, column: str, entry: str) -> bool:
        try:
            if column in self.TIME:
                fields = self.TIME_EXAMPLE | {column: entry}
                self._time(_read(_line(fields.values()), self.TIME, ","))
            elif column in MEASUREMENTS:
                _read(_line([entry]), {column: _TYPES[column]}, ",")
        except ValueError:
            return False
        return True

    def _time(self, table: pa.Table) -> npt.NDArray[np.int64]:
        if any(table[name].null_count for name in self.TIME):
            raise ValueError("missing timestamp")
        return self.seconds(table)


def _differences(
    lowered: list[str], names: Sequence[str], canonical: Mapping[str, str], required: Sequence[str]
) -> list[str]:
    count = Counter(lowered)
    missing = [name for name in required if name.lower() not in count]
    if len(missing) == len(required):
        return ["this is not a header"]
    extra = [repr(name) for name in names if name.lower() not in canonical]
    double = sorted({name for name in names if count[name.lower()] > 1})
    found = [
        f"{what}: {_listed(which)}"
        for what, which in (
            ("missing columns", missing),
            ("extra columns", extra),
            ("columns named twice", double),
        )
        if which
    ]
    if count.keys() >= set(METER_COLUMNS):
        found.append("both a meter and a household column")
    return found


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _LISTED:,} more" if len(names) > 2 * _LISTED else ""
    return ", ".join(map(_cut, names[: _LISTED if more else None])) + more


def _read(text: bytes, types: Mapping[str, pa.DataType], delimiter: str) -> pa.Table:
    return pa_csv.read_csv(
        pa.BufferReader(text),
        # One block, so that a column is one chunk with one dictionary.
        read_options=pa_csv.ReadOptions(column_names=list(types), block_size=max(len(text), 1)),
        parse_options=pa_csv.ParseOptions(delimiter=delimiter),
        convert_options=pa_csv.ConvertOptions(
            column_types=types,
            null_values=_MISSING,
            timestamp_parsers=[pa_csv.ISO8601],
        ),
    )


def _line(fields: Iterable[str]) -> bytes:
    return ",".join('"' + field.replace('"', '""') + '"' for field in fields).encode() + b"\n"


def _shown(text: str) -> str:
    return repr(_cut(text))


def _cut(text: str, longest: int = 60) -> str:
    return text if len(text) <= longest else text[:longest] + "..."
