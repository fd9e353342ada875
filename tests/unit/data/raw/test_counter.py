"""What a counter has counted is known from its readings, over resets and rollovers as well."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.data.raw.test_aggregation import START, spec, write
from tfx_pipeline.data.raw.errors import BadRows
from tfx_pipeline.data.raw.reader import Reader
from tfx_pipeline.series.grid import Grid

BLOCKS = st.sampled_from([80, 1000, 1 << 20])
PROPERTY = settings(
    deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def read(path, block=1 << 20, cadence="PT15M", **changes):
    series = spec("difference", cadence, **changes)
    first = int(Grid(series).index(START))
    reader = Reader([str(path)], series, BadRows(), block_bytes=block)
    found = {}
    for rows in reader:
        assert (np.diff(rows.steps) > 0).all()
        found.update(zip((rows.steps - first).tolist(), rows.values[0].tolist(), strict=True))
    return found, dict(reader.noticed)


def counter(tmp_path, readings, every=900, shift=0):
    times = START + every * np.arange(len(readings)) + shift
    return write(tmp_path / "counter.csv", 1000 * times, readings)


@PROPERTY
@given(st.integers(0, 1000), st.sampled_from([60, 300, 900]), BLOCKS)
def test_differences_at_whole_steps_are_exact(tmp_path, seed, every, block):
    rng = np.random.default_rng(seed)
    energy = rng.uniform(0, 0.5, 8 * 3600 // every).round(3)
    energy[rng.random(energy.size) < 0.2] = 0
    readings = (123456 + np.append(0, np.cumsum(energy))).round(3)
    found, noticed = read(counter(tmp_path, readings, every), block)
    per_step = energy.reshape(32, -1).sum(axis=1)
    assert [found[step] for step in range(32)] == pytest.approx(per_step, abs=1e-6)
    assert noticed == {}


@PROPERTY
@given(st.integers(0, 1000), BLOCKS)
def test_between_readings_the_counter_rises_evenly(tmp_path, seed, block):
    rng = np.random.default_rng(seed)
    times = np.sort(rng.choice(np.arange(1, 7200), 200, replace=False))
    readings = np.cumsum(rng.uniform(0, 1, times.size)).round(3)
    path = write(tmp_path / "counter.csv", 1000 * (START + times), readings)
    found, _ = read(path, block)
    edges = np.interp(900 * np.arange(1, 8), times, readings)
    assert [found[step] for step in range(1, 7)] == pytest.approx(np.diff(edges), abs=1e-5)


def test_a_step_with_a_reset_is_missing_and_counted(tmp_path):
    readings = [10.0, 11.0, 12.0, 0.4, 1.4, 2.4]
    found, noticed = read(counter(tmp_path, readings))
    assert found == pytest.approx({0: 1.0, 1: 1.0, 3: 1.0, 4: 1.0})
    assert noticed == {"resets": 1}


def test_of_finer_readings_only_the_one_over_the_reset_is_missing(tmp_path):
    readings = np.concatenate((50 + np.arange(22) / 10, np.arange(39) / 10))
    found, noticed = read(counter(tmp_path, readings.round(1), every=60))
    assert found == pytest.approx(dict.fromkeys(range(4), 1.5), rel=1e-5)
    assert noticed == {"resets": 1}


@pytest.mark.parametrize("top", [100_000.0, 1000.0, 2.0**16, 2.0**32 / 1000])
def test_over_a_rollover_it_is_known(tmp_path, top):
    readings = (top - 2.25 + np.arange(6)) % top
    found, noticed = read(counter(tmp_path, readings.round(3)))
    assert found == pytest.approx(dict.fromkeys(range(5), 1.0), abs=1e-3)
    assert noticed == {"rollovers": 1}


@pytest.mark.parametrize("stray", [0.0, 99999.0, 3.0])
def test_a_single_reading_that_the_next_proves_wrong_is_left_out(tmp_path, stray):
    readings = 500.0 + np.arange(40)
    readings[20] = stray
    found, noticed = read(counter(tmp_path, readings, every=300))
    assert sum(found.values()) == pytest.approx(39)
    assert found == pytest.approx(dict.fromkeys(range(13), 3.0))
    assert noticed == {"stray readings": 1}


@settings(PROPERTY, max_examples=200)
@given(st.integers(0, 10_000), st.sampled_from([80, 1 << 20]))
def test_nothing_is_ever_negative_or_huge(tmp_path, seed, block):
    rng = np.random.default_rng(seed)
    readings = 5000 + np.cumsum(rng.uniform(0, 1, 120))
    # Side by side as well, but for two rises: a meter that restarts sends nonsense first.
    for at in np.sort(rng.choice(np.arange(30, 116, 2), rng.integers(1, 5), replace=False)):
        kind = rng.integers(4)
        if kind == 0:
            readings[at + 1 :] -= readings[at + 1] - rng.uniform(0, 0.5)
        elif kind == 1:
            readings[at : at + rng.integers(1, 4)] = 0
        elif kind == 2:
            readings[at] = rng.choice([1e6, 0.0])
        else:  # a digit
            readings[at] += rng.choice([-1, 1]) * rng.integers(1, 10) * 10.0 ** rng.integers(0, 5)
    path = counter(tmp_path, np.maximum(readings, 0).round(4), every=300)
    found, _ = read(path, block)
    values = np.array(list(found.values()))
    assert (values >= 0).all()
    assert (values <= 4).all()
    assert values.size >= 36


@pytest.mark.parametrize("block", [20, 40, 1 << 20])
@pytest.mark.parametrize("count", [2, 3, 4])
def test_a_few_readings_in_blocks_of_one(tmp_path, count, block):
    found, _ = read(counter(tmp_path, 10.0 + np.arange(count)), block)
    assert found == dict.fromkeys(range(count - 1), 1.0)


@pytest.mark.parametrize("block", [80, 1 << 20])
@pytest.mark.parametrize("wrong", [[530.0, 0.0], [0.0, 490.0], [0.0, 0.0, 490.0]])
def test_a_fault_beside_a_reset_is_no_consumption(tmp_path, wrong, block):
    readings = 500 + np.arange(60) / 2
    readings[40 : 40 + len(wrong)] = wrong
    found, noticed = read(counter(tmp_path, readings), block)
    beside = range(39, 41 + len(wrong))
    assert {step: one for step, one in found.items() if step not in beside} == pytest.approx(
        {step: 0.5 for step in range(59) if step not in beside}
    )
    assert all(found.get(step, 0.5) <= 1 for step in beside)
    assert noticed["resets"] == 1


@pytest.mark.parametrize("block", [80, 1 << 20])
def test_another_meter_in_its_place_counts_from_where_it_is(tmp_path, block):
    readings = np.append(500 + np.arange(40) / 10, 12_000 + np.arange(40) / 10)
    found, noticed = read(counter(tmp_path, readings.round(1)), block)
    expected = {step: 0.1 for step in range(79) if step != 39}
    assert found == pytest.approx(expected, abs=1e-6)
    assert noticed == {"leaps ahead": 1}


@pytest.mark.parametrize("block", [80, 1 << 20])
def test_after_a_time_of_nothing_a_load_is_no_leap_for_long(tmp_path, block):
    readings = np.cumsum(np.append(np.full(50, 0.001), np.full(50, 2.0))).round(3)
    found, noticed = read(counter(tmp_path, readings), block)
    assert len(found) >= 97
    assert noticed["leaps ahead"] <= 2


def test_a_reading_that_is_lost_leaves_its_two_steps_out(tmp_path):
    times = START + 900 * np.array([0, 1, 2, 4, 5])
    path = write(tmp_path / "lost.csv", 1000 * times, [1.0, 2.0, 3.0, 5.0, 6.0])
    assert read(path)[0] == {0: 1.0, 1: 1.0, 4: 1.0}
