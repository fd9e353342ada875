"""Physical laws: kept by plausible minutes, broken by each kind of mistake."""

import numpy as np
import pytest

from tfx_pipeline.data.physics import count_violations

PLAUSIBLE = {
    "Global_active_power": 2.4,
    "Global_reactive_power": 0.1,
    "Voltage": 240.0,
    "Global_intensity": 10.0,
    "Sub_metering_1": 0.0,
    "Sub_metering_2": 1.0,
    "Sub_metering_3": 17.0,
}


def columns(**changes: float) -> dict[str, np.ndarray]:
    return {name: np.array([value, value]) for name, value in (PLAUSIBLE | changes).items()}


def test_plausible_minutes_break_nothing():
    assert set(count_violations(columns()).values()) == {0}


@pytest.mark.parametrize(
    ("changes", "law"),
    [
        ({"Global_active_power": 24.0}, "active power above voltage x intensity"),
        ({"Global_intensity": 100.0}, "voltage x intensity above active and reactive power"),
        ({"Voltage": 24000.0}, "voltage x intensity above active and reactive power"),
        ({"Sub_metering_3": 60.0}, "sub-meters above the total"),
    ],
)
def test_each_mistake_breaks_its_law(changes, law):
    violations = count_violations(columns(**changes))
    assert {name for name, count in violations.items() if count} == {law}
    assert violations[law] == 2


def test_missing_values_break_nothing():
    assert set(count_violations(columns(Voltage=np.nan)).values()) == {0}
