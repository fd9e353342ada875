"""What is reported about the input: counts, fractions, gaps, and the intervals to be cut."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.support.faults import MINUTES, check, damage, error_of, replaced
from tests.support.series import household, write_iso, write_uci
from tests.support.settings import MEASUREMENTS, TARGET, WINDOWING, data_options
from tfx_pipeline.data.inspection import inspect
from tfx_pipeline.data.raw.errors import DataError
from tfx_pipeline.data.summary import DataSummary


def test_counts_of_a_series_with_holes(tmp_path: Path) -> None:
    series = (
        household(3000)
        .without_values(slice(300, 330))
        .without_values(slice(200, 230), measurements=["Voltage"])
        .without_rows(slice(600, 660))
    )

    summary = check([str(write_uci(tmp_path / "house.txt", series))])

    assert summary.rows == 2940
    assert summary.steps == 3000
    assert (summary.first, summary.last) == ("2007-01-01 00:00", "2007-01-03 01:59")
    assert summary.missing_steps == 90
    assert summary.missing_fraction["Global_active_power"] == 90 / 3000
    assert summary.missing_fraction["Voltage"] == 120 / 3000
    assert summary.bad_rows == {}
    assert set(summary.physics_fraction.values()) == {0.0}
    whole = WINDOWING.window + WINDOWING.horizon - 1
    assert summary.splits["train"].windows == 2100 - 125 - 90 - 3 * whole
    assert summary.splits["eval"].windows == 300 - whole
    assert summary.splits["test"].first == "2007-01-02 18:05"


def test_laws_of_physics_are_counted(tmp_path: Path) -> None:
    series = household(2000)
    intensity = MEASUREMENTS.index("Global_intensity")
    series.values[intensity, 10:60] += 20

    summary = check([str(write_iso(tmp_path / "house.csv", series))])

    assert summary.physics_fraction["voltage x intensity above active and reactive power"] == 0.025


def test_meters_share_the_splits_but_not_the_windows(tmp_path: Path) -> None:
    early = household(2000, "2007-01-01 00:00", seed=1, meter="early")
    late = household(1500, "2007-01-01 20:00", seed=2, meter="late")

    found = inspect([str(write_iso(tmp_path / "two.csv", early, late))], data_options())

    assert found.summary.meters == 2
    assert found.summary.steps == 3500
    spans = {one.split: one.span for one in found.intervals["early"]}
    assert spans["train"].stop == late.minutes[0] - 1200 + round(2700 * 0.7) - 125
    assert {one.split for one in found.intervals["late"]} == {"train", "eval", "test"}
    for intervals in found.intervals.values():
        for older, newer in pairwise(intervals):
            assert older.span.stop + 125 <= newer.span.start


def test_a_meter_without_any_target_gives_nothing(tmp_path: Path) -> None:
    north = household(2000, meter="north")
    south = household(2000, meter="south").without_values(
        slice(None), measurements=["Global_active_power"]
    )

    found = inspect([str(write_iso(tmp_path / "two.csv", north, south))], data_options())

    assert found.intervals["south"] == []
    assert found.summary.missing_steps == 2000


def test_the_worst_of_several_meters_is_named(tmp_path: Path) -> None:
    north = household(2000, seed=1, meter="north")
    south = household(1000, seed=2, meter="south").without_values(
        slice(0, 100), measurements=["Voltage"]
    )
    north.values[3, 10:60] += 20

    summary = check([str(write_iso(tmp_path / "two.csv", north, south))])

    assert summary.missing_fraction["Voltage"] == 100 / 3000
    assert summary.missing_worst["Voltage"].model_dump() == {"meter": "south", "fraction": 0.1}
    law = "voltage x intensity above active and reactive power"
    assert summary.physics_worst[law].model_dump() == {"meter": "north", "fraction": 50 / 2000}
    alone = check([str(write_iso(tmp_path / "one.csv", north))])
    assert (alone.missing_worst, alone.physics_worst) == ({}, {})


def test_rows_limit_the_time_range(tmp_path: Path) -> None:
    path = write_iso(tmp_path / "house.csv", household(5000))

    summary = check([str(path)], data_options(rows=2000))

    assert summary.rows == summary.steps == 2000
    assert summary.last == "2007-01-02 09:19"


def test_the_summary_survives_json(tmp_path: Path) -> None:
    summary = check([str(write_iso(tmp_path / "house.csv", household(2000)))])

    assert DataSummary.model_validate_json(summary.model_dump_json()) == summary


def test_years_without_data_cost_nothing(tmp_path: Path) -> None:
    early, late = household(2000, "1975-01-01 00:00"), household(4000, "2005-01-01 00:00")
    path = write_iso(tmp_path / "house.csv", early, late)

    summary = check([str(path)], data_options(train_fraction=0.9999, eval_fraction=0.00005))

    assert summary.rows == 6000
    assert summary.splits["train"].windows > 3000
    assert np.isclose(summary.missing_fraction["Voltage"], 1, atol=1e-3)


def test_gaps_are_counted_and_the_longest_is_named(tmp_path: Path) -> None:
    north = household(3000, meter="north").without_rows(slice(100, 103), slice(500, 540))
    south = household(3000, meter="south").without_values(slice(0, 9)).without_values(slice(50, 60))

    summary = check([str(write_iso(tmp_path / "two.csv", north, south))])

    assert summary.gaps == 3
    assert summary.longest_gap is not None
    assert summary.longest_gap.model_dump() == {
        "meter": "north",
        "first": "2007-01-01 08:20",
        "last": "2007-01-01 08:59",
        "steps": 40,
    }
    assert check([str(write_iso(tmp_path / "two.csv", household(3000)))]).longest_gap is None


@pytest.mark.parametrize("seed", range(8))
def test_windows_that_are_not_scored_are_counted(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, 5000, 25)
    holes = [slice(start, start + int(rng.integers(1, 18))) for start in starts]
    series = household(5000, seed=seed).without_values(*holes, measurements=[TARGET])
    options = data_options(
        windowing=WINDOWING.model_copy(update={"horizon": int(rng.integers(1, 8))})
    )

    found = inspect([str(write_iso(tmp_path / "house.csv", series))], options)

    observed = ~np.isnan(series.values[0])
    first, horizon = int(series.minutes[0]), options.windowing.horizon
    for split, summary in found.summary.splits.items():
        origins = [
            origin - first
            for one in found.intervals[""]
            if one.split == split
            for origin in range(*one.origins)
        ]
        assert summary.windows == len(origins)
        assert summary.unlabelled == sum(
            not observed[origin + 1 : origin + horizon + 1].any() for origin in origins
        )


def test_a_stuck_sensor_is_found(tmp_path: Path) -> None:
    series = household(3000)
    series.values[:, 700:900] = series.values[:, 699:700]
    series.values[MEASUREMENTS.index("Global_reactive_power"), 1000:2000] = 0.0

    path = write_iso(tmp_path / "house.csv", series.without_rows(slice(750, 760)))
    longest = check([str(path)]).longest_frozen

    assert set(longest) == {*MEASUREMENTS[:4]}
    assert longest["Voltage"].steps == 191
    assert longest["Voltage"].first == "2007-01-01 11:39"
    assert longest["Global_reactive_power"].steps == 191


def test_a_split_whose_windows_have_no_label_is_refused(tmp_path: Path) -> None:
    series = household(1250).without_values(slice(995, 1000), measurements=[TARGET])

    with pytest.raises(DataError, match="no window with a label for the eval split"):
        check([str(write_iso(tmp_path / "house.csv", series))])


def test_the_lowest_and_highest_values_have_their_place(tmp_path: Path) -> None:
    north, south = household(2000, meter="north"), household(2000, meter="south")
    south.values[0, 700] = 45.0
    north.values[2, [5, 300]] = 20.0
    path = write_iso(tmp_path / "two.csv", north, south.without_rows(slice(0, 10)), by_meter=True)

    summary = check([str(path)])

    assert str(summary.highest[TARGET]) == f"45 kW at 2007-01-01 11:40 in {path}, line 2692"
    assert str(summary.lowest["Voltage"]) == f"20 V at 2007-01-01 00:05 in {path}, line 7"
    assert summary.lowest.keys() == summary.highest.keys() == set(MEASUREMENTS)
    blank = household(2000).without_values(slice(None), measurements=["Voltage"])
    assert "Voltage" not in check([str(write_iso(path, blank))]).highest


@pytest.mark.parametrize("minutes", [2, 15])
def test_another_cadence(minutes: int, tmp_path: Path) -> None:
    house = household(6000)
    sparse = type(house)(house.minutes[::minutes], house.values[:, ::minutes])

    error = error_of(write_iso(tmp_path / "sparse.csv", sparse))

    assert error.problems[0].rule == "cadence"
    assert f"every {minutes} min (PT{minutes}M), not every 1 min" in str(error)


def test_nothing_but_missing_targets(tmp_path: Path) -> None:
    blank = household(MINUTES).without_values(slice(None), measurements=[TARGET])

    (problem,) = error_of(write_iso(tmp_path / "a.csv", blank)).problems

    assert (problem.rule, problem.column) == ("missing", TARGET)


def test_too_little_data_for_a_split_says_how_much_is_needed(tmp_path: Path) -> None:
    path = write_iso(tmp_path / "short.csv", household(1200))

    error = error_of(path)

    assert error.problems[0].rule == "split"
    assert "eval split" in str(error)
    assert "need about 1,250 such steps, the input spans 1,200" in str(error)
    assert check([str(write_iso(path, household(1250)))]).splits["eval"].windows == 1


@pytest.mark.parametrize("days", [2, 5])
def test_months_before_days(days: int, tmp_path: Path) -> None:
    path = write_uci(tmp_path / "house.txt", household(days * 1440, "2007-01-01 00:00"))
    lines = [line.split("/", 2) for line in path.read_text().splitlines()]
    path.write_text("\n".join("/".join([*line[1::-1], *line[2:]]) for line in lines))

    (problem,) = error_of(path).problems

    assert problem.rule == "timestamp"
    assert "2007-01-01 is followed by 2007-02-01: are the months written first?" in problem.detail


def test_years_before_months(tmp_path: Path) -> None:
    path = write_uci(tmp_path / "house.txt", household(5 * 1440, "2007-01-01 00:00"))
    path.write_text(re.sub(r"^(\d)/1/2007", r"7/1/200\1", path.read_text(), flags=re.MULTILINE))

    (problem,) = error_of(path).problems

    assert problem.rule == "timestamp"
    assert "2004-01-07 is followed by 2005-01-07: are the years written first?" in problem.detail


@pytest.mark.parametrize(("line", "year"), [(2, b"1976"), (MINUTES + 1, b"2070")])
def test_a_lone_row_far_from_the_others_is_named(line: int, year: bytes, iso: Path) -> None:
    error = error_of(damage(iso, replaced(line, b"2007", year)))

    (problem,) = error.problems
    assert problem.rule == "date"
    assert problem.line == (3 if line == 2 else line)
    assert "days after" in problem.detail
    assert "Give more data" not in str(error)
