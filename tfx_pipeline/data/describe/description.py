"""Describes a file: puts together what its text, times and values say."""

from __future__ import annotations

import glob
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

import numpy as np
import pyarrow.compute as pc

from tfx_pipeline.data.describe.cadence import Cadence, find_cadence, note_gaps
from tfx_pipeline.data.describe.clock_changes import in_utc, zone_of_local_times, zone_of_offsets
from tfx_pipeline.data.describe.columns import Column, read_columns
from tfx_pipeline.data.describe.errors import Remarks
from tfx_pipeline.data.describe.kinds import Kind, Rows, find_kind
from tfx_pipeline.data.describe.meters import Meters, by_meter, find_meters
from tfx_pipeline.data.describe.roles import Roles, find_roles
from tfx_pipeline.data.describe.sample import Sample, take_sample
from tfx_pipeline.data.describe.text_layout import Style
from tfx_pipeline.data.describe.timestamps import find_times
from tfx_pipeline.data.describe.triangle import find_triangle
from tfx_pipeline.data.describe.vocabulary import UNITS, Words, plain
from tfx_pipeline.data.describe.written_times import Times
from tfx_pipeline.series.clock import DAY
from tfx_pipeline.series.durations import iso
from tfx_pipeline.series.spec import RESERVED, SeriesSpec

_NEVER_NEGATIVE = ("power", "energy", "counter", "voltage", "current")
_SHOWN = 40


class Line(NamedTuple):
    """One column in the table on the terminal."""

    column: str
    kind: str
    unit: str
    least: float
    mean: float
    most: float
    missing: float
    sure: bool


@dataclass(frozen=True)
class Description:
    """What was found out about a file.

    Attributes:
        file: Its path.
        values: The fields of `SeriesSpec` that differ from their defaults, as YAML has them.
        remarks: What is said of them.
        lines: The columns, for the terminal.
        seen: What was looked at.
        meters: Meters that were seen.
    """

    file: str
    values: dict[str, Any]
    remarks: Remarks
    lines: list[Line]
    seen: str
    meters: int

    @property
    def spec(self) -> SeriesSpec:
        """The description itself."""
        return SeriesSpec.model_validate(self.values)


def describe(file: str) -> Description:
    """Describes a file that nobody has described.

    Args:
        file: Path of a CSV file, plain, gzip or zip, or of a Parquet file.

    Raises:
        DescribeError: It cannot be described; the message says why, and what to do.
    """
    remarks = Remarks()
    sample = take_sample(file)
    if sample.odd_rows:
        remarks.doubt(
            "layouts", f"{sample.odd_rows:,} lines have not the header's number of fields"
        )
    if sample.above:
        remarks.note("layouts", f"the header is in line {sample.above + 1}, below what is not read")
    if sample.units:
        remarks.note("layouts", "a line of units stands below the header")
    times = find_times(sample, file, remarks)
    if not times.known.all():
        count = int((~times.known).sum())
        remarks.doubt("timestamp", f"{count:,} rows have no time that could be read")
    taken = {*times.columns, *times.others}
    names = [name for name in sample.table.column_names if name not in taken]
    columns, style = read_columns(sample, names, remarks)
    meters = find_meters(sample, times, columns, remarks)
    order = by_meter(times, sample.stretch, meters.codes)
    rows, cadence = _rows(sample, times, meters, order, file, remarks)
    zone = _zone(times, rows, order, sample.whole, cadence, remarks)
    if cadence.seconds == cadence.row:
        seconds = rows.seconds if times.real or not zone else in_utc(rows.seconds, zone)
        note_gaps(np.diff(seconds)[rows.same], cadence, remarks)
    rest = {n: one for n, one in columns.items() if n not in (meters.column, meters.group)}
    common = _common_unit(rest)
    kinds = {
        name: find_kind(column, rows, common, remarks)
        for name, column in rest.items()
        if column.numbers is not None and _varies(column)
    }
    roles = find_roles(rest, kinds, rows, meters.column is None, file, remarks)
    layout = _layout(times, sample, style)
    spec = {
        "layouts": [layout],
        "zone": zone,
        "interval_ends": _ends(times, rows, cadence, remarks),
        "meter": meters.column,
        "meter_columns": list(roles.wide),
        "group": meters.group,
        "cadence": iso(timedelta(seconds=cadence.seconds)),
        **_measurements(roles, rest),
        "power_triangle": _triangle(roles, rest, remarks),
        "ignored": [glob.escape(name) for name in (*times.others, *roles.ignored)],
    }
    if len(spec["ignored"]) > _SHOWN:
        remarks.note("ignored", f"{len(spec['ignored']):,} columns")
    values = {key: value for key, value in spec.items() if value not in (None, False, [], ())}
    lines = [_line(name, rest, roles, remarks) for name in _listed(roles, rest)]
    return Description(file, values, remarks, lines, sample.seen, _count(meters, roles, rest))


def _rows(
    sample: Sample,
    times: Times,
    meters: Meters,
    order: np.ndarray,
    file: str,
    remarks: Remarks,
) -> tuple[Rows, Cadence]:
    codes, stretch = meters.codes[order], sample.stretch[order]
    same = (np.diff(codes) == 0) & (np.diff(stretch) == 0)
    seconds = times.seconds[order]
    cadence = find_cadence(np.diff(seconds)[same], seconds, file, remarks)
    return Rows(order, same, seconds, cadence.row), cadence


def _zone(
    times: Times,
    rows: Rows,
    order: np.ndarray,
    whole: bool,
    cadence: Cadence,
    remarks: Remarks,
) -> str | None:
    if times.zone and times.zone != "UTC":
        remarks.note("zone", "as the file says")
        return times.zone
    if times.zone or times.utc or times.format in ("seconds", "milliseconds"):
        remarks.doubt(
            "zone",
            "times are those of UTC; write your own zone, such as Europe/Berlin, so that hours and "
            "days are those of the local clock",
        )
        return "UTC"
    if times.offsets is not None:
        return zone_of_offsets(times.seconds[order], times.offsets[order], remarks)
    if cadence.seconds == DAY:
        remarks.doubt("zone", "days of the local clock; write the zone for its holidays and days")
        return None
    return zone_of_local_times(rows.seconds, rows.same, whole, remarks)


def _ends(times: Times, rows: Rows, cadence: Cadence, remarks: Remarks) -> bool:
    """Whether the rows' times are the ends of their intervals."""
    if times.ends:
        remarks.note("interval_ends", f"as {times.columns[-1]} says")
        return True
    first, last = int(rows.seconds[0]) % DAY, int(rows.seconds[-1]) % DAY
    if not times.real and 60 <= cadence.seconds < DAY and first == cadence.seconds and not last:
        remarks.doubt(
            "interval_ends",
            "the first row of the day is one step after midnight and the last one at midnight, as "
            "where times are the ends of intervals",
        )
        return True
    return False


def _varies(column: Column) -> bool:
    numbers = column.numbers
    if numbers is None:
        return False
    seen = numbers[np.isfinite(numbers)]
    return bool(seen.size > 1 and seen.min() < seen.max())


def _common_unit(columns: Mapping[str, Column]) -> Words | None:
    """What a column says that holds the unit of the values, the same in all rows."""
    for column in columns.values():
        if column.is_text and column.distinct == 1:
            unit = UNITS.get(str(pc.min(column.values.drop_null()).as_py() or "").strip().lower())
            if unit:
                return Words(*unit, frozenset())
    return None


def _layout(times: Times, sample: Sample, style: Style) -> dict[str, Any]:
    only = len(times.columns) == 1
    layout: dict[str, Any] = {
        "timestamp": times.columns[0] if only else list(times.columns),
        "format": times.format,
    }
    if times.utc:
        layout["zone"] = "UTC"
    if sample.delimiter is not None:
        layout |= {"delimiter": sample.delimiter, "decimal": style.decimal}
        if style.thousands:
            layout["thousands"] = style.thousands
    return layout


def _measurements(roles: Roles, columns: Mapping[str, Column]) -> dict[str, Any]:
    used: set[str] = set()
    target = _measurement(roles.target, roles, columns, used)
    if roles.wide:
        quantity = roles.kinds[roles.target].quantity
        target["name"] = "power" if quantity == "power" else "energy"
        target.pop("column", None)
    return {
        "target": target,
        "covariates": [_measurement(n, roles, columns, used) for n in roles.covariates],
        "known_ahead": [_measurement(n, roles, columns, used) for n in roles.known_ahead],
    }


def _triangle(
    roles: Roles, columns: Mapping[str, Column], remarks: Remarks
) -> dict[str, str] | None:
    found = find_triangle(roles, columns)
    if not found:
        return None
    remarks.note("power_triangle", "voltage times current is the power that is measured")
    used: set[str] = set()
    names = {name: identifier(name, used) for name in (roles.target, *roles.covariates)}
    return {side: names[column] for side, column in found.items()}


def _measurement(
    column: str, roles: Roles, columns: Mapping[str, Column], used: set[str]
) -> dict[str, Any]:
    kind = roles.kinds[column]
    name = identifier(column, used)
    fields: dict[str, Any] = {"name": name}
    if name != column:
        fields["column"] = column
    fields["unit"] = _unit(kind, column)
    if kind.aggregate != "mean":
        fields["aggregate"] = kind.aggregate
    if kind.quantity in _NEVER_NEGATIVE and not kind.negative:
        fields["lowest"] = 0
    if column in roles.parts:
        fields["part_of_target"] = True
    return fields


def identifier(column: str, used: set[str]) -> str:
    """A name for examples and requests, from a column's; adds it to those that are used.

    >>> identifier("Zählerstand [kWh]", set())
    'Zahlerstand_kWh'
    """
    spread = "".join(
        one.upper() if one_was.isupper() else one
        for one, one_was in zip(_same_length(column), column, strict=True)
    )
    name = re.sub(r"[^A-Za-z0-9]+", "_", spread).strip("_")[:56]
    if not re.match(r"[A-Za-z]", name):
        name = f"column_{name}".rstrip("_")
    if name.lower() in RESERVED:
        name = f"{name}_value"
    base, number = name, 2
    while name.lower() in used:
        name, number = f"{base}_{number}", number + 1
    used.add(name.lower())
    return name


def _same_length(text: str) -> list[str]:
    """Each character in lower case without its accent; `ß` becomes `ss`."""
    return [plain(one) or " " for one in text]


def _unit(kind: Kind, column: str) -> str:
    if kind.quantity == "price" and (money := re.search(r"(€|[A-Za-z]{2,4}) ?/ ?kWh", column)):
        return money[0].replace("€", "EUR").replace(" ", "")
    return kind.unit


def _listed(roles: Roles, columns: Mapping[str, Column]) -> list[str]:
    first = [roles.target, *roles.covariates, *roles.known_ahead]
    return [*first, *(name for name in columns if name not in first)][:_SHOWN]


def _line(name: str, columns: Mapping[str, Column], roles: Roles, remarks: Remarks) -> Line:
    column = columns[name]
    seen = column.numbers if column.numbers is not None else np.empty(0)
    seen = seen[np.isfinite(seen)]
    figures = (seen.min(), seen.mean(), seen.max()) if seen.size else (np.nan,) * 3
    sure = not remarks.doubtful(name)
    if name == roles.target or (roles.wide and name not in roles.ignored):
        role = "a meter" if roles.wide else "target"
    elif name in roles.parts:
        role = "part"
    elif name in roles.known_ahead:
        role = "known ahead"
    elif name in roles.covariates:
        role = "covariate"
    else:
        role = "ignored"
    kind = roles.kinds.get(name)
    what = f"{role}: {kind.quantity}" if kind and kind.quantity and role != "ignored" else role
    unit = _unit(kind, name) if kind and role != "ignored" else ""
    least, mean, most = map(float, figures)
    return Line(name, what, unit, least, mean, most, column.missing, sure)


def _count(meters: Meters, roles: Roles, columns: Mapping[str, Column]) -> int:
    return len(columns) - len(roles.ignored) if roles.wide else meters.count
