"""Reads times as they are written: which order the date has, the strptime pattern, the seconds."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tfx_pipeline.data.describe.errors import Remarks
from tfx_pipeline.data.describe.sample import Sample
from tfx_pipeline.series.clock import DAY

_DATE = r"(?P<a>\d{1,4})(?P<s>[-/. ])(?P<b>\d{1,2}|[A-Za-z]{3,9})[-/. ](?P<c>\d{1,4})"
_COMPACT = r"(?P<y>[12]\d{3})(?P<m>[01]\d)(?P<d>[0-3]\d)"
_CLOCK = r"(?P<H>\d{1,2}):(?P<M>\d{2})(?::(?P<S>\d{2})(?P<f>\.\d+)?)?(?P<p> ?[AaPp][Mm])?"
_COMPACT_CLOCK = r"(?P<H>[0-2]\d)(?P<M>[0-5]\d)(?P<S>[0-5]\d)?"
_OFFSET = r"(?P<z> ?Z| ?[+-]\d{2}(?::?\d{2})?| UTC| GMT)?"
FORMS = {
    "moment": rf"^{_DATE}(?P<g>T|, | ){_CLOCK}{_OFFSET}$",
    "date": rf"^{_DATE}$",
    "clock": rf"^{_CLOCK}$",
    "compact moment": rf"^{_COMPACT}(?P<g>T|)?{_COMPACT_CLOCK}{_OFFSET}$",
    "compact date": rf"^{_COMPACT}$",
}
"""What a column holds -> the pattern of its texts."""
_NAMED = (" UTC", " GMT")
"""Offsets that a pattern has as they are, as `%z` reads numbers."""
_LOOKED = 500


@dataclass(frozen=True)
class Times:
    """The time of each row.

    Attributes:
        columns: The column, or those with the date and the time of day.
        format: As `Layout.format` has it.
        seconds: int64 [n], since 1970: UTC where it is known, else of the clock on the wall.
        known: bool [n], where the row has a time.
        offsets: int64 [n], seconds of the local clock before UTC; None: not said.
        zone: That the file itself names.
        ends: Whether it is the end of the row's interval, by its name.
        utc: Whether the column is called UTC, or its times end in that word, which is no offset.
        others: More columns with times, which are not read.
    """

    columns: tuple[str, ...]
    format: str
    seconds: npt.NDArray[np.int64]
    known: npt.NDArray[np.bool_]
    offsets: npt.NDArray[np.int64] | None = None
    zone: str | None = None
    ends: bool = False
    utc: bool = False
    others: tuple[str, ...] = ()

    @property
    def real(self) -> bool:
        """Whether the seconds are those of UTC."""
        return self.offsets is not None


def read_moments(sample: Sample, names: tuple[str, ...], form: str, remarks: Remarks) -> Times:
    """Reads dates, with a time of day or without.

    Args:
        sample: Rows of the file.
        names: The column, or those with the date and the time of day.
        form: One of `FORMS`; `pair` where there are two columns.
        remarks: Takes note of how the order of day and month is known.
    """
    column = sample.table[names[0]]
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        return _typed(column, names)
    date = _fields(column, FORMS[form] if form != "pair" else _date_pattern(column))
    if "y" in date:
        date |= {"a": date["y"], "b": date["m"], "c": date["d"], "s": np.full(len(column), "")}
    clock = date
    if form == "pair":
        clock = _clock_fields(sample.table[names[1]])
    known = (date["a"] != "") & (clock.get("H", date["a"]) != "")
    order = _date_order(date, known, sample, clock, remarks)
    days, valid = _days(date, order)
    known &= valid
    seconds = days * DAY + _seconds_of_day(clock)
    offsets = _offsets(clock)
    pattern = _pattern(date, clock, order, known, form == "pair")
    if offsets is not None:
        seconds = seconds - offsets
    utc = pattern.endswith(_NAMED)
    return Times(names, pattern, np.where(known, seconds, 0), known, offsets, utc=utc)


def _typed(column: pa.ChunkedArray, names: tuple[str, ...]) -> Times:
    known = np.asarray(pc.is_valid(column).to_numpy(), bool)
    zone = getattr(column.type, "tz", None)
    whole = column.cast(pa.timestamp("s", zone), safe=False)
    seconds = np.asarray(whole.cast(pa.int64()).fill_null(0).to_numpy(), np.int64)
    if not zone:
        return Times(names, "iso", seconds, known)
    try:
        local = pc.local_timestamp(whole).cast(pa.int64()).fill_null(0)
    except pa.ArrowInvalid:  # an offset, or a name that is not known here
        return Times(names, "iso", seconds, known, np.full(seconds.size, _ahead(zone)))
    offsets = np.asarray(local.to_numpy(), np.int64) - seconds
    return Times(names, "iso", seconds, known, offsets, zone)


Fields = dict[str, npt.NDArray[np.str_]]


def _fields(column: pa.ChunkedArray, pattern: str) -> Fields:
    """Parts of the texts that a pattern names; empty where a text does not fit."""
    found = pc.extract_regex(pc.utf8_trim_whitespace(column).combine_chunks(), pattern)
    names = [found.type.field(number).name for number in range(found.type.num_fields)]
    return {
        name: np.asarray(pc.fill_null(found.field(name), "").to_numpy(zero_copy_only=False), str)
        for name in names
    }


def _date_pattern(column: pa.ChunkedArray) -> str:
    first = str(pc.utf8_trim_whitespace(column.drop_null().slice(0, 1))[0])
    return next(
        (
            FORMS[form]
            for form in ("date", "compact date", "moment")
            if re.match(FORMS[form], first)
        ),
        FORMS["date"],
    )


def _clock_fields(column: pa.ChunkedArray) -> Fields:
    if pa.types.is_integer(column.type):
        column = column.cast(pa.string())
    clock = _fields(column, FORMS["clock"])
    if (clock["H"] == "").mean() > 0.5:
        clock = _fields(column, r"^(?P<H>\d{1,2})$")
    return clock


_FIRST = {
    "dmy": ("day first", "%d/%m"),
    "mdy": ("month first", "%m/%d"),
    "ymd": ("year first", "%y/%m"),
}
"""Order of a date -> in words, and how its pattern begins."""
_MOSTLY = 0.99
"""Of the dates that one order can read, those that another has to."""


def _date_order(
    date: Fields,
    known: npt.NDArray[np.bool_],
    sample: Sample,
    clock: Fields,
    remarks: Remarks,
) -> str:
    """`ymd`, `dmy` or `mdy`; takes note of how that is known."""
    if not known.any():
        return "ymd"
    if Counter(map(len, date["a"][known][:_LOOKED])).most_common(1)[0][0] == 4:
        return "ymd"
    read = {order: _days(date, order) for order in _FIRST}
    fits = {order: int((valid & known).sum()) for order, (_, valid) in read.items()}
    likely = [order for order, count in fits.items() if count >= _MOSTLY * max(fits.values())]
    if len(likely) == 1:
        if not date["b"][known][0].isalpha():
            remarks.note("format", f"{_FIRST[likely[0]][0]}, {_alone(likely[0], date, known)}")
        return likely[0]
    same = np.diff(sample.stretch[known]) == 0
    clocks = _seconds_of_day(clock) / DAY
    disorder = {}
    for order in likely:
        # Time goes on, and does not leap over months.
        step = np.diff((read[order][0] + clocks)[known])[same]
        disorder[order] = (step < 0).mean() + (step > 25).mean() if step.size else 0.0
    best = [order for order in likely if disorder[order] == min(disorder.values())]
    if len(best) == 1:
        remarks.note("format", f"{_FIRST[best[0]][0]}, as time goes on evenly so")
    elif "mdy" in best and (clock.get("p", np.array([""])) != "").any():
        remarks.note("format", "month first, as it is usual with AM and PM")
        return "mdy"
    else:
        orders = ", ".join(f"{_FIRST[order][1]} is {_FIRST[order][0]}" for order in best)
        remarks.doubt("format", f"all dates fit several orders: {orders}")
    return best[0]


def _alone(order: str, date: Fields, known: npt.NDArray[np.bool_]) -> str:
    """Why no other order reads the dates."""
    if order == "ymd":
        return "as no other order fits"
    place, name = ("first", "a") if order == "dmy" else ("second", "b")
    return f"as the {place} number goes up to {_integers(date[name][known]).max()}"


def _integers(texts: npt.NDArray[np.str_]) -> npt.NDArray[np.int64]:
    return np.where(np.char.isdigit(texts), texts, "0").astype(np.int64)


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def _days(date: Fields, order: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Days since 1970, and which dates there are."""
    place = dict(zip(order, "abc", strict=True))
    year, day = (_integers(date[place[one]]) for one in "yd")
    digits = np.char.str_len(date[place["y"]])
    texts = date[place["m"]]
    month = _integers(texts)
    if np.char.isalpha(texts).any():
        names = np.array([text[:3].lower() for text in texts])
        month = sum((n + 1) * (names == name) for n, name in enumerate(_MONTHS))
    year = np.where(year < 100, np.where(year < 69, 2000, 1900) + year, year)
    valid = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31) & (year < 2200)
    valid &= (digits == 2) | (digits == 4)
    months = np.where(valid, (year - 1970) * 12 + month - 1, 0)
    first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return first + np.where(valid, day - 1, 0), valid


def _seconds_of_day(clock: Fields) -> npt.NDArray[np.int64]:
    if "H" not in clock:
        return np.zeros(1, np.int64)
    hour = _integers(clock["H"])
    if "p" in clock and (clock["p"] != "").any():
        half = np.char.lower(np.char.strip(clock["p"]))
        hour = np.where(half != "", hour % 12 + 12 * (half == "pm"), hour)
    minute = _integers(clock["M"]) if "M" in clock else 0
    return hour * 3600 + minute * 60 + (_integers(clock["S"]) if "S" in clock else 0)


def _offsets(clock: Fields) -> npt.NDArray[np.int64] | None:
    if "z" not in clock or (clock["z"] == "").mean() > 0.05:
        return None
    texts, index = np.unique(clock["z"], return_inverse=True)
    return np.array([_ahead(text) for text in texts], np.int64)[index]


def _ahead(offset: str) -> int:
    """Seconds of an offset; 0 of what is none, such as UTC."""
    sign = re.match(r"([+-])(\d\d):?(\d\d)?", offset.strip())
    there = int(sign[2]) * 3600 + int(sign[3] or 0) * 60 if sign else 0
    return -there if sign and sign[1] == "-" else there


def _has_iso_hours(clock: Fields, known: npt.NDArray[np.bool_]) -> bool:
    """Whether no time is midnight as the end of a day, 24:00, nor lacks a zero or says AM or PM."""
    hours = clock.get("H", np.array(["00"] * known.size))[known]
    halves = clock.get("p", np.array([""] * known.size))[known]
    return not ((hours == "24") | (np.char.str_len(hours) == 1) | (halves != "")).any()


def _pattern(
    date: Fields, clock: Fields, order: str, known: npt.NDArray[np.bool_], pair: bool
) -> str:
    def usual(fields: Fields, name: str) -> str:
        texts = fields.get(name, np.array([""]))
        texts = texts[known][:5000] if texts.size == known.size else texts
        return Counter(texts.tolist()).most_common(1)[0][0] if texts.size else ""

    sign = usual(date, "s")
    padded = all(len(text) == 2 for text in date["b"][known][:_LOOKED])
    gap = usual(date, "g")
    offset = usual(clock, "z")
    year_place = "abc"[order.index("y")]
    year = "%Y" if len(usual(date, year_place)) == 4 else "%y"
    iso = order == "ymd" and sign == "-" and year == "%Y" and padded and not pair
    if iso and gap != ", " and not offset.startswith(" ") and _has_iso_hours(clock, known):
        return "iso"
    month = "%m"
    if usual(date, "b").isalpha():
        month = "%b" if all(len(text) == 3 for text in {*date["b"][known][:5000]}) else "%B"
    parts = {"y": year, "m": month, "d": "%d"}
    text = sign.join(parts[one] for one in order)
    if "H" in clock:
        colons = "f" in clock  # compact times have no fractions
        text += " " if pair else gap
        text += "%I" if usual(clock, "p") else "%H"
        if "M" in clock:
            text += ":%M" if colons else "%M"
        if usual(clock, "S"):
            text += ":%S" if colons else "%S"
        text += ".%f" if usual(clock, "f") else ""
        if half := usual(clock, "p"):
            text += " %p" if half.startswith(" ") else "%p"
        if offset in _NAMED:
            text += offset
        elif offset:
            text += " %z" if offset.startswith(" ") else "%z"
    return text
