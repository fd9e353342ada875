import pytest

from tfx_pipeline.series import units


@pytest.mark.parametrize(
    ("one", "other", "step", "factor"),
    [
        ("kW", "kW", 60, 1.0),
        ("W", "kW", 60, 1e-3),
        ("Wh", "kW", 60, 0.06),
        ("kWh", "kW", 1800, 2.0),
        ("kW", "kWh", 900, 0.25),
        ("MWh", "Wh", 7, 1e6),
        ("degC", "degC", 60, 1.0),
        ("kvar", "kW", 60, 1.0),
        ("var", "kvar", 60, 1e-3),
        ("mV", "kV", 60, 1e-6),
        ("A", "mA", 60, 1e3),
    ],
)
def test_factor(one, other, step, factor):
    assert units.convertible(one, other)
    assert units.factor(one, other, step) == pytest.approx(factor)


def test_other_units_are_not_convertible():
    assert not units.convertible("V", "kW")
    assert not units.convertible("kvar", "kWh")
    assert not units.convertible("A", "V")
