"""Finds the columns that hold the time of the rows; `written_times` reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tfx_pipeline.data.describe.errors import DescribeError, Remarks
from tfx_pipeline.data.describe.sample import Sample
from tfx_pipeline.data.describe.vocabulary import understand, words
from tfx_pipeline.data.describe.written_times import FORMS, Times, read_moments

_EPOCH = {"seconds": 1, "milliseconds": 10**3}
_TOO_FINE = {"microseconds": 10**6, "nanoseconds": 10**9}
_FIRST, _LAST = 3e8, 4.1e9
"""Seconds since 1970: 1979 and 2099."""
_LOOKED = 500


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
        times = read_moments(sample, (chosen,), forms[chosen], remarks)
    elif dates and (clocks or hours):
        pair = (_first(dates, sample, remarks), _first(clocks or hours, sample, remarks))
        times = read_moments(sample, pair, "pair", remarks)
    elif epochs:
        times = _epoch(sample, _first(epochs, sample, remarks), forms, remarks)
    elif dates:
        chosen = _first(dates, sample, remarks)
        times = read_moments(sample, (chosen,), forms[chosen], remarks)
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
    for form, pattern in FORMS.items():
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
        number = _numbers(column)
    else:
        number = np.asarray(column.to_numpy(), float)
    known = np.isfinite(number)
    seconds = np.where(known, number, 0) // _EPOCH[forms[name]]
    offsets = np.zeros(number.size, np.int64)
    return Times((name,), forms[name], seconds.astype(np.int64), known, offsets)


def _numbers(column: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    """Texts as numbers; NaN where they are none."""
    good = pc.match_substring_regex(column, r"^[-+]?\d+(\.\d*)?$")
    return np.asarray(pc.if_else(good, column, None).cast(pa.float64()).to_numpy(), float)


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
