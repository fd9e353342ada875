"""Which columns of a file hold what, by its header and the series' description."""

from __future__ import annotations

import fnmatch
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tfx_pipeline.series.spec import Layout, SeriesSpec

_LISTED = 5


@dataclass(frozen=True)
class Fields:
    """Places of columns in a header.

    Attributes:
        layout: The file's.
        names: Of all columns, as the description writes them where it does.
        times: The layout's timestamp columns.
        values: The measurements, in their order; where columns are meters, these.
        meter: The column that names a row's meter, if there is one.
        group: The column that names its group, if there is one.
        meters: Names of the meters, where columns are meters; else none.
    """

    layout: Layout
    names: tuple[str, ...]
    times: tuple[int, ...]
    values: tuple[int, ...]
    meter: int | None
    group: int | None
    meters: tuple[str, ...]

    @property
    def used(self) -> list[int]:
        """Places of the columns that are read, in the header's order."""
        others = (place for place in (self.meter, self.group) if place is not None)
        return sorted({*self.times, *self.values, *others})


class HeaderError(ValueError):
    """A header does not have the columns of the description; the message says which."""


def layout_of(names: Sequence[str], layouts: Iterable[Layout]) -> Layout | None:
    """The first layout whose timestamp columns are there."""
    found = {name.lower() for name in names}
    return next((one for one in layouts if found >= {name.lower() for name in one.timestamp}), None)


def closest(names: Sequence[str], layouts: Sequence[Layout]) -> Layout:
    """The layout most of whose timestamp columns are there."""
    found = {name.lower() for name in names}
    return max(layouts, key=lambda one: len(found & {name.lower() for name in one.timestamp}))


def required(layout: Layout, spec: SeriesSpec) -> tuple[str, ...]:
    """The columns that a file of a layout needs."""
    values = spec.meter_columns or tuple(one.column for one in spec.measurements)
    return (*layout.timestamp, *values)


def described(names: Sequence[str], layout: Layout, spec: SeriesSpec) -> int:
    """How many of the columns that a file of a layout needs are among the names."""
    patterns = _any_of(spec.meter_columns)
    needed = {name.lower() for name in required(layout, spec)}
    return sum(bool(name in needed or patterns.fullmatch(name)) for name in map(str.lower, names))


def fields_of(names: Sequence[str], layout: Layout, spec: SeriesSpec) -> Fields:
    """Finds the columns, in any order and case.

    Args:
        names: Of the header.
        layout: The file's.
        spec: The series.

    Raises:
        HeaderError: Columns are missing, repeated or unknown.
    """
    group = () if spec.group is None else (spec.group,)
    needed = (*layout.timestamp, *group)
    if not spec.meter_columns:
        needed = (*needed, *(one.column for one in spec.measurements))
    canonical = {name.lower(): name for name in (*spec.meter, *needed)}
    is_meter, is_ignored = _any_of(spec.meter_columns), _any_of(spec.ignored)
    lowered = [name.lower() for name in names]
    # A column without a name, such as one behind a last delimiter, can only be meant by "".
    kept = [
        place
        for place, name in enumerate(lowered)
        if name in canonical or (name and not is_ignored.fullmatch(name))
    ]
    meters = [
        place
        for place in kept
        if lowered[place] not in canonical and is_meter.fullmatch(lowered[place])
    ]
    _refuse_differences(
        [names[place] for place in kept], canonical, {names[place] for place in meters}, needed
    )
    if spec.meter_columns and not meters:
        raise HeaderError(f"no column is called {' or '.join(spec.meter_columns)}")
    place_of = {lowered[place]: place for place in kept}
    found = [place_of[name.lower()] for name in spec.meter if name.lower() in place_of]
    if len(found) > 1:
        raise HeaderError(f"both a {' and a '.join(names[one] for one in found)} column")
    measured = [place_of[one.column.lower()] for one in spec.measurements if not meters]
    return Fields(
        layout,
        tuple(canonical.get(name.lower(), name) for name in names),
        tuple(place_of[name.lower()] for name in layout.timestamp),
        tuple(meters or measured),
        found[0] if found else None,
        place_of[spec.group.lower()] if spec.group else None,
        tuple(names[place] for place in meters),
    )


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    """Matches what any of the patterns does, in lower case; nothing where there are none."""
    found = "|".join(fnmatch.translate(pattern.lower()) for pattern in patterns)
    return re.compile(found or r"(?!)")


def _refuse_differences(
    names: Sequence[str], canonical: Mapping[str, str], meters: set[str], needed: Sequence[str]
) -> None:
    count = Counter(name.lower() for name in names)
    missing = [name for name in needed if name.lower() not in count]
    if len(missing) == len(needed):
        raise HeaderError("this is not a header")
    extra = [repr(name) for name in names if name.lower() not in canonical and name not in meters]
    double = sorted({name for name in names if count[name.lower()] > 1})
    found = [
        f"{what}: {listed(which)}"
        for what, which in (
            ("missing columns", missing),
            ("extra columns", extra),
            ("columns named twice", double),
        )
        if which
    ]
    if found:
        raise HeaderError("; ".join(found))


def listed(names: Sequence[str]) -> str:
    """Names for people, not more than a few."""
    more = f" and {len(names) - _LISTED:,} more" if len(names) > 2 * _LISTED else ""
    return ", ".join(map(cut, names[: _LISTED if more else None])) + more


def cut(text: str, longest: int = 60) -> str:
    """A text for people, not longer than that."""
    return text if len(text) <= longest else text[:longest] + "..."
