"""Reads the columns of a sample as numbers, where they are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tfx_pipeline.data.describe.errors import Remarks
from tfx_pipeline.data.describe.sample import Sample
from tfx_pipeline.data.describe.text_layout import Style, number_style
from tfx_pipeline.data.raw.delimited import MISSING, as_plain
from tfx_pipeline.series.spec import Layout

Numbers = npt.NDArray[np.float64]

_LOOKED = 2000
_NUMBERS = 0.95
"""Fraction of the texts that are numbers, from which on a column is one of numbers."""
_FAR = 10
"""Times the largest value, from which on a lone one below zero is none."""
_MISSING = pa.array(sorted(MISSING))
_PLAIN = r"^[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?$"


@dataclass(frozen=True)
class Column:
    """One column of a sample.

    Attributes:
        name: In the header.
        values: The column itself.
        numbers: float64 [n], NaN where there is none; None: it holds something else.
        missing: Fraction of the rows without a value.
        odd: The first text of a column of numbers that is none.
        unit: What a line of units says of it.
    """

    name: str
    values: pa.ChunkedArray
    numbers: Numbers | None
    missing: float
    odd: str | None = None
    unit: str = ""

    @property
    def label(self) -> str:
        """Its name, with the unit where that stands by itself."""
        return f"{self.name} [{self.unit}]" if self.unit else self.name

    @cached_property
    def whole(self) -> bool:
        """Whether it holds whole numbers alone."""
        if self.numbers is None:
            return False
        seen = self.numbers[np.isfinite(self.numbers)]
        return bool(seen.size and (seen == np.floor(seen)).all())

    @property
    def is_text(self) -> bool:
        """Whether it holds texts."""
        kind = self.values.type
        text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
        return text and self.numbers is None

    @cached_property
    def distinct(self) -> int:
        """Different values."""
        if pa.types.is_nested(self.values.type) or pa.types.is_null(self.values.type):
            return 0
        return int(pc.count_distinct(self.values).as_py())


def read_columns(
    sample: Sample, names: Sequence[str], remarks: Remarks
) -> tuple[dict[str, Column], Style]:
    """Reads columns as numbers where they hold numbers.

    Args:
        sample: The rows.
        names: Of the columns that hold no times.
        remarks: Gets what is odd.

    Returns:
        The columns by name, and the signs in the file's numbers.
    """
    if sample.delimiter is None:
        typed = {name: _typed(name, sample.table[name]) for name in names}
        return _without_marks(typed, remarks), Style(".", None)
    texts = {name: pc.utf8_trim_whitespace(sample.table[name]) for name in names}
    units = {name: sample.units.get(name, "") for name in names}
    style = number_style(
        {f"{name} {units[name]}": _some(column, len(texts)) for name, column in texts.items()}
    )
    commas = style.decimal == sample.delimiter
    if commas:  # read with a point, such columns hold texts
        style = Style(".", None)
    columns = {
        name: replace(_read(name, column, style), unit=units[name])
        for name, column in texts.items()
    }
    if commas:
        texts_alone = [name for name, column in columns.items() if column.numbers is None]
        for name in texts_alone[:1]:
            remarks.doubt(name, "decimal commas between commas are not read: part columns by ;")
    for column in columns.values():
        if column.odd is not None:
            remarks.doubt(column.name, f"{column.odd[:40]!r} is no number; such rows are bad rows")
    if style.thousands and style.sure:
        remarks.note("thousands", f"numbers have {style.thousands!r} between thousands")
    elif style.thousands:
        remarks.doubt(
            "thousands",
            f"{style.thousands!r} stands before three digits alone, among whole numbers below a "
            "thousand, or in watts that would be few: taken for thousands; remove it and correct "
            "`decimal` if it is before tenths",
        )
    return _without_marks(columns, remarks), style


def _without_marks(columns: Mapping[str, Column], remarks: Remarks) -> dict[str, Column]:
    """Takes numbers that stand for missing values, such as -999, out of the columns."""
    found = dict(columns)
    for name, column in columns.items():
        if column.numbers is None or (mark := _mark(column.numbers)) is None:
            continue
        marked = np.equal(column.numbers, mark)
        remarks.doubt(
            name,
            f"{mark:g} in {np.count_nonzero(marked):,} rows, nothing else is below zero: taken for "
            "missing; leave these fields empty, or correct `lowest` if it was measured",
        )
        found[name] = replace(column, numbers=np.where(marked, np.nan, column.numbers))
    return found


def _mark(numbers: Numbers) -> float | None:
    """The one number below zero, where it comes again and is far from the others or all nines."""
    below, counts = np.unique(numbers[numbers < 0], return_counts=True)
    others = numbers[numbers >= 0]
    if below.size != 1 or counts[0] < 2 or not others.size:
        return None
    far = -below[0] > _FAR * others.max() > 0
    return float(below[0]) if far or re.fullmatch("-99+", f"{below[0]:.16g}") else None


def _some(column: pa.ChunkedArray, columns: int) -> list[str]:
    places = np.unique(np.linspace(0, len(column) - 1, max(_LOOKED // columns, 20)).astype(int))
    return column.take(pa.array(places)).to_pylist()


def _typed(name: str, column: pa.ChunkedArray) -> Column:
    kind = column.type
    if pa.types.is_boolean(kind):
        column, kind = column.cast(pa.int8()), pa.int8()
    if pa.types.is_float16(kind):  # which Arrow does not compare
        column, kind = column.cast(pa.float32()), pa.float32()
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        return Column(name, column, None, column.null_count / max(len(column), 1))
    numbers = np.asarray(column.cast(pa.float64(), safe=False).to_numpy(), float)
    return Column(name, column, numbers, float(np.isnan(numbers).mean()))


def _read(name: str, column: pa.ChunkedArray, style: Style) -> Column:
    empty = pc.is_in(column, _MISSING)
    missing = (pc.sum(empty).as_py() or 0) / max(len(column), 1)
    layout = Layout(timestamp=name, delimiter="|", decimal=style.decimal, thousands=style.thousands)
    texts = as_plain(column, layout)
    good = pc.fill_null(pc.match_substring_regex(texts, _PLAIN), False)
    count = pc.sum(good).as_py() or 0
    filled = len(column) * (1 - missing)
    if not filled or count < _NUMBERS * filled:
        return Column(name, column, None, missing)
    numbers = np.asarray(pc.if_else(good, texts, None).cast(pa.float64()).to_numpy(), float)
    bad = column.filter(pc.invert(pc.or_(good, empty)))
    return Column(name, column, numbers, missing, str(bad[0]) if len(bad) else None)
