"""What is told about the input: counts, shares, stretches, and files that stay as they are."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np

from tests.support.series import household, write_iso, write_uci
from tests.support.settings import WINDOWING, data_options
from tfx_pipeline.data.contract import MEASUREMENTS
from tfx_pipeline.data.inspection import inspect
from tfx_pipeline.data.options import DataOptions
from tfx_pipeline.data.summary import DataSummary


def check(files: list[str], options: DataOptions | None = None) -> DataSummary:
    return inspect(files, options or data_options()).summary


def test_counts_of_a_series_with_holes(tmp_path: Path) -> None:
    series = (
        household(3000)
        .without_values(slice(100, 130))
        .without_values(slice(200, 230), measurements=["Voltage"])
        .without_rows(slice(400, 460))
    )

    summary = check([str(write_uci(tmp_path / "house.txt", series))])

    assert summary.rows == 2940
    assert summary.minutes == 3000
    assert (summary.first, summary.last) == ("2007-01-01 00:00", "2007-01-03 01:59")
    assert summary.missing_minutes == 90
    assert summary.missing_fraction["Global_active_power"] == 90 / 3000
    assert summary.missing_fraction["Voltage"] == 120 / 3000
    assert summary.bad_rows == {}
    assert set(summary.physics_fraction.values()) == {0.0}
    whole = WINDOWING.window + WINDOWING.horizon - 1
    assert summary.splits["train"].windows == 2100 - 90 - 3 * whole
    assert summary.splits["eval"].windows == 300 - 55 - whole
    assert summary.splits["test"].first == "2007-01-02 16:55"


def test_laws_of_physics_are_counted(tmp_path: Path) -> None:
    series = household(2000)
    voltage = MEASUREMENTS.index("Voltage")
    series.values[voltage, 10:60] *= 4

    summary = check([str(write_iso(tmp_path / "house.csv", series))])

    assert summary.physics_fraction["voltage x intensity above active and reactive power"] == 0.025


def test_meters_share_the_splits_but_not_the_windows(tmp_path: Path) -> None:
    early = household(2000, "2007-01-01 00:00", seed=1, meter="early")
    late = household(1500, "2007-01-01 20:00", seed=2, meter="late")

    found = inspect([str(write_iso(tmp_path / "two.csv", early, late))], data_options())

    assert found.summary.meters == 2
    assert found.summary.minutes == 3500
    spans = {piece.split: piece.span for piece in found.pieces["early"]}
    assert spans["train"].stop == late.minutes[0] - 1200 + round(2700 * 0.7)
    assert {piece.split for piece in found.pieces["late"]} == {"train", "eval", "test"}
    for pieces in found.pieces.values():
        for older, newer in pairwise(pieces):
            assert older.span.stop + 55 <= newer.span.start


def test_a_household_without_any_target_gives_nothing(tmp_path: Path) -> None:
    north = household(2000, meter="north")
    south = household(2000, meter="south").without_values(
        slice(None), measurements=["Global_active_power"]
    )

    found = inspect([str(write_iso(tmp_path / "two.csv", north, south))], data_options())

    assert found.pieces["south"] == []
    assert found.summary.missing_minutes == 2000


def test_rows_limit_the_time_range(tmp_path: Path) -> None:
    path = write_iso(tmp_path / "house.csv", household(5000))

    summary = check([str(path)], data_options(rows=2000))

    assert summary.rows == summary.minutes == 2000
    assert summary.last == "2007-01-02 09:19"


def test_the_summary_survives_json(tmp_path: Path) -> None:
    summary = check([str(write_iso(tmp_path / "house.csv", household(2000)))])

    assert DataSummary.from_json(summary.to_json()) == summary


def test_a_stretch_of_years_without_data_costs_nothing(tmp_path: Path) -> None:
    early, late = household(2000, "1975-01-01 00:00"), household(4000, "2005-01-01 00:00")
    path = write_iso(tmp_path / "house.csv", early, late)

    summary = check([str(path)], data_options(train_fraction=0.9999, eval_fraction=0.00005))

    assert summary.rows == 6000
    assert summary.splits["train"].windows > 3000
    assert np.isclose(summary.missing_fraction["Voltage"], 1, atol=1e-3)
