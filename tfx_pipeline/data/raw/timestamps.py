"""Turns a file's timestamp columns into milliseconds since 1970, as its layout describes them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tfx_pipeline.series import time_format
from tfx_pipeline.series.spec import Layout
from tfx_pipeline.series.zones import LATEST

Millis = npt.NDArray[np.int64]

_DAY = 86_400_000
_HOUR = 3_600_000
_LATEST = 1000 * LATEST
_MONTHS = pa.array(
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
)
_UNITS = ("s", "us", "ns")
_PER_MILLISECOND = {"us": 1000, "ns": 1_000_000}
_PIVOT = 69
"""Years of two digits from this one on are of the 20th century, as strptime has it."""


class Times(NamedTuple):
    """When rows were measured.

    Attributes:
        millis: int64 [n], milliseconds since 1970.
        local: Whether they are of a local clock, else of UTC.
    """

    millis: Millis
    local: bool


class Timestamps:
    """Reads the timestamps of one layout.

    Args:
        layout: Names their columns and their format.
        zoned: Whether the series has a zone, without which an offset from UTC means nothing.
    """

    def __init__(self, layout: Layout, zoned: bool) -> None:
        self._layout = layout
        self._zoned = zoned
        columns = len(layout.timestamp)
        self._iso = layout.format == time_format.ISO
        self._unit = time_format.EPOCHS.get(layout.format)
        plain = self._iso or self._unit
        self._patterns = [] if plain else time_format.parts(layout.format, columns)
        self._types = [
            pa.timestamp(unit, zone)
            for zone in ((None, "UTC") if zoned else (None,))
            for unit in _UNITS
        ]

    @property
    def written(self) -> str:
        """How a time is written, for people."""
        if self._unit:
            return f"{self._layout.format} since 1970"
        if self._iso:
            return "YYYY-MM-DD HH:MM:SS" + (", with an offset from UTC or without" * self._zoned)
        return " ".join(map(_for_people, self._patterns))

    def parse(self, columns: Sequence[pa.Array]) -> Times:
        """Reads rows.

        Args:
            columns: The layout's, each of texts, dictionary-encoded or not, or, as Parquet has
                them, of Arrow's types of numbers, dates and times.

        Raises:
            ValueError: Some time is missing, is none, or lies before 1970 or after 2099.
        """
        if any(column.null_count for column in columns):
            raise ValueError("missing timestamp")
        try:
            millis, local = self._parsed(columns)
        except ValueError:  # blanks around texts are rare
            millis, local = self._parsed([_trimmed(column) for column in columns])
        if millis.size and (millis.min() < 0 or millis.max() >= _LATEST):
            raise ValueError("before 1970 or after 2099")
        return Times(millis, local)

    def fits(self, number: int, text: str) -> bool:
        """Whether a text can stand in the layout's column of that number."""
        try:
            if len(self._patterns) > 1:
                millis, _ = _by_pattern(pa.array([text.strip()]), self._patterns[number])
                return bool(0 <= millis[0] < _LATEST)
            texts = [text] if len(self._layout.timestamp) == 1 else ["1970-01-01", "00:00:00"]
            texts[number] = text
            self.parse([pa.array([one]) for one in texts])
        except ValueError:
            return False
        return True

    def _parsed(self, columns: Sequence[pa.Array]) -> Times:
        if len(columns) == 1 and not _is_text(columns[0].type):
            return self._typed(columns[0])
        if len(columns) == 2 and not any(_is_text(column.type) for column in columns):
            return Times(sum(map(_date_or_clock, columns), np.zeros(1, np.int64)), local=True)
        if self._unit:
            return _epochs(_texts(columns[0]), self._unit)
        if self._iso:
            return self._iso_times(columns)
        millis, offsets = np.zeros(len(columns[0]), np.int64), False
        for column, pattern in zip(columns, self._patterns, strict=True):
            part, offset = _by_pattern(column, pattern)
            millis, offsets = millis + part, offsets or offset
        if offsets and not self._zoned:
            raise ValueError("an offset, but the series has no zone")
        return Times(millis, local=not offsets)

    def _typed(self, column: pa.Array) -> Times:
        kind = column.type
        if pa.types.is_timestamp(kind):
            if kind.tz and not self._zoned:
                raise ValueError("a time zone, but the series has none")
            return Times(_millis(column), local=kind.tz is None)
        if pa.types.is_date(kind):
            return Times(_millis(pc.cast(column, pa.timestamp("s"))), local=True)
        if self._unit and (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
            return _epochs(column, self._unit)
        raise ValueError(f"{kind} is no time")

    def _iso_times(self, columns: Sequence[pa.Array]) -> Times:
        texts = _texts(columns[0])
        if len(columns) == 2:
            texts = pc.binary_join_element_wise(
                texts.cast(pa.string()), _texts(columns[1]).cast(pa.string()), " "
            )
        for kind in tuple(self._types):
            try:
                found = pc.cast(texts, kind)
            except pa.ArrowInvalid as error:
                reason = error
                continue
            # The rows that follow are probably written alike.
            self._types = [kind, *(other for other in self._types if other != kind)]
            return Times(_millis(found), local=kind.tz is None)
        raise ValueError(str(reason))


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _trimmed(column: pa.Array) -> pa.Array:
    return pc.utf8_trim_whitespace(_texts(column)) if _is_text(column.type) else column


def _texts(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _millis(column: pa.Array) -> Millis:
    unit = column.type.unit
    numbers = column.cast(pa.int64()).to_numpy(zero_copy_only=False)
    if unit in _PER_MILLISECOND:
        return numbers // _PER_MILLISECOND[unit]
    return numbers * 1000 if unit == "s" else numbers


def _date_or_clock(column: pa.Array) -> Millis:
    kind = column.type
    if pa.types.is_time(kind):
        unit = pa.timestamp(kind.unit)
        numbers = column.cast(pa.int32() if kind.bit_width == 32 else pa.int64())
        return _millis(numbers.cast(pa.int64()).cast(unit))
    if pa.types.is_date(kind) or (pa.types.is_timestamp(kind) and not kind.tz):
        return _millis(pc.cast(column, pa.timestamp("s")))
    raise ValueError(f"{kind} is no date and no time of day")


def _epochs(column: pa.Array, unit: int) -> Times:
    try:
        numbers = pc.cast(column, pa.int64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        numbers = pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False)
        if not (np.abs(numbers) < _LATEST).all():
            raise ValueError("no time") from None
    if numbers.size and numbers.max() >= LATEST * (1000 // unit):
        raise ValueError("after 2099; are these milliseconds?")
    return Times(np.floor(numbers * unit).astype(np.int64), local=False)


def _by_pattern(column: pa.Array, pattern: str) -> tuple[Millis, bool]:
    """Milliseconds that one column stands for, and whether they count from UTC by an offset."""
    if pa.types.is_dictionary(column.type):
        used = column.dictionary_encode()
        millis, offset = _by_pattern(used.dictionary, pattern)
        return millis[used.indices.to_numpy()], offset
    found = pc.extract_regex(_texts(column), f"^{time_format.regex(pattern)}$")
    if found.null_count:
        raise ValueError("not as the format has it")
    texts = dict(zip((field.name for field in found.type), found.flatten(), strict=True))
    millis = _clock(texts)
    if {"Y", "y"} & texts.keys():
        millis = millis + _DAY * _days(texts)
    return (millis - _offset(texts["z"]), True) if "z" in texts else (millis, False)


def _days(texts: dict[str, pa.Array]) -> npt.NDArray[np.int64]:
    year = _number(texts["Y"]) if "Y" in texts else _number(texts["y"])
    if "y" in texts:
        year = year + np.where(year < _PIVOT, 2000, 1900)
    names = next((texts[name] for name in "bB" if name in texts), None)
    if names is None:
        month = _number(texts["m"])
    else:
        abbreviated = pc.utf8_lower(pc.utf8_slice_codeunits(names, 0, 3))
        month = pc.fill_null(pc.index_in(abbreviated, _MONTHS), -1).to_numpy() + 1
    day = _number(texts["d"])
    if ((month < 1) | (month > 12)).any():
        raise ValueError("no such month")
    months = (year - 1970) * 12 + month - 1
    first, after = (
        (months + ahead).astype("M8[M]").astype("M8[D]").astype(np.int64) for ahead in (0, 1)
    )
    if ((day < 1) | (day > after - first)).any():
        raise ValueError("no such day")
    return np.asarray(first + day - 1)


def _clock(texts: dict[str, pa.Array]) -> Millis:
    zero = np.zeros(1, np.int64)
    hour, twelve, minute, second = (
        _number(texts[name]) if name in texts else zero for name in "HIMS"
    )
    if "p" in texts:
        if ((twelve < 1) | (twelve > 12)).any():
            raise ValueError("no such hour")
        evening = pc.equal(pc.utf8_lower(texts["p"]), "pm").to_numpy(zero_copy_only=False)
        hour = twelve % 12 + 12 * evening
    fraction = zero
    if "f" in texts:
        padded = pc.utf8_rpad(texts["f"], 3, "0")
        fraction = _number(pc.utf8_slice_codeunits(padded, 0, 3))
    millis = hour * _HOUR + minute * 60_000 + second * 1000 + fraction
    # Midnight as the end of a day is written 24:00 by some.
    if (minute > 59).any() or (second > 59).any() or (millis > _DAY).any():
        raise ValueError("no such time of day")
    return np.asarray(millis, np.int64)


def _offset(texts: pa.Array) -> Millis:
    encoded = texts.dictionary_encode()
    millis = [_offset_of(text) for text in encoded.dictionary.to_pylist()]
    return np.array(millis, np.int64)[encoded.indices.to_numpy()]


def _offset_of(text: str) -> int:
    if text == "Z":
        return 0
    digits = text[1:].replace(":", "")
    millis = int(digits[:2]) * _HOUR + int(digits[2:] or 0) * 60_000
    return -millis if text[0] == "-" else millis


def _number(texts: pa.Array) -> npt.NDArray[np.int64]:
    return np.asarray(pc.cast(texts, pa.int64()).to_numpy(zero_copy_only=False))


def _for_people(pattern: str) -> str:
    words = {"Y": "yyyy", "y": "yy", "m": "mm", "d": "dd", "b": "Mon", "B": "Month"}
    words |= {"H": "HH", "I": "hh", "M": "MM", "S": "SS", "f": "fff", "p": "AM/PM", "z": "+hh:mm"}
    return re.sub("%(.)", lambda match: words.get(match[1], match[1]), pattern)
