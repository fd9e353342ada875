"""What physics says of the measurements: what is impossible, what cannot be at the same time."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

BOUNDS: dict[str, tuple[float, float]] = {
    "Global_active_power": (-100.0, 100.0),
    "Global_reactive_power": (-100.0, 100.0),
    "Voltage": (0.0, 500.0),
    "Global_intensity": (0.0, 500.0),
    "Sub_metering_1": (0.0, 1700.0),
    "Sub_metering_2": (0.0, 1700.0),
    "Sub_metering_3": (0.0, 1700.0),
}
"""Lowest and highest value that a household's meter can have, in the units of the contract.

No household's connection carries 100 kW (1,667 Wh per minute), in either direction. Whether a
value that is possible is also likely is for the curated schema to say.
"""

RESTLESS = ("Global_active_power", "Global_reactive_power", "Voltage", "Global_intensity")
"""Measurements that never keep one value, other than zero, for hours. A sub-meter may: what it
measures may be off for weeks, or always on."""

Columns = Mapping[str, np.ndarray]


class Law(NamedTuple):
    """A relation that holds in every minute, up to the meter's rounding.

    Attributes:
        name: Key in reports.
        broken: Measurements, each [minutes], to a bool [minutes]: True where it is broken. A
            minute with a missing value breaks nothing.
    """

    name: str
    broken: Callable[[Columns], np.ndarray]


def _active_above_apparent(columns: Columns) -> np.ndarray:
    apparent = columns["Voltage"] * columns["Global_intensity"] / 1000.0
    return columns["Global_active_power"] > 1.05 * apparent + 0.05


def _apparent_above_power(columns: Columns) -> np.ndarray:
    apparent = columns["Voltage"] * columns["Global_intensity"] / 1000.0
    power = np.hypot(columns["Global_active_power"], columns["Global_reactive_power"])
    return apparent > 1.2 * power + 0.2


def _sub_meters_above_total(columns: Columns) -> np.ndarray:
    parts = columns["Sub_metering_1"] + columns["Sub_metering_2"] + columns["Sub_metering_3"]
    return parts > 1.05 * columns["Global_active_power"] * 1000.0 / 60.0 + 2.0


# The tolerances cover the original meter's rounding (0.2 A steps, whole Wh): in its
# 2,075,259 minutes the first and the last law are never broken, the second in 0.06 % of them.
LAWS: tuple[Law, ...] = (
    Law("active power above voltage x intensity", _active_above_apparent),
    Law("voltage x intensity above active and reactive power", _apparent_above_power),
    Law("sub-meters above the total", _sub_meters_above_total),
)


def count_violations(columns: Columns) -> dict[str, int]:
    """Counts the minutes that break each law.

    Args:
        columns: Measurement name to float [minutes], NaN for missing, in the units of the contract.

    Returns:
        Law name to number of minutes.
    """
    with np.errstate(invalid="ignore"):
        return {law.name: int(np.count_nonzero(law.broken(columns))) for law in LAWS}
