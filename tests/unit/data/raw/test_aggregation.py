"""Rows at any times give the steps that they were made of, wherever blocks are cut."""

import tracemalloc
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfx_pipeline.data.raw.errors import BadRows
from tfx_pipeline.data.raw.reader import Reader
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec

START = 1_709_251_200  # 2024-03-01 00:00 UTC


def spec(aggregate="mean", cadence="PT1M", **changes):
    described = {
        "layouts": [{"timestamp": "t", "format": "milliseconds"}],
        "cadence": cadence,
        "zone": "UTC",
        "target": {"name": "power", "unit": "W", "aggregate": aggregate},
    }
    return SeriesSpec.model_validate(described | changes)


def write(path, millis, values, meter=None):
    header = "t,power" + (",meter" if meter is not None else "")
    lines = [
        f"{t},{'' if np.isnan(v) else repr(float(v))}" for t, v in zip(millis, values, strict=True)
    ]
    if meter is not None:
        lines = [f"{line},{name}" for line, name in zip(lines, meter, strict=True)]
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def read(path, series, block_bytes=4 << 20):
    """Meter -> step, from the first one of 2024-03-01 on -> value."""
    first = int(Grid(series).index(START))
    found = {}
    for rows in Reader([str(path)], series, BadRows(), block_bytes=block_bytes):
        own = found.setdefault(rows.meter, {})
        assert (np.diff(rows.steps) > 0).all()
        assert not own or rows.steps[0] - first > max(own)
        own.update(zip((rows.steps - first).tolist(), rows.values[0].tolist(), strict=True))
    return found


def jittered(rng, seconds, every, jitter):
    count = int(seconds / every)
    times = (np.arange(count) + rng.uniform(0, jitter, count)) * every
    return (1000 * (START + times)).astype(np.int64)


BLOCKS = st.sampled_from([60, 200, 1000, 1 << 20])
PROPERTY = settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@PROPERTY
@given(st.integers(0, 1000), st.sampled_from([3.0, 7.0, 11.0]), st.floats(0, 0.6), BLOCKS)
def test_watts_of_a_logger_with_jitter_are_averaged(tmp_path, seed, every, jitter, block):
    rng = np.random.default_rng(seed)
    millis = jittered(rng, 1200, every, jitter)
    values = rng.uniform(-500, 3000, millis.size).round(1)
    step = (millis // 1000 - START) // 60
    path = write(tmp_path / "watts.csv", millis, values)
    found = read(path, spec(), block)[""]
    for number in range(1, 19):
        assert found[number] == pytest.approx(values[step == number].mean(), rel=1e-5, abs=1e-3)


@PROPERTY
@given(st.integers(0, 1000), BLOCKS, st.booleans())
def test_two_meters_side_by_side_are_told_apart(tmp_path, seed, block, sorted_by_meter):
    rng = np.random.default_rng(seed)
    one, other = jittered(rng, 900, 7, 0.4), jittered(rng, 900, 5, 0.4)
    millis = np.concatenate((one, other))
    values = rng.uniform(0, 100, millis.size).round(2)
    meter = np.array(["a"] * one.size + ["b"] * other.size)
    order = np.arange(millis.size) if sorted_by_meter else np.argsort(millis, kind="stable")
    series = spec(meter="meter")
    path = write(tmp_path / "both.csv", millis[order], values[order], meter[order])
    found = read(path, series, block)
    for name in ("a", "b"):
        own = meter == name
        alone = read(write(tmp_path / "one.csv", millis[own], values[own]), spec())[""]
        assert found[name] == pytest.approx(alone, rel=1e-6)


@PROPERTY
@given(st.integers(0, 1000), st.sampled_from([60, 300, 600]), BLOCKS, st.booleans(), st.booleans())
def test_energy_of_shorter_intervals_is_summed(tmp_path, seed, every, block, ends, irregular):
    rng = np.random.default_rng(seed)
    count = 4 * 3600 // every
    values = rng.uniform(0, 2, count).round(3)
    times = START + every * (np.arange(count) + ends)
    series = spec("sum", "PT30M", interval_ends=ends)
    shift = 7 if irregular else 0  # the first row is not at a whole step
    path = write(tmp_path / "energy.csv", 1000 * (times + shift), values)
    found = read(path, series, block)[""]
    if not irregular:
        expected = values.reshape(8, -1).sum(axis=1)
        assert [found[number] for number in range(8)] == pytest.approx(expected, rel=1e-5)
    else:  # a part of each row is of the next step
        part = shift / every
        spread = (1 - part) * values + part * np.append(0, values[:-1])
        expected = spread.reshape(8, -1).sum(axis=1)[1:]
        assert [found[number] for number in range(1, 8)] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("aggregate", "expected"), [("last", [3.0, 6.0]), ("min", [1.0, -4.0]), ("max", [3.0, 6.0])]
)
def test_states_are_the_last_the_lowest_or_the_highest(tmp_path, aggregate, expected):
    times = START + np.array([1, 21, 41, 61, 81, 101])
    path = write(tmp_path / "state.csv", 1000 * times, [1.0, 2.0, 3.0, 5.0, -4.0, 6.0])
    assert list(read(path, spec(aggregate))[""].values()) == expected


def test_a_row_holds_until_the_next_where_they_come_when_something_changes(tmp_path):
    times = START + np.array([3, 4, 50, 70, 130])
    path = write(tmp_path / "events.csv", 1000 * times, [20.0, 2000.0, 0.0, 100.0, 7.0])
    found = read(path, spec())[""]
    assert found[0] == pytest.approx((20 * 1 + 2000 * 46) / 57)
    assert found[1] == pytest.approx((0 * 10 + 100 * 50) / 60)


def test_a_step_of_which_less_than_half_is_known_is_missing(tmp_path):
    times = START + np.concatenate((np.arange(0, 90, 5), np.arange(400, 600, 5)))
    path = write(tmp_path / "outage.csv", 1000 * (times + 1), np.ones(times.size))
    found = read(path, spec())[""]
    assert sorted(found) == [0, 1, 7, 8, 9]


def test_a_single_row_beside_whole_steps_is_a_fault_and_many_are_not(tmp_path):
    times = START + 60 * np.arange(20)
    millis = 1000 * np.sort(np.append(times, START + 630))
    path = write(tmp_path / "one.csv", millis, np.ones(21))
    bad_rows = BadRows(1)
    steps = [rows.steps for rows in Reader([str(path)], spec(), bad_rows)]
    assert np.concatenate(steps).size == 20
    assert bad_rows.count == {"step": 1}
    path = write(tmp_path / "many.csv", 1000 * (START + 30 * np.arange(40)), np.arange(40.0))
    assert read(path, spec())[""] == {step: 2 * step + 0.5 for step in range(20)}


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize(("month", "day"), [(3, 5), (10, 1)])
@pytest.mark.parametrize("block", [1000, 1 << 20])
def test_local_hours_over_both_clock_changes(tmp_path, zone, month, day, block):
    clock = ZoneInfo(zone)
    first = int(datetime(2024, month, day, tzinfo=clock).timestamp())
    instants = first + 1800 * np.arange(48 * 40)
    rng = np.random.default_rng(month)
    values = rng.uniform(0, 3, instants.size).round(3)
    shown = [datetime.fromtimestamp(one, clock) for one in instants.tolist()]
    path = tmp_path / "local.csv"
    lines = [
        f'{when:%d.%m.%Y %H:%M};"{str(value).replace(".", ",")}"'
        for when, value in zip(shown, values, strict=True)
    ]
    path.write_text("\n".join(["Zeit;Verbrauch", *lines]) + "\n")
    layout = {"timestamp": "Zeit", "format": "%d.%m.%Y %H:%M", "delimiter": ";", "decimal": ","}
    target = {"name": "energy", "column": "Verbrauch", "unit": "kWh", "aggregate": "sum"}
    for cadence, seconds in (("PT30M", 1800), ("P1D", 86400)):
        series = spec(cadence=cadence, zone=zone, layouts=[layout], target=target)
        found = {
            step: value
            for rows in Reader([str(path)], series, BadRows(), block_bytes=block)
            for step, value in zip(rows.steps.tolist(), rows.values[0].tolist(), strict=True)
        }
        steps = Grid(series).index(instants)
        number, count = np.unique(steps, return_counts=True)
        lengths = np.diff(Grid(series).seconds(np.append(number, number[-1] + 1)))
        assert seconds == 1800 or np.unique(lengths).size == 2  # a day of another length
        full = dict(zip(number.tolist(), np.bincount(steps - steps[0], values), strict=True))
        whole = number[count * 1800 == lengths].tolist()
        assert len(whole) >= number.size - 1
        assert {step: found[step] for step in whole} == pytest.approx(
            {step: full[step] for step in whole}, rel=1e-5
        )


def test_a_local_time_that_does_not_exist_is_named(tmp_path):
    path = tmp_path / "spring.csv"
    path.write_text("t,power\n2024-03-31 01:30,1\n2024-03-31 02:30,1\n2024-03-31 03:00,1\n")
    series = spec(zone="Europe/Paris", cadence="PT30M", layouts=[{"timestamp": "t"}])
    bad_rows = BadRows(1)
    assert sum(rows.steps.size for rows in Reader([str(path)], series, bad_rows)) == 2
    assert bad_rows.count == {"skipped": 1}
    assert "line 3, column t: 2024-03-31 02:30:00 does not exist" in str(bad_rows.first[0])


def test_memory_does_not_grow_with_the_rows(tmp_path):
    def peak(count):
        times = START + 7 * np.arange(count) + 3
        path = write(tmp_path / "watts.csv", 1000 * times, np.ones(count))
        tracemalloc.start()
        for _ in Reader([str(path)], spec(), BadRows(), block_bytes=64 << 10):
            pass
        _, found = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return found

    peak(1000)
    assert peak(60_000) < 1.2 * peak(20_000)


def test_rows_off_and_on_the_grid_of_two_days_apart(tmp_path):
    one = timedelta(days=2).total_seconds()
    times = START + np.concatenate((np.arange(7, 600, 10), one + np.arange(7, 600, 10)))
    path = write(tmp_path / "far.csv", (1000 * times).astype(np.int64), np.ones(times.size))
    assert len(read(path, spec())[""]) == 20


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize("cadence", ["PT1H", "P1D"])
def test_hours_that_are_stamped_by_their_end_over_clock_changes(tmp_path, zone, cadence):
    clock = ZoneInfo(zone)
    first = int(datetime(2024, 10, 20, tzinfo=clock).timestamp())
    begins = first + 3600 * np.arange(24 * 30 + 1)  # one of the days has 25 of them
    values = np.random.default_rng(0).uniform(0, 3, begins.size).round(3)
    shown = [datetime.fromtimestamp(one + 3600, clock) for one in begins.tolist()]
    lines = [f"{when:%Y-%m-%d %H:%M},{value}" for when, value in zip(shown, values, strict=True)]
    path = tmp_path / "ends.csv"
    path.write_text("\n".join(["t,power", *lines]) + "\n")
    series = spec("sum", cadence, zone=zone, interval_ends=True, layouts=[{"timestamp": "t"}])
    found = {
        step: value
        for rows in Reader([str(path)], series, BadRows())
        for step, value in zip(rows.steps.tolist(), rows.values[0].tolist(), strict=True)
    }
    steps = Grid(series).index(begins)
    expected = np.bincount(steps - steps[0], values)
    assert [found[step] for step in np.unique(steps).tolist()] == pytest.approx(expected, rel=1e-5)
    assert len(found) == np.unique(steps).size
