"""Units of power, of energy per step, and of what the power triangle ties to them."""

from tfx_pipeline.series.clock import HOUR

POWER = {"mW": 1e-3, "W": 1.0, "kW": 1e3, "MW": 1e6}
"""Unit -> watts."""
ENERGY = {"mWh": 1e-3, "Wh": 1.0, "kWh": 1e3, "MWh": 1e6}
"""Unit -> watt-hours."""
REACTIVE = {"var": 1.0, "kvar": 1e3, "Mvar": 1e6}
"""Unit -> volt-amperes, reactive; also written as power."""
VOLTAGE = {"mV": 1e-3, "V": 1.0, "kV": 1e3}
"""Unit -> volts."""
CURRENT = {"mA": 1e-3, "A": 1.0, "kA": 1e3}
"""Unit -> amperes."""
_KINDS = (POWER | ENERGY, POWER | REACTIVE, VOLTAGE, CURRENT)


def convertible(one: str, other: str) -> bool:
    """Whether both measure the same: power or energy per step, reactive power, voltage, current."""
    return one == other or any(one in kind and other in kind for kind in _KINDS)


def factor(one: str, other: str, step: int) -> float:
    """What a value in one unit is multiplied by to be in another.

    Args:
        one: Unit of the value.
        other: The other; see `convertible`.
        step: Seconds over which energy is summed.
    """
    return 1.0 if one == other else _size(one, step) / _size(other, step)


def _size(unit: str, step: int) -> float:
    """One unit in watts, of mean power, in volts or in amperes."""
    if unit in ENERGY:
        return ENERGY[unit] * HOUR / step
    return (POWER | REACTIVE | VOLTAGE | CURRENT)[unit]
