"""What a column holds, and in which unit."""

import numpy as np
import pytest

from tests.support.described import LOAD, QUARTERS, described, rows


@pytest.mark.parametrize(
    ("header", "values", "target"),
    [
        ("1.8.0 [kWh]", np.cumsum([0.1, 0.3, 0.2] * 160), ("kWh", "difference")),
        ("value", np.cumsum([0.1, 0.3, 0.2] * 160) + 500, ("kWh", "difference")),
        ("value", [230, 2100, 430] * 160, ("Wh", "sum")),
        ("value", [0.23, 0.5, 0.43] * 160, ("kWh", "sum")),
        ("Leistung", [230, 2100, 430] * 160, ("W", "mean")),
        ("Leistung", [0.23, 2.1, 0.43] * 160, ("kW", "mean")),
        ("energia", [230, 500, 430] * 160, ("Wh", "sum")),
        ("Energy today (kWh)", np.tile(np.arange(96) * 0.1, 5), ("kWh", "difference")),
        ("power kW", np.arange(480) % 240 * 0.02, ("kW", "mean")),
        ("1.8.0 [kW]", [0.23, 2.1, 0.43] * 160, ("kW", "mean")),
        ("16.7.0 [kWh]", [0.23, 0.5, 0.43] * 160, ("kWh", "sum")),
        ("charger kW", np.tile([0, 0, 7.2, 7.2, 7.2, 0], 80), ("kW", "mean")),
        ("KWH/hh (per half hour)", [0.23, 0.5, 0.43] * 160, ("kWh", "sum")),
    ],
)
def test_kind_and_unit(header, values, target, tmp_path):
    content = rows(QUARTERS, np.round(values, 3), f"time,{header}")
    found = described(tmp_path, content).spec.target
    assert (found.unit, found.aggregate) == target


@pytest.mark.parametrize(
    ("header", "usual", "unit", "sure"),
    [
        ("power_mw", 500_000, "mW", False),
        ("Power [mW]", 500_000, "mW", True),
        ("POWER_MW", 500_000, "mW", False),
        ("Power [mW]", 2000, "mW", False),
        ("Leistung MW", 0.0005, "MW", True),
        ("Leistung MW", 5, "MW", False),
        ("power_mw", 0.0005, "MW", False),
        ("energy_mwh", 125_000, "mWh", False),
        ("Zählerstand [MWh]", 0.000125, "MWh", True),
    ],
)
def test_megawatts_and_milliwatts(header, usual, unit, sure, tmp_path):
    values = usual * (1 + np.arange(480) % 5 / 10)
    values = np.cumsum(values) if "stand" in header else values
    found = described(tmp_path, rows(QUARTERS, values, f"time,{header}"))
    assert found.spec.target.unit == unit
    assert found.remarks.doubtful(found.spec.target.column) != sure


@pytest.mark.parametrize(
    ("header", "below", "mark"),
    [
        ("power kW", [-999], True),
        ("power kW", [-100.5], True),
        ("power W", [-9999], True),
        ("meter reading kWh", [-999], True),
        ("power kW", [-999, -0.2], False),
        ("power kW", [-1], False),
        ("power kW", [-5.5], False),
    ],
)
def test_numbers_that_stand_for_missing_values(header, below, mark, tmp_path):
    values = np.cumsum(np.resize([0.1, 0.3], 480)) if "reading" in header else np.array(LOAD, float)
    values = values * (1000 if "W" in header.split() else 1)
    values[7::50] = np.resize(below, 10)
    found = described(tmp_path, rows(QUARTERS, np.round(values, 2), f"time,{header}"))
    assert found.spec.target.lowest == (0 if mark else None)
    said = " ".join(one.text for one in found.remarks.about(header) if one.unsure)
    assert (f"{below[0]:g} in 10 rows" in said) == mark


@pytest.mark.parametrize("median", [230, 121])
def test_mains_voltage_is_known_by_its_values(median, tmp_path):
    table = [f"{one},{median + n % 5}" for n, one in enumerate(LOAD)]
    (found,) = described(tmp_path, rows(QUARTERS, table, "time,power kW,L1")).spec.covariates
    assert (found.name, found.unit) == ("L1", "V")


@pytest.mark.parametrize(
    ("header", "unit", "aggregate"),
    [("value", "Wh", "sum"), ("power", "kWh", "sum"), ("energy", "kW", "mean")],
)
def test_a_unit_in_a_column_of_its_own(header, unit, aggregate, tmp_path):
    table = [f"{one},{unit}" for one in LOAD]
    found = described(tmp_path, rows(QUARTERS, table, f"time,{header},unit")).spec.target
    assert (found.unit, found.aggregate) == (unit, aggregate)
