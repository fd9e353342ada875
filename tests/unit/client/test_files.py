"""The windows of a forecast are those of training: the same rows, the same origin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.own_files import FILES
from tests.support.series import household, write_iso, write_uci
from tests.support.windows import model, of_training
from tfx_pipeline.client.errors import ForecastError
from tfx_pipeline.client.files import read_windows
from tfx_pipeline.data.contract import METER, Windowing
from tfx_pipeline.data.raw.errors import BadRows, DataError
from tfx_pipeline.model_contract import TIMESTAMP
from tfx_pipeline.series.files import UCI_HOUSEHOLD, read_series
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec
from tfx_pipeline.series.times import instant

UCI = read_series(UCI_HOUSEHOLD)
WINDOWING = Windowing(window=12, horizon=3, origins=5)


def series_of(**changes):
    values = {
        "layouts": [{"timestamp": "time", "format": "iso"}],
        "cadence": "PT15M",
        "target": {"name": "energy", "unit": "kWh", "aggregate": "sum"},
    }
    return SeriesSpec.model_validate(values | changes)


def same_as_training(files, series, windowing=WINDOWING, max_gap=3, most=40):
    """Compares the newest windows, and returns how many there were."""
    trained = of_training(files, series, windowing, max_gap)
    meters = len({meter for meter, _ in trained})
    asked, grid = model(series, windowing, meters), Grid(series)
    ahead = len(series.known_ahead)
    compared = 0
    for (meter, origin), expected in sorted(trained.items(), key=lambda one: -one[0][1])[:most]:
        windows = read_windows(
            [str(file) for file in files],
            asked,
            meter=meter,
            at=int(grid.seconds(origin + 1)),
            bad_rows=BadRows(1000),
        )
        assert windows.origins.tolist() == [origin]
        assert windows.inputs[TIMESTAMP].tolist() == [grid.seconds(origin)]
        for row, name in enumerate(series.names):
            known = row >= len(series.names) - ahead
            steps = windowing.window + (windowing.horizon if known else 0)
            assert windows.inputs[name].dtype == np.float32
            np.testing.assert_array_equal(windows.inputs[name][0], expected[row, :steps])
        np.testing.assert_array_equal(windows.came[0], expected[0, windowing.window :])
        compared += 1
    return compared


@pytest.mark.parametrize("seed", range(6))
def test_minutes_with_gaps_are_those_of_training(seed, tmp_path):
    rng = np.random.default_rng(seed)
    minutes = household(200, seed=seed)
    holes = [slice(start, start + int(rng.integers(1, 7))) for start in rng.integers(0, 190, 8)]
    minutes = minutes.without_rows(*holes[:4]).without_values(*holes[4:])
    file = (write_iso if seed % 2 else write_uci)(tmp_path / "house.csv", minutes)
    assert same_as_training([file], UCI) == 40


@pytest.mark.parametrize("name", sorted(FILES))
def test_files_of_every_shape_are_those_of_training(name, tmp_path):
    made = FILES[name].make(tmp_path)
    series = SeriesSpec.model_validate(
        {
            key: value
            for key, value in (FILES[name].expected | FILES[name].corrections).items()
            if key != "files"
        }
    )
    assert same_as_training([made.path], series, most=6) == 6


rows = st.lists(
    st.tuples(
        st.integers(60, 1500),  # seconds after the row before
        st.one_of(st.none(), st.integers(0, 900)),  # Wh; None: missing
    ),
    min_size=40,
    max_size=60,
)


@settings(max_examples=40, suppress_health_check=[*HealthCheck], deadline=None)
@given(rows=rows, ends=st.booleans())
def test_rows_at_any_time_are_those_of_training(rows, ends, tmp_path):
    """Rows of 1 to 25 minutes, in steps of 15, by the clock of Berlin as it is put back."""
    when = datetime(2023, 10, 28, 22, 0, tzinfo=UTC)
    lines = []
    for seconds, value in rows:
        when += timedelta(seconds=seconds)
        lines.append(f"{when.isoformat()},{'' if value is None else value / 1000}")
    file = tmp_path / "quarters.csv"
    file.write_text("time,energy\n" + "\n".join(lines) + "\n")
    series = series_of(zone="Europe/Berlin", interval_ends=ends)
    windowing = Windowing(window=4, horizon=2, origins=3)
    asked = model(series, windowing)
    try:
        trained = of_training([file], series, windowing, 2)
        newest = read_windows([str(file)], asked).origins[0]
    except (DataError, ForecastError):  # nothing but missing values, or all of them too far apart
        return
    for (_, origin), expected in list(trained.items())[-3:]:
        if origin <= newest:
            windows = read_windows([str(file)], asked, at=int(Grid(series).seconds(origin + 1)))
            np.testing.assert_array_equal(windows.inputs["energy"][0], expected[0, :4])


def test_what_is_known_ahead_reaches_beyond_the_last_measurement(tmp_path):
    series = series_of(
        cadence="PT1H", known_ahead=[{"name": "temperature", "unit": "degC"}], zone="Europe/Paris"
    )
    start = datetime(2023, 1, 1, tzinfo=ZoneInfo("Europe/Paris"))
    rows = [
        f"{(start + timedelta(hours=hour)).isoformat()},{hour if hour < 40 else ''},{hour / 10}"
        for hour in range(42)
    ]
    file = tmp_path / "house.csv"
    file.write_text("time,energy,temperature\n" + "\n".join(rows) + "\n")
    windows = read_windows([str(file)], model(series, WINDOWING))
    assert windows.inputs["energy"][0].tolist() == list(range(28, 40))
    temperature = windows.inputs["temperature"][0]
    assert temperature[:14].tolist() == pytest.approx([hour / 10 for hour in range(28, 42)])
    assert np.isnan(temperature[14:]).all()
    assert same_as_training([file], series) > 10


def test_what_is_known_far_ahead_leaves_the_window_whole(tmp_path):
    series = series_of(cadence="PT1H", known_ahead=[{"name": "temperature", "unit": "degC"}])
    start = datetime(2023, 1, 1)
    rows = [
        f"{start + timedelta(hours=hour)},{1.0 if hour < 20 else ''},{hour}" for hour in range(300)
    ]
    file = tmp_path / "house.csv"
    file.write_text("time,energy,temperature\n" + "\n".join(rows) + "\n")
    windows = read_windows([str(file)], model(series, WINDOWING))
    assert windows.observed.tolist() == [12]
    assert windows.inputs["temperature"][0].tolist() == list(range(8, 23))


@pytest.mark.parametrize(("day", "hours"), [("2023-03-26", 23), ("2023-10-29", 25)])
def test_a_day_on_which_the_clock_changes_is_complete_at_its_end(day, hours, tmp_path):
    berlin = ZoneInfo("Europe/Berlin")
    end = datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=berlin) + timedelta(days=1)
    begin = (end - timedelta(days=4)).astimezone(UTC)
    quarters = round((end.astimezone(UTC) - begin) / timedelta(minutes=15))
    rows = [
        f"{(begin + timedelta(minutes=15 * quarter)).isoformat()},0.25"
        for quarter in range(quarters)
    ]
    file, series = tmp_path / "house.csv", series_of(cadence="P1D", zone="Europe/Berlin")
    asked = model(series, Windowing(window=3, horizon=1, origins=1))
    file.write_text("time,energy\n" + "\n".join(rows) + "\n")
    windows = read_windows([str(file)], asked)
    assert windows.inputs["energy"].tolist() == [[24.0, 24.0, float(hours)]]
    assert windows.times.tolist() == [[int(end.timestamp())]]
    file.write_text("time,energy\n" + "\n".join(rows[:-1]) + "\n")
    assert read_windows([str(file)], asked).times.tolist() == [
        [int(end.timestamp()) - 3600 * hours]
    ]


def test_a_step_that_has_begun_is_not_the_last_one_of_a_window(tmp_path):
    file = tmp_path / "minutes.csv"
    start = datetime(2023, 1, 1)
    rows = [f"{start + timedelta(minutes=minute)},1.0" for minute in range(15 * 20 + 10)]
    file.write_text("time,energy\n" + "\n".join(rows) + "\n")
    asked = model(series_of(), WINDOWING)
    windows = read_windows([str(file)], asked)
    assert Grid(asked.series).text(int(windows.origins[0])) == "2023-01-01 04:45"
    assert np.isnan(windows.came[0]).tolist() == [False, True, True]
    file.write_text("time,energy\n" + "\n".join(rows[:-10]) + "\n")
    whole = read_windows([str(file)], asked)
    assert whole.origins == windows.origins  # its last minute is in it


def test_each_of_several_meters_has_its_windows(tmp_path):
    houses = [household(80 + 10 * seed, seed=seed, meter=f"house {seed}") for seed in range(3)]
    file = write_iso(tmp_path / "houses.csv", *houses)
    asked = model(UCI, WINDOWING, meters=3)
    windows = read_windows([str(file)], asked, last=2)
    assert windows.meters == ("house 0", "house 0", "house 1", "house 1", "house 2", "house 2")
    assert windows.inputs[METER].tolist()[::2] == [b"house 0", b"house 1", b"house 2"]
    assert np.diff(windows.origins).tolist() == [1, 9, 1, 9, 1]
    assert len(read_windows([str(file)], asked, last=10**9)) == 80 + 90 + 100
    one = read_windows([str(file)], asked, meter="house 1")
    assert one.meters == ("house 1",)
    with pytest.raises(ForecastError, match=r"no meter 'house 11' among the 3 .*house 1\?"):
        read_windows([str(file)], asked, meter="house 11")
    assert same_as_training([file], UCI, most=60) == 60


def test_a_time_beyond_what_is_known_is_refused(tmp_path):
    file = write_iso(tmp_path / "house.csv", household(40, "2023-01-01 00:00"))
    asked = model(UCI, WINDOWING)
    with pytest.raises(ForecastError, match=r"that of 2023-01-01 00:39: .* 2023-01-01 00:41 on"):
        read_windows([str(file)], asked, at=instant("2023-01-01 00:41", UCI))
    with pytest.raises(ForecastError, match=r"no complete step before 2022-12-31 00:00"):
        read_windows([str(file)], asked, at=instant("2022-12-31 00:00", UCI))


def test_bad_rows_are_refused_or_left_out(tmp_path):
    file = write_iso(tmp_path / "house.csv", household(40, "2023-01-01 00:00"))
    lines = file.read_text().splitlines()
    lines[20] = lines[20].replace(",", ",x", 1)
    file.write_text("\n".join(lines) + "\n")
    with pytest.raises(DataError, match="line 21"):
        read_windows([str(file)], model(UCI, WINDOWING))
    noted = BadRows(1)
    shape = Windowing(window=30, horizon=3, origins=5)
    assert read_windows([str(file)], model(UCI, shape), bad_rows=noted).observed == [29]
    assert noted.count.total() == 1
