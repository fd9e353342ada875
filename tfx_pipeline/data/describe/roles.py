"""Gives the columns their parts in the series: target, parts of it, covariates, known ahead."""

from __future__ import annotations

import fnmatch
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from tfx_pipeline.data.describe.columns import Column, Numbers
from tfx_pipeline.data.describe.errors import DescribeError, Remarks
from tfx_pipeline.data.describe.kinds import Kind, Rows, nameless_load, row_watts
from tfx_pipeline.data.describe.meters import wide_columns
from tfx_pipeline.data.describe.vocabulary import Quantity, understand
from tfx_pipeline.series import units

_BLOCK = 12
"""Rows over which power is averaged before it is compared."""
_ALIKE = 0.03
_WITHIN = 0.97
"""Fraction of the blocks in which parts stay below the whole."""
_COVARIATES = 30
_ROLES_OF_OTHERS = frozenset(("export", "solar", "ahead"))


@dataclass(frozen=True)
class Roles:
    """Which column is what.

    Attributes:
        target: Its column; of wide files the first of the meters.
        wide: Patterns of the columns that are a meter each.
        parts: Columns that measure parts of the target.
        covariates: Columns known up to now, parts among them.
        known_ahead: Columns known ahead.
        kinds: What the columns measure.
        ignored: Columns that are not read.
    """

    target: str
    wide: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    known_ahead: tuple[str, ...] = ()
    kinds: dict[str, Kind] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()


def find_roles(
    columns: Mapping[str, Column],
    kinds: dict[str, Kind],
    rows: Rows,
    one_meter: bool,
    file: str,
    remarks: Remarks,
) -> Roles:
    """Finds the target and what the other columns are to it.

    Args:
        columns: Those that name neither time nor meter nor group.
        kinds: What those with numbers that vary measure.
        rows: How the rows follow each other.
        one_meter: Whether no column names the meter.
        file: For messages.
        remarks: Gets how sure that is.

    Raises:
        DescribeError: No column can be the target.
    """
    nameless = [name for name, kind in kinds.items() if kind.quantity is None]
    loads = {name: kind for name, kind in kinds.items() if kind.is_load}
    if one_meter and (wide := wide_columns(columns, [*loads, *nameless])):
        return _wide(wide, [*loads, *nameless], columns, kinds, rows, remarks)
    kinds = dict(kinds)
    if not loads and nameless:
        chosen = _most_varied(nameless, columns)
        kinds[chosen] = nameless_load(columns[chosen], rows, remarks)
        loads = {chosen: kinds[chosen]}
    if not loads:
        doubts = (f"; {one.field}: {one.text}" for one in remarks.made if one.field in columns)
        raise DescribeError(
            f"{file}: no column with power or energy that varies, of {', '.join([*columns][:8])}"
            + "".join(islice(doubts, 3))
        )
    target = _target(loads, remarks)
    watts = {name: _watts(columns[name], kind, rows) for name, kind in loads.items()}
    for name, kind in _nameless_parts(nameless, columns, rows, watts[target]).items():
        loads[name] = kinds[name] = kind
        watts[name] = _watts(columns[name], kind, rows)
        remarks.doubt(name, f"its unit is not said: {kind.unit}, the largest of which parts fit")
    same = _same(target, loads, watts)
    for name in same:
        remarks.note(name, f"measures the same as {target}; not read")
    others = [name for name in loads if name != target and name not in same]
    parts = _parts(target, others, kinds, watts, remarks)
    known = [n for n, kind in kinds.items() if kind.quantity not in (None, "other")]
    ahead = tuple(n for n in known if "ahead" in kinds[n].roles and n not in loads)
    rest = [n for n in known if n != target and n not in same and n not in ahead]
    rest += [n for n, k in kinds.items() if k.quantity == "other" and k.unit != "1"]
    covariates = tuple(rest[:_COVARIATES])
    for name in rest[_COVARIATES:]:
        remarks.doubt(name, f"not read: {_COVARIATES} covariates are enough to begin with")
    used = {target, *covariates, *ahead}
    ignored = tuple(name for name in columns if name not in used)
    for name in nameless:
        if name in ignored:
            remarks.doubt(name, "its name does not say what it is; not read")
    return Roles(target, (), parts, covariates, ahead, kinds, ignored)


def _wide(
    patterns: tuple[str, ...],
    names: list[str],
    columns: Mapping[str, Column],
    kinds: dict[str, Kind],
    rows: Rows,
    remarks: Remarks,
) -> Roles:
    first = names[0]
    if kinds[first].quantity is None:
        kinds = kinds | {first: nameless_load(columns[first], rows, remarks)}
    if any(kinds[name].negative for name in names):
        kinds = kinds | {first: _negative(kinds[first])}
    remarks.doubt(
        "meter_columns",
        f"{len(names):,} columns of one naming scheme and no total: each is taken for a meter",
    )
    taken = re.compile("|".join(fnmatch.translate(one.lower()) for one in patterns))
    ignored = tuple(name for name in columns if not taken.match(name.lower()))
    return Roles(first, patterns, kinds=kinds, ignored=ignored)


def _negative(kind: Kind) -> Kind:
    return Kind(kind.quantity, kind.unit, kind.watts, True, kind.roles)


def _most_varied(names: list[str], columns: Mapping[str, Column]) -> str:
    def worth(name: str) -> tuple[bool, bool, int]:
        roles, column = understand(name).roles, columns[name]
        variety = 0 if column.numbers is None else min(column.distinct, 100)
        return "total" in roles, "part" not in roles, variety

    return max(names, key=worth)


def _numbers(column: Column, rows: Rows) -> Numbers:
    return column.numbers[rows.order] if column.numbers is not None else np.empty(0)


def _target(loads: Mapping[str, Kind], remarks: Remarks) -> str:
    most = max(kind.watts for kind in loads.values())

    def worth(name: str) -> tuple[bool, bool, bool, float, bool]:
        kind = loads[name]
        return (
            not kind.roles & _ROLES_OF_OTHERS,
            "total" in kind.roles and "part" not in kind.roles,
            "part" not in kind.roles,
            round(kind.watts / (most or 1.0) / 0.1),
            kind.quantity != "counter",
        )

    chosen = max(loads, key=worth)
    if len(loads) > 1:
        others = ", ".join(name for name in loads if name != chosen)
        if len(others) > 120:
            others = f"{len(loads) - 1} columns"
        remarks.doubt("target", f"chosen before {others}")
    if len(loads) > 1 and "part" in loads[chosen].roles:
        remarks.doubt("target", "no column is a total: this is the largest")
    if loads[chosen].negative:
        remarks.note(chosen, "negative values: more is fed in than used, as with solar panels")
    return chosen


def _blocks(watts: Numbers) -> Numbers:
    """Means of a dozen rows; NaN where half of them have no value."""
    if watts.size < 3 * _BLOCK:
        return watts
    blocks = watts[: watts.size // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
    seen = np.isfinite(blocks)
    count = seen.sum(axis=1)
    total = np.where(seen, blocks, 0.0).sum(axis=1)
    return np.where(count >= _BLOCK / 2, total / np.maximum(count, 1), np.nan)


def _same(target: str, loads: Mapping[str, Kind], watts: Mapping[str, Numbers]) -> list[str]:
    """Columns that measure what the target does, in another form."""
    found = []
    whole = watts[target]
    for name in loads:
        both = np.isfinite(whole) & np.isfinite(watts[name])
        if name == target or both.sum() < 3:
            continue
        one, other = whole[both], watts[name][both]
        scale = np.abs(one).mean()
        if scale and np.abs(one - other).mean() < _ALIKE * scale:
            found.append(name)
    return found


def _parts(
    target: str,
    others: list[str],
    kinds: Mapping[str, Kind],
    watts: Mapping[str, Numbers],
    remarks: Remarks,
) -> tuple[str, ...]:
    """Columns that together stay below the target."""
    able = [n for n in others if not kinds[n].roles & _ROLES_OF_OTHERS and not kinds[n].negative]
    if kinds[target].quantity != "counter":
        # Beside a power or an energy, a counter is a total that goes on, not one of its parts.
        able = [name for name in able if kinds[name].quantity != "counter"]
    if kinds[target].negative or not able:
        return ()
    named = [name for name in able if "part" in kinds[name].roles]
    schemes = Counter(_letters(name) for name in able)
    scheme, _ = schemes.most_common(1)[0]
    for group in (able, named, [name for name in able if _letters(name) == scheme]):
        if group and _within(target, group, watts):
            for name in group:
                text = f"a part of {target}, as all of them together stay below it"
                remarks.note(name, text) if name in named or len(group) > 1 else remarks.doubt(
                    name, text
                )
            return tuple(group)
    return ()


def _nameless_parts(
    nameless: list[str], columns: Mapping[str, Column], rows: Rows, whole: Numbers
) -> dict[str, Kind]:
    """Parts by their names, in the largest unit in which they stay below the target together."""
    found = {name: understand(name) for name in nameless}
    names = [name for name, said in found.items() if "part" in said.roles]
    if not names:
        return {}
    sized: list[tuple[Quantity, str, float]]
    # In thousandths nearly everything fits.
    sized = [("power", unit, watts) for unit, watts in units.POWER.items() if watts >= 1]
    sized += [
        ("energy", unit, wh * 3600 / rows.row) for unit, wh in units.ENERGY.items() if wh >= 1
    ]
    for quantity, unit, _ in sorted(sized, key=lambda one: -one[2]):
        kinds = {name: Kind(quantity, unit, 0.0, False, found[name].roles) for name in names}
        watts = {name: _watts(columns[name], kind, rows) for name, kind in kinds.items()}
        if _within("", names, watts | {"": whole}):
            return kinds
    return {}


def _watts(column: Column, kind: Kind, rows: Rows) -> Numbers:
    return _blocks(row_watts(kind.quantity, kind.unit, _numbers(column, rows), rows))


def _letters(name: str) -> str:
    return "".join(one for one in name if not one.isdigit())


def _within(target: str, names: list[str], watts: Mapping[str, Numbers]) -> bool:
    parts = sum(np.nan_to_num(watts[name]) for name in names)
    whole = watts[target]
    seen = np.isfinite(whole)
    if not seen.any():
        return False
    room = 0.05 * whole[seen].mean()
    return bool((np.asarray(parts)[seen] <= 1.03 * whole[seen] + room).mean() > _WITHIN)
