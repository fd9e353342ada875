"""Physical laws: kept by plausible steps, broken by each kind of mistake, in any unit."""

import numpy as np
import pytest

from tests.support.settings import defaults
from tfx_pipeline.data.physics import count_violations, laws
from tfx_pipeline.series import units
from tfx_pipeline.series.spec import SeriesSpec

PLAUSIBLE = {
    "Global_active_power": 2.4,
    "Global_reactive_power": 0.1,
    "Voltage": 240.0,
    "Global_intensity": 10.0,
    "Sub_metering_1": 0.0,
    "Sub_metering_2": 1.0,
    "Sub_metering_3": 17.0,
}
OTHER_UNITS = {
    "Global_active_power": "Wh",
    "Global_reactive_power": "var",
    "Voltage": "kV",
    "Global_intensity": "mA",
    "Sub_metering_2": "W",
    "Sub_metering_3": "kWh",
}


def values(**changes: float) -> np.ndarray:
    one = (PLAUSIBLE | changes).values()
    return np.array([[value, value] for value in one], np.float32)


def in_other_units(spec: SeriesSpec) -> SeriesSpec:
    described = spec.model_dump()
    for one in (described["target"], *described["covariates"]):
        one["unit"] = OTHER_UNITS.get(one["name"], one["unit"])
    return SeriesSpec.model_validate(described)


def test_plausible_steps_break_nothing():
    assert set(count_violations(laws(defaults().spec), values()).values()) == {0}


@pytest.mark.parametrize(
    ("changes", "law"),
    [
        ({"Global_active_power": 24.0}, "active power above voltage x intensity"),
        ({"Global_intensity": 100.0}, "voltage x intensity above active and reactive power"),
        ({"Voltage": 24000.0}, "voltage x intensity above active and reactive power"),
        ({"Sub_metering_3": 60.0}, "sub-meters above the total"),
    ],
)
def test_each_mistake_breaks_its_law_in_any_unit(changes, law):
    spec = defaults().spec
    other = in_other_units(spec)
    factors = [
        units.factor(one.unit, another.unit, spec.step)
        for one, another in zip(spec.measurements, other.measurements, strict=True)
    ]
    converted = values(**changes) * np.array(factors, np.float32)[:, None]
    for violations in (
        count_violations(laws(spec), values(**changes)),
        count_violations(laws(other), converted),
    ):
        assert {name for name, count in violations.items() if count} == {law}
        assert violations[law] == 2


def test_missing_values_break_nothing():
    rules = laws(defaults().spec)
    assert set(count_violations(rules, values(Voltage=np.nan)).values()) == {0}


def test_a_target_alone_has_no_laws():
    described = defaults().spec.model_dump() | {"covariates": (), "power_triangle": None}
    assert laws(SeriesSpec.model_validate(described)) == ()
