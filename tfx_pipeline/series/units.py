"""Units of power, and of energy per step."""

POWER = {"W": 1.0, "kW": 1e3, "MW": 1e6}
"""Unit -> watts."""
ENERGY = {"Wh": 1.0, "kWh": 1e3, "MWh": 1e6}
"""Unit -> watt-hours."""
_HOUR = 3600


def convertible(one: str, other: str) -> bool:
    """Whether both measure power, or energy per step."""
    return one == other or {one, other} <= POWER.keys() | ENERGY.keys()


def factor(one: str, other: str, step: int) -> float:
    """What a value in one unit is multiplied by to be in another.

    Args:
        one: Unit of the value.
        other: The other; see `convertible`.
        step: Seconds over which energy is summed.
    """
    return 1.0 if one == other else _watts(one, step) / _watts(other, step)


def _watts(unit: str, step: int) -> float:
    """Mean power of one unit."""
    return POWER[unit] if unit in POWER else ENERGY[unit] * _HOUR / step
