"""The clock and the holidays in the graph, against the clock of Python."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import tensorflow as tf

from modules import local_time
from tests.support.settings import SERIES

EPOCH = datetime(1970, 1, 1)
MONDAY = 4 * 86400


def test_time_of_day_and_of_week_are_points_on_circles():
    clock = tf.constant([MONDAY, MONDAY + 6 * 86400 + 6 * 3600 + 60], tf.int64)
    found = local_time.circles(clock).numpy()
    np.testing.assert_allclose(found[0], [0, 1, 0, 1], atol=1e-6)
    week = 2 * np.pi * (6 + (6 * 60 + 1) / 1440) / 7
    np.testing.assert_allclose(found[1, 2:], [np.sin(week), np.cos(week)], atol=1e-6)
    twice = local_time.circles(clock, harmonics=2).numpy()
    np.testing.assert_allclose(twice[1, 2:4], [np.sin(np.pi + 4 * np.pi / 1440), -1], atol=1e-4)


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/New_York", "Asia/Kolkata"])
@pytest.mark.parametrize("start", ["2007-03-24", "2007-10-27", "2024-11-03"])
def test_hours_are_of_the_local_clock(zone, start):
    series = SERIES.model_copy(update={"zone": zone, "cadence": timedelta(hours=1)})
    first = int(datetime.fromisoformat(start).replace(tzinfo=UTC).timestamp())
    found = local_time.local_clock(
        tf.constant([[first]], tf.int64), tf.range(-30, 60, dtype=tf.int64), series
    )
    for step, seconds in zip(range(-30, 60), found[0].numpy().tolist(), strict=True):
        shown = datetime.fromtimestamp(first + 3600 * step, ZoneInfo(zone)).replace(tzinfo=None)
        assert EPOCH + timedelta(seconds=seconds) == shown


def test_days_follow_the_clock_when_it_changes():
    series = SERIES.model_copy(update={"zone": "Europe/Paris", "cadence": timedelta(days=1)})
    first = int(datetime(2007, 3, 24, tzinfo=ZoneInfo("Europe/Paris")).timestamp())
    found = local_time.local_clock(
        tf.constant([[first]], tf.int64), tf.range(4, dtype=tf.int64), series
    )
    shown = [EPOCH + timedelta(seconds=seconds) for seconds in found[0].numpy().tolist()]
    assert shown == [datetime(2007, 3, day) for day in (24, 25, 26, 27)]


def test_without_a_zone_the_clock_is_that_of_the_file():
    found = local_time.local_clock(
        tf.constant([[7]], tf.int64), tf.constant([0, 2], tf.int64), SERIES
    )
    assert found.numpy().tolist() == [[7, 127]]


@pytest.mark.parametrize(
    ("country", "day", "expected"),
    [
        ("FR", date(2007, 7, 14), 1.0),
        ("FR", date(2007, 7, 15), 0.0),
        ("DE-BY", date(2024, 1, 6), 1.0),
        ("DE-BE", date(2024, 1, 6), 0.0),
        (None, date(2007, 7, 14), 0.0),
    ],
)
def test_holidays_are_those_of_the_country(country, day, expected):
    noon = (day - EPOCH.date()).days * 86400 + 12 * 3600
    assert float(local_time.is_holiday(tf.constant([noon], tf.int64), country)[0]) == expected


def test_holidays_are_known_in_a_graph():
    noon = tf.constant([(date(2007, 7, 14) - EPOCH.date()).days * 86400], tf.int64)
    found = tf.function(lambda clock: local_time.is_holiday(clock, "FR"))
    assert found(noon).numpy().tolist() == [1.0]


def test_days_beyond_the_known_holidays_are_none():
    clock = tf.constant([0, 200 * 365 * 86400], tf.int64)
    assert local_time.is_holiday(clock, "FR").numpy().tolist() == [0.0, 0.0]


def test_an_unknown_country_is_refused():
    with pytest.raises(ValueError, match="XX"):
        local_time.days_off("XX")
