"""The raw formats, told apart by their header. A new one is a class here, named in `FORMATS`."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tfx_pipeline.data.raw.delimited import DICTIONARY, DelimitedText
from tfx_pipeline.data.raw.errors import DataError, Problem

_EPOCH = date(1970, 1, 1).toordinal()
_DAY = 86400
_POSSIBLE_DELIMITERS = ";,\t|"


class IsoCsv(DelimitedText):
    """Comma-separated values with one ISO 8601 timestamp."""

    DELIMITER = ","
    TIME = {"date_time": pa.timestamp("s")}
    TIME_EXAMPLE = {"date_time": "1970-01-01 00:00:00"}
    TIME_WRITTEN = "YYYY-MM-DD HH:MM:SS"

    def seconds(self, table: pa.Table) -> npt.NDArray[np.int64]:
        seconds = table["date_time"].to_numpy().astype(np.int64)
        if seconds.size and seconds.min() < 0:
            raise ValueError("before 1970")
        return seconds


class UciText(DelimitedText):
    """The text of the UCI data set."""

    DELIMITER = ";"
    TIME = {"Date": DICTIONARY, "Time": pa.time32("s")}
    TIME_EXAMPLE = {"Date": "1/1/1970", "Time": "00:00:00"}
    TIME_WRITTEN = "dd/mm/yyyy;HH:MM:SS"

    def seconds(self, table: pa.Table) -> npt.NDArray[np.int64]:
        days = table["Date"].chunk(0)
        numbers = np.array([_day(day) for day in days.dictionary.to_pylist()], np.int64)
        clock = table["Time"].chunk(0).cast(pa.int32()).to_numpy()
        return numbers[days.indices.to_numpy()] * _DAY + clock


FORMATS: tuple[type[DelimitedText], ...] = (IsoCsv, UciText)


def recognise(header: bytes, file: str, line: int = 1) -> DelimitedText:
    """Finds the format of a file from its first line.

    Args:
        header: First line that is not blank, without its line end.
        file: Path, for the message.
        line: Its number, for the message.

    Raises:
        DataError: The header is of no known format.
    """
    text = _text(header, file, line)
    delimiter = max(_POSSIBLE_DELIMITERS, key=text.count)
    names = [name.strip().strip('"') for name in text.split(delimiter)]
    found = {name.lower() for name in names}
    chosen = max(FORMATS, key=lambda form: len(found & {name.lower() for name in form.TIME}))
    return chosen.of_header(names, delimiter, file, line)


def _text(header: bytes, file: str, line: int) -> str:
    if b"\x00" in header or header.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError.of(Problem("encoding", "the header is not UTF-8 text", file, line))
    if b"\r" in header:
        detail = "lines end in a carriage return alone"
        raise DataError.of(Problem("lines", detail, file, line))
    try:
        return header.decode()
    except UnicodeDecodeError as error:
        raise DataError.of(Problem("encoding", f"the header: {error}", file, line)) from None


@lru_cache(maxsize=4096)
def _day(text: str) -> int:
    """Days since 1970 of dd/mm/yyyy."""
    # Arrow's own strptime lets 31/02 pass.
    days = datetime.strptime(text, "%d/%m/%Y").date().toordinal() - _EPOCH
    if days < 0:
        raise ValueError("before 1970")
    return days
