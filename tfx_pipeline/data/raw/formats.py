"""Recognises a raw format from its header line."""

from __future__ import annotations

from dataclasses import dataclass

from tfx_pipeline.data.contract import MEASUREMENTS
from tfx_pipeline.data.raw.errors import DataError, Problem

UCI_TIME = ("Date", "Time")
ISO_TIME = ("date_time",)
METER_COLUMNS = ("meter", "household")
_DELIMITERS = {UCI_TIME: ";", ISO_TIME: ","}
_POSSIBLE_DELIMITERS = ";,\t|"


@dataclass(frozen=True)
class Format:
    """How the lines of one file are read.

    Attributes:
        time: `UCI_TIME` (dd/mm/yyyy and HH:MM:SS) or `ISO_TIME`.
        columns: Canonical names in the file's order.
        meter: The column that names the household, if there is one.
    """

    time: tuple[str, ...]
    columns: tuple[str, ...]
    meter: str | None

    @property
    def delimiter(self) -> str:
        """Character between two fields."""
        return _DELIMITERS[self.time]


def recognise(header: bytes, file: str, line: int = 1) -> Format:
    """Tells the format of a file from its first line.

    Columns may be in any order and case; all of them are needed, and no others but an optional
    `meter` or `household`.

    Args:
        header: First line that is not blank, without its line end.
        file: Path, for the message.
        line: Its number, for the message.

    Raises:
        DataError: The header is of no known format.
    """
    names = _names(header, file, line)
    lowered = [name.lower() for name in names]
    time = UCI_TIME if "date" in lowered else ISO_TIME
    canonical = {name.lower(): name for name in (*time, *MEASUREMENTS, *METER_COLUMNS)}
    expected = [name.lower() for name in (*time, *MEASUREMENTS)]
    problems = _differences(names, lowered, canonical, expected)
    if problems:
        wanted = _DELIMITERS[time].join((*time, *MEASUREMENTS))
        raise DataError.of(
            Problem("header", f"{'; '.join(problems)}; expected {wanted}", file, line)
        )
    columns = tuple(canonical[name] for name in lowered)
    meter = next((name for name in columns if name in METER_COLUMNS), None)
    found = Format(time, columns, meter)
    _require_delimiter(header.decode(), found, file, line)
    return found


def _names(header: bytes, file: str, line: int) -> list[str]:
    if b"\x00" in header or header.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError.of(Problem("encoding", "the header is not UTF-8 text", file, line))
    try:
        text = header.decode()
    except UnicodeDecodeError as error:
        raise DataError.of(Problem("encoding", f"the header: {error}", file, line)) from None
    return [name.strip().strip('"') for name in text.split(_delimiter(text))]


def _delimiter(text: str) -> str:
    return max(_POSSIBLE_DELIMITERS, key=text.count)


def _differences(
    names: list[str], lowered: list[str], canonical: dict[str, str], expected: list[str]
) -> list[str]:
    missing = [canonical[name] for name in expected if name not in lowered]
    extra = [name for name in names if name.lower() not in canonical]
    double = sorted({name for name in names if lowered.count(name.lower()) > 1})
    meters = [name for name in lowered if name in METER_COLUMNS]
    found = []
    if len(missing) == len(expected):
        return ["this is not a header"]
    if missing:
        found.append(f"missing columns: {', '.join(missing)}")
    if extra:
        found.append(f"extra columns: {', '.join(map(repr, extra))}")
    if double:
        found.append(f"columns named twice: {', '.join(double)}")
    if len(set(meters)) > 1:
        found.append("both a meter and a household column")
    return found


def _require_delimiter(text: str, found: Format, file: str, line: int) -> None:
    delimiter = _delimiter(text)
    if delimiter != found.delimiter:
        detail = f"columns are separated by {delimiter!r}, expected {found.delimiter!r}"
        raise DataError.of(Problem("delimiter", detail, file, line))
