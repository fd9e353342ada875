"""Tells what a column measures, in which unit: by the words of its header, and by its values."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tfx_pipeline.data.describe.columns import Column, Numbers
from tfx_pipeline.data.describe.errors import Remarks
from tfx_pipeline.data.describe.vocabulary import HOUSEHOLD, Quantity, Words, understand
from tfx_pipeline.series import units
from tfx_pipeline.series.clock import HOUR

_ENERGIES = ("power", "energy", "counter")
_RISES = 0.995
"""Fraction of the steps that do not fall, from which on a column is a counter."""
_MAINS = ((100, 130), (210, 255), (370, 430))
"""V."""
_MILLI = {"MW": "mW", "MWh": "mWh"}
"""Unit -> what differs from it in case alone, which headers often lose."""
_LONG = 300
"""Seconds between rows from which on a nameless column rather holds energy than power."""


@dataclass(frozen=True)
class Rows:
    """How the rows of a sample follow each other.

    Attributes:
        order: int64 [n], their places, meter by meter.
        same: bool [n - 1], whether a row and the next are of one meter and stretch.
        seconds: int64 [n], since 1970, in that order.
        row: Usual seconds between rows.
    """

    order: npt.NDArray[np.int64]
    same: npt.NDArray[np.bool_]
    seconds: npt.NDArray[np.int64]
    row: float


@dataclass(frozen=True)
class Kind:
    """What a column measures.

    Attributes:
        quantity: What; None: nothing tells.
        unit: Of a step's value.
        watts: Mean power, where it measures power or energy.
        negative: Whether it has values below zero.
        roles: What the header says of it.
    """

    quantity: Quantity | None
    unit: str
    watts: float
    negative: bool
    roles: frozenset[str]

    @property
    def aggregate(self) -> str:
        """How rows become a step."""
        return {"energy": "sum", "counter": "difference"}.get(self.quantity or "", "mean")

    @property
    def is_load(self) -> bool:
        """Whether it measures power or energy."""
        return self.quantity in _ENERGIES


def find_kind(column: Column, rows: Rows, common_unit: Words | None, remarks: Remarks) -> Kind:
    """Tells what a column of numbers measures.

    Args:
        column: The column.
        rows: How its rows follow each other.
        common_unit: What a column with the unit of all values says.
        remarks: Gets how sure that is.
    """
    said = understand(column.label)
    if common_unit and said.unit is None and (said.quantity is None or said.quantity in _ENERGIES):
        said = Words(said.quantity or common_unit.quantity, common_unit.unit, said.roles)
    numbers = column.numbers[rows.order] if column.numbers is not None else np.empty(0)
    counts = _counts(numbers, rows.same)
    seen = numbers[np.isfinite(numbers)]
    negative = bool((seen < 0).mean() > 1e-4) if seen.size else False
    quantity, unit = said.quantity, said.unit
    # The unit knows power from energy, whatever a register or another column says.
    if unit in units.POWER:
        quantity, counts = "power", False
    elif unit in units.ENERGY and quantity == "power":
        quantity = "energy"
    if counts and quantity in (None, *_ENERGIES) and not _is_row_number(seen):
        if quantity is None:
            remarks.doubt(column.name, "it only rises: a counter")
        quantity = "counter"
    elif quantity == "counter":
        quantity = "energy"
        remarks.doubt(column.name, "called a reading, but it falls as often as it rises")
    elif quantity is None and _is_mains(seen):
        quantity, unit = "voltage", "V"
        remarks.doubt(column.name, f"voltage, as its values are about {np.median(seen):.0f}")
    elif quantity is None and seen.size and _is_row_number(seen):
        quantity = "other"
    unit = unit or _usual_unit(quantity, numbers, rows, column.name, remarks)
    if quantity in _ENERGIES and unit not in units.POWER | units.ENERGY:
        quantity = "other"
    if quantity in _ENERGIES and unit in _MILLI:
        unit = _mega_or_milli(quantity, unit, numbers, rows, column, remarks)
    watts = mean_watts(quantity, unit, numbers, rows) if quantity in _ENERGIES else 0.0
    return Kind(quantity, unit, watts, negative, said.roles)


def nameless_load(column: Column, rows: Rows, remarks: Remarks) -> Kind:
    """What a column measures that must be the load, though nothing says so."""
    quantity: Quantity = "energy" if rows.row >= _LONG else "power"
    numbers = column.numbers[rows.order] if column.numbers is not None else np.empty(0)
    unit = _usual_unit(quantity, numbers, rows, column.name, remarks)
    wording = "energy of an interval (aggregate: sum)" if quantity == "energy" else "mean power"
    other = "mean" if quantity == "energy" else "sum"
    remarks.doubt(
        column.name, f"its name does not say what it is: taken for {wording}; {other} if it is not"
    )
    negative = bool((numbers < 0).any())
    watts = mean_watts(quantity, unit, numbers, rows)
    return Kind(quantity, unit, watts, negative, understand(column.name).roles)


def mean_watts(quantity: str | None, unit: str, numbers: Numbers, rows: Rows) -> float:
    """Mean power of a column, in the order of `rows`."""
    watts = row_watts(quantity, unit, numbers, rows)
    seen = watts[np.isfinite(watts)]
    return float(np.abs(seen).mean()) if seen.size else 0.0


def row_watts(quantity: str | None, unit: str, numbers: Numbers, rows: Rows) -> Numbers:
    """Power behind each row's value, watts; of a counter, since the row before."""
    if quantity == "power":
        return numbers * units.POWER[unit]
    scale = units.ENERGY[unit] * HOUR
    if quantity == "energy":
        return numbers * (scale / rows.row)
    step = np.diff(rows.seconds)
    rise = np.diff(numbers)
    good = rows.same & (step > 0) & (rise >= 0)
    watts = np.full(numbers.size, np.nan)
    watts[1:][good] = rise[good] * scale / step[good]
    return watts


def _mega_or_milli(
    quantity: Quantity, mega: str, numbers: Numbers, rows: Rows, column: Column, remarks: Remarks
) -> str:
    """The unit that makes what a household uses; where neither does, the one that is written."""
    low, high = HOUSEHOLD
    watts = {unit: mean_watts(quantity, unit, numbers, rows) for unit in (mega, _MILLI[mega])}
    written = [
        unit for unit in watts if re.search(rf"(?<![A-Za-z]){unit}(?![A-Za-z])", column.label)
    ]
    usual = [unit for unit, mean in watts.items() if low <= mean <= high]
    unit = [*usual, *written, mega][0]
    if unit not in usual or unit not in written:
        remarks.doubt(
            column.name,
            f"{' or '.join(watts)}: taken for {unit}, which makes {watts[unit]:,.3g} W on average",
        )
    return unit


def _counts(numbers: Numbers, same: npt.NDArray[np.bool_]) -> bool:
    """Whether values only rise, but for resets to about zero."""
    finite = np.isfinite(numbers)
    part = np.concatenate(([0], np.cumsum(~same)))[finite]
    seen = numbers[finite]
    if seen.size < 3:
        return False
    inner = np.diff(part) == 0
    rise, before, after = np.diff(seen)[inner], seen[:-1][inner], seen[1:][inner]
    if not rise.size or (rise > 0).mean() < 0.02 or np.unique(seen[:10_000]).size < 10:
        return False
    if (seen < 0).any():
        return False
    falls = rise < 0
    if falls.mean() < 1 - _RISES:
        return True
    # One that begins anew each day.
    resets = after[falls] <= 0.05 * before[falls]
    steady = rise.max() < 0.5 * seen.max() and (rise > 0).sum() > 5 * falls.sum()
    return bool(resets.mean() > 0.98 and steady)


def _is_row_number(seen: Numbers) -> bool:
    return bool(seen.size > 2 and (np.diff(seen) == 1).mean() > 0.99)


def _is_mains(seen: Numbers) -> bool:
    if seen.size < 10:
        return False
    low, middle, high = np.percentile(seen, [5, 50, 95])
    return any(a < middle < b for a, b in _MAINS) and 0 < high - low < 0.15 * middle


def _usual_unit(
    quantity: Quantity | None, numbers: Numbers, rows: Rows, name: str, remarks: Remarks
) -> str:
    fixed = {"voltage": "V", "current": "A", "temperature": "degC"}
    if quantity in fixed:
        return fixed[quantity]
    if quantity not in _ENERGIES:
        return "kvar" if quantity == "reactive" else "1"
    choices = ("W", "kW") if quantity == "power" else ("Wh", "kWh")
    low, high = HOUSEHOLD
    small = mean_watts(quantity, choices[0], numbers, rows)
    # Small figures are of the larger unit.
    unit = choices[1] if small < low else choices[0]
    large = mean_watts(quantity, choices[1], numbers, rows)
    if small >= low and low <= large <= high:  # both are possible
        unit = choices[1] if large < 3_000 else choices[0]
    mean = small if unit == choices[0] else large
    remarks.doubt(name, f"its unit is not said: {unit}, as that makes {mean:,.0f} W on average")
    return unit
