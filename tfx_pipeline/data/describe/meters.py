"""Tells whose rows are whose: a column that names the meter, or columns that are meters."""

from __future__ import annotations

import fnmatch
import glob
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from tfx_pipeline.data.describe.columns import Column
from tfx_pipeline.data.describe.errors import Remarks
from tfx_pipeline.data.describe.sample import Sample
from tfx_pipeline.data.describe.vocabulary import Words, understand
from tfx_pipeline.data.describe.written_times import Times

Codes = npt.NDArray[np.int64]

_REPEATED = 0.005
"""Fraction of the rows that may be out of order in the rows of one meter."""
_BACK = 2 * 3600
"""Seconds; a clock that ends summer time goes back by less."""
_FEW = 50
"""Groups at most."""
_WIDE = 4
"""Columns of one naming scheme from which on each is a meter."""


_MANY = 20
"""Columns whose names say nothing from which on each is a meter, whatever they are called."""
_NOTHING = Words(None, None, frozenset())


@dataclass(frozen=True)
class Meters:
    """Whose rows they are.

    Attributes:
        column: Names the meter; None: no column does.
        group: Names the meter's group; None: no column does.
        wide: Patterns of the columns that are one meter each.
        codes: int64 [n], the same for rows of one meter.
        count: Meters that were seen.
    """

    column: str | None
    group: str | None
    wide: tuple[str, ...]
    codes: Codes
    count: int


def find_meters(
    sample: Sample, times: Times, columns: Mapping[str, Column], remarks: Remarks
) -> Meters:
    """Finds the column that names the meter.

    A meter's rows go forward in time. Where the file's do not, that column names the meter which
    puts them in order with the fewest names; a header that says so counts as well.
    """
    disorder = _disorder(times, sample.stretch, np.zeros(times.seconds.size, np.int64))
    keys = {
        name: column
        for name, column in columns.items()
        if column.missing < 0.01
        and (column.numbers is None or column.whole)
        and 0 < column.distinct < max(times.seconds.size, 2)
    }
    codes = {name: _codes(column) for name, column in keys.items()}
    chosen = None
    if disorder:
        left = {name: _disorder(times, sample.stretch, code) for name, code in codes.items()}
        good = [name for name in left if left[name] <= min(_REPEATED, disorder / 10)]
        if good:
            chosen = min(good, key=lambda name: (not _named(name), keys[name].distinct))
        elif disorder > _REPEATED:
            remarks.doubt(
                "meter", "times repeat or go back, and no column tells whose rows they are"
            )
    if chosen is None:
        chosen = next((name for name in keys if _named(name) and not _measures(keys[name])), None)
    if chosen is None:
        return Meters(None, None, (), np.zeros(times.seconds.size, np.int64), 1)
    if not _named(chosen):
        remarks.doubt(
            "meter", f"{chosen}: rows are in order of time for each of its values; not by its name"
        )
    group = _group(chosen, codes, keys, remarks)
    return Meters(chosen, group, (), codes[chosen], keys[chosen].distinct)


def wide_columns(columns: Mapping[str, Column], names: list[str]) -> tuple[str, ...]:
    """Patterns of the columns that are one meter each; () where they are not.

    Args:
        columns: All that hold no times.
        names: Those with numbers that may be a meter's.
    """
    if len(names) < _WIDE:
        return ()
    schemes = Counter(_scheme(name) for name in names)
    scheme, count = schemes.most_common(1)[0]
    if count < len(names):
        nameless = all(understand(name) == _NOTHING for name in names)
        return tuple(map(glob.escape, names)) if nameless and len(names) >= _MANY else ()
    pattern = "*".join(map(glob.escape, scheme.split("#")))
    pattern = f"[0-9]{pattern}" if pattern.startswith("*") else pattern
    matched = re.compile(fnmatch.translate(pattern.lower())).match
    others = set(columns) - set(names)
    texts = [name for name in others if columns[name].numbers is None and columns[name].missing < 1]
    # Numbers that do not vary are of meters as well.
    if "#" in scheme and not any(matched(name.lower()) for name in texts):
        return (pattern,)
    return tuple(map(glob.escape, names))


def _scheme(name: str) -> str:
    return re.sub(r"\d+", "#", name)


def _named(name: str) -> bool:
    said = understand(name)
    return "meter" in said.roles and said.quantity is None


def _measures(column: Column) -> bool:
    """Whether a whole number may be a measurement."""
    return column.numbers is not None and column.distinct > _FEW


def _codes(column: Column) -> Codes:
    encoded = column.values.combine_chunks().dictionary_encode()
    return np.asarray(pc.fill_null(encoded.indices, -1).to_numpy(), np.int64)


def _disorder(times: Times, stretch: npt.NDArray[np.int32], codes: Codes) -> float:
    """Fraction of the rows that are not later than the row before of the same meter."""
    steps = steps_by_meter(times, stretch, codes)
    if not steps.size:
        return 1.0
    same, back = (steps == 0).mean(), (steps < -_BACK).mean()
    # Of rows an hour apart, two have one time when the clock goes back.
    return float(back + (same if same > _REPEATED else 0.0))


def steps_by_meter(
    times: Times, stretch: npt.NDArray[np.int32], codes: Codes
) -> npt.NDArray[np.int64]:
    """Seconds from each row to the next of the same meter, in the order of the file."""
    order = by_meter(times, stretch, codes)
    same = (np.diff(codes[order]) == 0) & (np.diff(stretch[order]) == 0)
    return np.diff(times.seconds[order])[same]


def by_meter(times: Times, stretch: npt.NDArray[np.int32], codes: Codes) -> npt.NDArray[np.int64]:
    """Places of the rows with a time, meter by meter, in the order of the file."""
    places = np.flatnonzero(times.known)
    if codes.size and (codes == codes[0]).all():
        return places
    return places[np.lexsort((places, stretch[places], codes[places]))]


def _group(
    meter: str, codes: Mapping[str, Codes], keys: Mapping[str, Column], remarks: Remarks
) -> str | None:
    """The column that says the same in all rows of a meter, for fewer groups than meters."""
    own = codes[meter]
    for name, column in keys.items():
        said = "group" in understand(name).roles
        few = 1 < column.distinct <= min(_FEW, max(keys[meter].distinct - 1, 1))
        if name == meter or not few or (column.numbers is not None and not said):
            continue
        pairs = np.unique(np.stack([own, codes[name]]), axis=1).shape[1]
        if pairs == np.unique(own).size:
            remarks.doubt(
                "group",
                f"{name}: the same in all rows of a meter; remove it if it groups no meters",
            )
            return name
    return None
