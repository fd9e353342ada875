"""Local times become the instants that they were written from, over changes of the clock."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfx_pipeline.data.raw.batch import Batch
from tfx_pipeline.data.raw.local_time import LocalClock
from tfx_pipeline.series.zones import offsets

ZONES = [
    "Europe/Paris",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "UTC",
    "Antarctica/Troll",
    "Africa/Casablanca",
    "America/St_Johns",
    "Asia/Kolkata",
]


def shown(instants, zone):
    clock = ZoneInfo(zone)
    return np.array(
        [
            round(datetime.fromtimestamp(one, clock).replace(tzinfo=UTC).timestamp())
            for one in instants
        ],
        np.int64,
    )


def batch(meter, seconds):
    return Batch(meter, 1000 * seconds, np.zeros((1, seconds.size)), np.arange(seconds.size), "f")


@settings(deadline=None)
@given(
    st.sampled_from(ZONES),
    st.integers(0, 400),
    st.sampled_from([60, 900, 1800, 3600]),
    st.lists(st.integers(0, 300), max_size=4),
)
def test_the_order_of_a_meter_s_rows_tells_an_hour_that_comes_twice(zone, number, every, cuts):
    starts = offsets(zone).starts[1:]
    change = int(starts[number % starts.size]) if starts.size else 1_700_000_000
    if zone == "Australia/Lord_Howe":  # the clock goes back by half an hour
        every = min(every, 1800)
    change -= change % every
    instants = change + every * np.arange(-100, 100)
    # Two meters, the second one some rows behind, side by side and cut anywhere.
    meter = np.tile([0, 1], instants.size)
    truth = np.stack((instants, instants - 7 * every), axis=1).ravel()
    clock = LocalClock(zone)
    for part in np.split(np.arange(truth.size), sorted(cuts)):
        one = batch(meter[part], shown(truth[part].tolist(), zone)).by_meter()
        millis, nonexistent = clock.utc(one)
        expected = batch(meter[part], truth[part]).by_meter()
        assert not nonexistent.any()
        np.testing.assert_array_equal(millis, expected.millis)


@pytest.mark.parametrize("zone", ZONES)
def test_a_time_that_the_clock_leaps_over_does_not_exist(zone):
    found = offsets(zone)
    for number in range(1, found.starts.size):
        leap = int(found.seconds[number] - found.seconds[number - 1])
        if leap > 0:
            before = int(found.starts[number] + found.seconds[number - 1])
            seconds = np.array([before - 1, before, before + leap - 1, before + leap])
            _, nonexistent = LocalClock(zone).utc(batch(np.zeros(4, np.int64), seconds))
            assert nonexistent.tolist() == [False, True, True, False]


def test_an_hour_that_is_there_once_is_the_first():
    local = shown([1_729_980_000 + 3600 * n for n in (0, 1, 2, 4, 5)], "Europe/Paris")
    millis, _ = LocalClock("Europe/Paris").utc(batch(np.zeros(5, np.int64), local))
    assert (np.diff(millis) >= 3_600_000).all()
