"""What physics says of measurements of one step: what cannot be at the same time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tfx_pipeline.series import units
from tfx_pipeline.series.spec import PowerTriangle, SeriesSpec

Values = npt.NDArray[np.float32]


class Law(NamedTuple):
    """A relation that holds in every step, up to the meter's rounding.

    Attributes:
        name: Key in reports.
        broken: Values, float32 [measurements, n], to bool [n]: True where it is broken. A step
            with a missing value breaks nothing.
    """

    name: str
    broken: Callable[[Values], npt.NDArray[np.bool_]]


def laws(spec: SeriesSpec) -> tuple[Law, ...]:
    """The laws that hold for a series, by what its description says of the measurements."""
    found = _triangle_laws(spec, spec.power_triangle) if spec.power_triangle else ()
    return (*found, *_parts_law(spec))


def count_violations(of: Sequence[Law], values: Values) -> dict[str, int]:
    """Counts the steps that break each law.

    Args:
        of: The laws.
        values: float32 [measurements, n], NaN for missing.

    Returns:
        Law name to number of steps.
    """
    with np.errstate(invalid="ignore"):
        return {law.name: int(np.count_nonzero(law.broken(values))) for law in of}


# The tolerances cover the rounding of the meter of the UCI household (0.2 A steps, whole Wh in a
# minute): in its 2,075,259 minutes the first and the last law are never broken, the second in
# 0.06 % of them.
def _triangle_laws(spec: SeriesSpec, roles: PowerTriangle) -> tuple[Law, ...]:
    active = _converted(spec, roles.active, "kW")
    reactive = _converted(spec, roles.reactive, "kvar")
    voltage = _converted(spec, roles.voltage, "V")
    current = _converted(spec, roles.current, "A")

    def active_above_apparent(values: Values) -> npt.NDArray[np.bool_]:
        apparent = voltage(values) * current(values) / 1000.0
        return np.asarray(active(values) > 1.05 * apparent + 0.05)

    def apparent_above_power(values: Values) -> npt.NDArray[np.bool_]:
        apparent = voltage(values) * current(values) / 1000.0
        power = np.hypot(active(values), reactive(values))
        return np.asarray(apparent > 1.2 * power + 0.2)

    return (
        Law("active power above voltage x intensity", active_above_apparent),
        Law("voltage x intensity above active and reactive power", apparent_above_power),
    )


def _parts_law(spec: SeriesSpec) -> tuple[Law, ...]:
    parts = [_converted(spec, name, "kW") for name in spec.parts]
    total = _converted(spec, spec.target.name, "kW")

    def parts_above_total(values: Values) -> npt.NDArray[np.bool_]:
        whole = sum((part(values) for part in parts), np.float32(0))
        return np.asarray(whole > 1.05 * total(values) + 0.12)  # 2 Wh in a minute

    return (Law("sub-meters above the total", parts_above_total),) if parts else ()


def _converted(spec: SeriesSpec, name: str, unit: str) -> Callable[[Values], Values]:
    """Takes one measurement out of the values, in another unit."""
    row = spec.names.index(name)
    factor = np.float32(units.factor(spec.measurements[row].unit, unit, spec.step))
    return lambda values: values[row] if factor == 1 else values[row] * factor
