"""Turns lines of text into columns of numbers, whole blocks at a time."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pa_csv

from tfx_pipeline.data.contract import MEASUREMENTS
from tfx_pipeline.data.raw.errors import Problem
from tfx_pipeline.data.raw.formats import ISO_TIME, UCI_TIME, Format

_MISSING = ["", "?", "nan", "NaN"]
_WORDS = pa.dictionary(pa.int32(), pa.string())
_TYPES = {
    # Few distinct days and households: each is looked at once a block.
    **dict.fromkeys((UCI_TIME[0], "meter", "household"), _WORDS),
    UCI_TIME[1]: pa.time32("s"),
    ISO_TIME[0]: pa.timestamp("s"),
    **dict.fromkeys(MEASUREMENTS, pa.float32()),
}
_EPOCH = date(1970, 1, 1).toordinal()
_DAY = 86400


@dataclass(frozen=True)
class Columns:
    """Parsed lines, one entry per line.

    Attributes:
        seconds: int64 [n], wall-clock seconds since 1970.
        values: float32 [measurements, n]; NaN = missing.
        meter: int32 [n], index into `meters`.
        meters: Names of the households.
    """

    seconds: npt.NDArray[np.int64]
    values: npt.NDArray[np.float32]
    meter: npt.NDArray[np.int32]
    meters: list[str]


def parse(text: bytes, form: Format) -> Columns:
    """Parses whole lines.

    Blank lines are skipped, so that there can be fewer entries than lines.

    Raises:
        ValueError: Some line does not fit the format; `explain` tells why.
    """
    table = _read(text, form.columns, form.delimiter)
    values = np.empty((len(MEASUREMENTS), table.num_rows), np.float32)
    for row, name in zip(values, MEASUREMENTS, strict=True):
        row[:] = table[name].to_numpy()
    if form.meter is None:
        meter, meters = np.zeros(table.num_rows, np.int32), [""]
    else:
        words = table[form.meter].chunk(0)
        meter, meters = words.indices.to_numpy(), words.dictionary.to_pylist()
    return Columns(_seconds(table, form), values, meter, meters)


def explain(
    line: bytes, form: Format, file: str, number: int, unterminated: bool = False
) -> Problem:
    """Finds the column and the rule that a line breaks which `parse` refuses.

    Args:
        line: The line without its line end.
        form: Format of the file.
        file: Path, for the message.
        number: The line's number, for the message.
        unterminated: Whether the file ends without a line end after it.
    """
    try:
        text = line.decode().rstrip("\r")
    except UnicodeDecodeError as error:
        index = line[: error.start].count(form.delimiter.encode())
        column = form.columns[index] if index < len(form.columns) else None
        return Problem("encoding", f"byte 0x{line[error.start]:02x}", file, number, column)
    fields = next(csv.reader([text.replace("\r", " ")], delimiter=form.delimiter), [])
    if len(fields) != len(form.columns):
        rule = "truncated" if unterminated and len(fields) < len(form.columns) else "columns"
        detail = f"{len(fields)} fields, expected {len(form.columns)}: {_shown(text)}"
        return Problem(rule, detail, file, number)
    for column, entry in zip(form.columns, fields, strict=True):
        if not _fits(column, entry):
            rule = "truncated" if unterminated and entry is fields[-1] else _rule(column)
            return Problem(rule, f"{_shown(entry)} is no {_rule(column)}", file, number, column)
    return Problem("columns", f"unreadable: {_shown(text)}", file, number)


def _read(text: bytes, columns: tuple[str, ...], delimiter: str) -> pa.Table:
    return pa_csv.read_csv(
        pa.BufferReader(text),
        # One block, so that a column is one chunk with one dictionary.
        read_options=pa_csv.ReadOptions(column_names=columns, block_size=max(len(text), 1)),
        parse_options=pa_csv.ParseOptions(delimiter=delimiter),
        convert_options=pa_csv.ConvertOptions(
            column_types={name: _TYPES[name] for name in columns},
            null_values=_MISSING,
            timestamp_parsers=[pa_csv.ISO8601],
        ),
    )


def _seconds(table: pa.Table, form: Format) -> npt.NDArray[np.int64]:
    if any(table[name].null_count for name in form.time):
        raise ValueError("missing timestamp")
    if form.time == ISO_TIME:
        return _since_1970(table[ISO_TIME[0]])
    days = table[UCI_TIME[0]].chunk(0)
    numbers = np.array([_day(day) for day in days.dictionary.to_pylist()], np.int64)
    clock = table[UCI_TIME[1]].chunk(0).cast(pa.int32()).to_numpy()
    return numbers[days.indices.to_numpy()] * _DAY + clock


@lru_cache(maxsize=4096)
def _day(text: str) -> int:
    """Days since 1970 of dd/mm/yyyy."""
    # Arrow's own strptime lets 31/02 pass.
    days = datetime.strptime(text, "%d/%m/%Y").date().toordinal() - _EPOCH
    if days < 0:
        raise ValueError("before 1970")
    return days


def _since_1970(times: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    seconds = times.to_numpy().astype(np.int64)
    if seconds.size and seconds.min() < 0:
        raise ValueError("before 1970")
    return seconds


def _fits(column: str, field: str) -> bool:
    quoted = '"' + field.replace('"', '""') + '"\n'
    try:
        values = _read(quoted.encode(), (column,), ",")[column]
        if column == UCI_TIME[0]:
            _day(field)
        if column == ISO_TIME[0]:
            _since_1970(values)
    except ValueError:
        return False
    return column not in (*UCI_TIME, *ISO_TIME) or values.null_count == 0


def _rule(column: str) -> str:
    return "timestamp" if column in (*UCI_TIME, *ISO_TIME) else "number"


def _shown(text: str, longest: int = 60) -> str:
    return repr(text if len(text) <= longest else text[:longest] + "...")
