"""Finds the time of the rows: which columns hold it, and how it is written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tfx_pipeline.data.describe.errors import DescribeError, Remarks
from tfx_pipeline.data.describe.sample import Sample
from tfx_pipeline.data.describe.vocabulary import understand, words

DAY = 86_400
"""Seconds."""
_DATE = r"(?P<a>\d{1,4})(?P<s>[-/. ])(?P<b>\d{1,2}|[A-Za-z]{3,9})[-/. ](?P<c>\d{1,4})"
_COMPACT = r"(?P<y>[12]\d{3})(?P<m>[01]\d)(?P<d>[0-3]\d)"
_CLOCK = r"(?P<H>\d{1,2}):(?P<M>\d{2})(?::(?P<S>\d{2})(?P<f>\.\d+)?)?(?P<p> ?[AaPp][Mm])?"
_COMPACT_CLOCK = r"(?P<H>[0-2]\d)(?P<M>[0-5]\d)(?P<S>[0-5]\d)?"
_OFFSET = r"(?P<z> ?Z| ?[+-]\d{2}:?\d{2}| UTC| GMT)?"
_FORMS = {
    "moment": rf"^{_DATE}(?P<g>T|, | ){_CLOCK}{_OFFSET}$",
    "date": rf"^{_DATE}$",
    "clock": rf"^{_CLOCK}$",
    "compact moment": rf"^{_COMPACT}(?P<g>T|)?{_COMPACT_CLOCK}{_OFFSET}$",
    "compact date": rf"^{_COMPACT}$",
}
_EPOCH = {"seconds": 1, "milliseconds": 10**3}
_TOO_FINE = {"microseconds": 10**6, "nanoseconds": 10**9}
_FIRST, _LAST = 3e8, 4.1e9
"""Seconds since 1970: 1979 and 2099."""
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
        utc: Whether the column is called UTC, and its times do not say so.
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


def find_times(sample: Sample, file: str, remarks: Remarks) -> Times:
    """Finds the columns with the time, and reads them.

    Raises:
        DescribeError: No column holds times.
    """
    _refuse_a_column_for_each_time(sample.table.column_names, file)
    forms = {name: form for name in sample.table.column_names if (form := _form(sample, name))}
    moments = [name for name, form in forms.items() if "moment" in form]
    dates = [name for name, form in forms.items() if form.endswith("date")]
    clocks = [name for name, form in forms.items() if form == "clock"]
    hours = [] if clocks else _hour_columns(sample, dates)
    epochs = [name for name, form in forms.items() if form in _EPOCH]
    if moments:
        chosen = _first(moments, sample, remarks)
        times = _moment(sample, (chosen,), forms[chosen], remarks)
    elif dates and (clocks or hours):
        pair = (_first(dates, sample, remarks), _first(clocks or hours, sample, remarks))
        times = _moment(sample, pair, "pair", remarks)
    elif epochs:
        times = _epoch(sample, _first(epochs, sample, remarks), forms, remarks)
    elif dates:
        chosen = _first(dates, sample, remarks)
        times = _moment(sample, (chosen,), forms[chosen], remarks)
    else:
        raise DescribeError(_why_none(sample, forms, file))
    if not times.known.any():
        raise DescribeError(f"{file}: column {times.columns[0]}: no time could be read")
    others = (*moments, *dates, *clocks, *epochs)
    others = tuple(name for name in dict.fromkeys(others) if name not in times.columns)
    ends = "end" in understand(times.columns[-1]).roles
    if "utc" in words(times.columns[0]) and times.offsets is None:
        offsets = np.zeros(times.seconds.size, np.int64)
        return replace(times, others=others, ends=ends, utc=True, offsets=offsets)
    return replace(times, others=others, ends=ends)


def _form(sample: Sample, name: str) -> str | None:
    """How a column writes times; None: it holds something else."""
    column = sample.table[name]
    if pa.types.is_timestamp(column.type):
        return "moment"
    if pa.types.is_date(column.type):
        return "date"
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return _epoch_form(np.asarray(column.drop_null().slice(0, 5000).to_numpy(), float), name)
    if not pa.types.is_string(column.type) and not pa.types.is_large_string(column.type):
        return None
    filled = column.filter(pc.not_equal(pc.utf8_trim_whitespace(column), ""))
    if not len(filled):
        return None
    places = np.unique(np.linspace(0, len(filled) - 1, _LOOKED).astype(int))
    texts = [text.strip() for text in filled.take(pa.array(places)).to_pylist()]
    if not any(sign in texts[0] for sign in ":-/ ") and not _is_time_name(name):
        return _epoch_of(texts, name)
    for form, pattern in _FORMS.items():
        if sum(bool(re.match(pattern, text)) for text in texts) > 0.95 * len(texts):
            return form if "compact" not in form or _is_time_name(name) else None
    return _epoch_of(texts, name)


def _epoch_of(texts: list[str], name: str) -> str | None:
    try:
        return _epoch_form(np.array([float(text) for text in texts]), name)
    except ValueError:
        return None


def _epoch_form(numbers: npt.NDArray[np.float64], name: str) -> str | None:
    if not numbers.size or not np.isfinite(numbers).all():
        return None
    if np.median(numbers) < _FIRST:
        return None
    rising = (np.diff(numbers) >= 0).mean() > 0.9 if numbers.size > 1 else False
    whole = (numbers == np.floor(numbers)).mean() > 0.9
    if not _is_time_name(name) and not (rising and whole and np.median(numbers) > 1e9):
        return None
    for form, unit in (_EPOCH | _TOO_FINE).items():
        if _FIRST * unit < numbers.min() and numbers.max() < _LAST * unit:
            return form
    return None


def _is_time_name(name: str) -> bool:
    return "time" in understand(name).roles or "end" in understand(name).roles


def _hour_columns(sample: Sample, dates: Sequence[str]) -> list[str]:
    """Columns with the hour of the day beside those with its date."""
    named = {"hour", "hora", "heure", "stunde", "uur", "ora"}
    return [name for name in sample.table.column_names if dates and named & {*words(name)}]


def _first(names: Sequence[str], sample: Sample, remarks: Remarks) -> str:
    """Of several columns with times that with offsets, else the start, else the first."""

    def worth(name: str) -> tuple[bool, bool, bool]:
        roles = understand(name).roles
        return ("utc" in words(name), "end" not in roles, "start" in roles)

    chosen = max(names, key=worth)
    if len(names) > 1:
        others = ", ".join(name for name in names if name != chosen)
        remarks.doubt("timestamp", f"{others}: also times, which are not read")
    return chosen


def _epoch(sample: Sample, name: str, forms: Mapping[str, str], remarks: Remarks) -> Times:
    column = sample.table[name]
    if pa.types.is_string(column.type):
        number = re_numbers(column)
    else:
        number = np.asarray(column.to_numpy(), float)
    known = np.isfinite(number)
    seconds = np.where(known, number, 0) // _EPOCH[forms[name]]
    offsets = np.zeros(number.size, np.int64)
    return Times((name,), forms[name], seconds.astype(np.int64), known, offsets)


def re_numbers(column: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    """Texts as numbers; NaN where they are none."""
    good = pc.match_substring_regex(column, r"^[-+]?\d+(\.\d*)?$")
    return np.asarray(pc.if_else(good, column, None).cast(pa.float64()).to_numpy(), float)


def _moment(sample: Sample, names: tuple[str, ...], form: str, remarks: Remarks) -> Times:
    column = sample.table[names[0]]
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        return _typed(column, names)
    date = _fields(column, _FORMS[form] if form != "pair" else _date_pattern(column))
    if "y" in date:
        date |= {"a": date["y"], "b": date["m"], "c": date["d"], "s": np.full(len(column), "")}
    clock = date
    if form == "pair":
        clock = _clock_fields(sample.table[names[1]])
    known = (date["a"] != "") & (clock.get("H", date["a"]) != "")
    order, sure = _date_order(date, known, sample, clock)
    days, valid = _days(date, order)
    known &= valid
    seconds = days * DAY + _seconds_of_day(clock)
    offsets = _offsets(clock)
    pattern = _pattern(date, clock, order, known, form == "pair")
    if sure:
        remarks.note("format", sure) if sure != _UNKNOWN else remarks.doubt("format", sure)
    if offsets is not None:
        seconds = seconds - offsets
    return Times(names, pattern, np.where(known, seconds, 0), known, offsets)


def _typed(column: pa.ChunkedArray, names: tuple[str, ...]) -> Times:
    known = np.asarray(pc.is_valid(column).to_numpy(), bool)
    zone = getattr(column.type, "tz", None)
    whole = column.cast(pa.timestamp("s", zone), safe=False)
    seconds = np.asarray(whole.cast(pa.int64()).fill_null(0).to_numpy(), np.int64)
    offsets = None
    if zone:
        local = pc.local_timestamp(whole).cast(pa.int64()).fill_null(0)
        offsets = np.asarray(local.to_numpy(), np.int64) - seconds
    named = zone if zone and not re.match(r"[+-]", zone) else None
    return Times(names, "iso", seconds, known, offsets, named)


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
            _FORMS[form]
            for form in ("date", "compact date", "moment")
            if re.match(_FORMS[form], first)
        ),
        _FORMS["date"],
    )


def _clock_fields(column: pa.ChunkedArray) -> Fields:
    if pa.types.is_integer(column.type):
        column = column.cast(pa.string())
    clock = _fields(column, _FORMS["clock"])
    if (clock["H"] == "").mean() > 0.5:
        clock = _fields(column, r"^(?P<H>\d{1,2})$")
    return clock


_UNKNOWN = (
    "no day is above 12 and both orders of day and month fit: %d/%m is day first, %m/%d is month "
    "first"
)


def _date_order(
    date: Fields, known: npt.NDArray[np.bool_], sample: Sample, clock: Fields
) -> tuple[str, str]:
    """`ymd`, `dmy` or `mdy`, and how that is known."""
    if not known.any():
        return "ymd", ""
    if Counter(map(len, date["a"][known][:_LOOKED])).most_common(1)[0][0] == 4:
        return "ymd", ""
    if date["b"][known][0].isalpha():
        return "dmy", ""
    first, second = (_integers(date[name])[known] for name in "ab")
    if first.max() > 12 >= second.max():
        return "dmy", f"day first, as the first number goes up to {first.max()}"
    if second.max() > 12 >= first.max():
        return "mdy", f"month first, as the second number goes up to {second.max()}"
    if first.max() > 12:
        return "dmy", ""
    disorder = {}
    for order in ("dmy", "mdy"):
        days = (_days(date, order)[0] + _seconds_of_day(clock) / DAY)[known]
        same = np.diff(sample.stretch[known]) == 0
        # Time goes on, and does not leap over months.
        step = np.diff(days)[same]
        disorder[order] = (step < 0).mean() + (step > 25).mean() if step.size else 0.0
    if disorder["dmy"] != disorder["mdy"]:
        best = min(disorder, key=lambda order: disorder[order])
        which = {"dmy": "day first", "mdy": "month first"}[best]
        return best, f"{which}, as time goes on evenly so"
    if (clock.get("p", np.array([""])) != "").any():
        return "mdy", "month first, as it is usual with AM and PM"
    return "dmy", _UNKNOWN


def _integers(texts: npt.NDArray[np.str_]) -> npt.NDArray[np.int64]:
    return np.where(np.char.isdigit(texts), texts, "0").astype(np.int64)


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def _days(date: Fields, order: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Days since 1970, and which dates there are."""
    place = dict(zip(order, "abc", strict=True))
    year, day = (_integers(date[place[one]]) for one in "yd")
    texts = date[place["m"]]
    month = _integers(texts)
    if np.char.isalpha(texts).any():
        names = np.array([text[:3].lower() for text in texts])
        month = sum((n + 1) * (names == name) for n, name in enumerate(_MONTHS))
    year = np.where(year < 100, np.where(year < 69, 2000, 1900) + year, year)
    valid = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31) & (year < 2200)
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
    seconds = []
    for text in texts:
        sign = re.match(r"([+-])(\d\d):?(\d\d)", text.strip())
        there = int(sign[2]) * 3600 + int(sign[3]) * 60 if sign else 0
        seconds.append(-there if sign and sign[1] == "-" else there)
    return np.array(seconds, np.int64)[index]


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
    zulu = offset.strip() in ("UTC", "GMT")
    if order == "ymd" and sign == "-" and padded and not pair and gap != ", " and not zulu:
        return "iso"
    year_place = "abc"[order.index("y")]
    year = "%Y" if len(usual(date, year_place)) == 4 else "%y"
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
        if offset:
            text += " %z" if offset.startswith(" ") else "%z"
    return text


def _refuse_a_column_for_each_time(names: Sequence[str], file: str) -> None:
    clock = re.compile(r"\D*\d{1,2}[:h]\d{2}(:\d{2})?( ?[APap][Mm])?")
    spread = [name for name in names if clock.fullmatch(name.strip())]
    if len(spread) > 3:
        raise DescribeError(
            f"{file}: a column for each time of day ({spread[0]}, {spread[1]}, ...); give one row "
            "for each time, such as with pandas.melt"
        )


def _why_none(sample: Sample, forms: Mapping[str, str], file: str) -> str:
    fine = [name for name, form in forms.items() if form in _TOO_FINE]
    if fine:
        return f"{file}: column {fine[0]} has {forms[fine[0]]} since 1970; give milliseconds"
    names = ", ".join(sample.table.column_names[:8])
    return (
        f"{file}: no column holds times, such as 2026-01-31 12:00 or 31/01/2026 12:00 (of "
        f"{names}); give a column with the time of each row"
    )
