from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.series.test_spec import described
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.zones import LATEST, offsets, standard_offset

ODD_ZONES = [
    "Europe/Paris",
    "America/New_York",
    "America/Sao_Paulo",  # changed at midnight
    "America/St_Johns",  # half-hour zone, changed at 00:01
    "Australia/Lord_Howe",  # half an hour of summer time
    "Antarctica/Troll",  # two hours of it
    "Asia/Kathmandu",  # +05:45, +05:30 up to 1985
    "Pacific/Apia",  # left a day out
    "Africa/Casablanca",  # winter time in Ramadan
    "Asia/Kolkata",
    "UTC",
]
ZONES = st.sampled_from(ODD_ZONES) | st.sampled_from(sorted(available_timezones()))
CADENCES = st.sampled_from([1, 7, 60, 300, 900, 1800, 2700, 3600, 5400, 7200, 21600, 25200, 86400])
INSTANTS = st.integers(0, LATEST - 1)


def grid(zone, seconds):
    return Grid(described(zone=zone, cadence=timedelta(seconds=seconds)))


def seconds_of(text, zone=None):
    when = datetime.fromisoformat(text)
    return round(when.replace(tzinfo=ZoneInfo(zone) if zone else UTC).timestamp())


@settings(deadline=None)  # the first use of a zone takes some time
@given(ZONES, st.lists(INSTANTS, max_size=20))
def test_the_local_clock_is_that_of_the_zone(zone, instants):
    clock = ZoneInfo(zone)
    shown = [
        round(datetime.fromtimestamp(one, clock).replace(tzinfo=UTC).timestamp())
        for one in instants
    ]
    assert grid(zone, 60).local(np.array(instants, np.int64)).tolist() == shown


@settings(deadline=None)  # the first use of a zone takes some time
@given(ZONES | st.none(), CADENCES, INSTANTS, st.data())
def test_steps_follow_one_another_without_gap_or_overlap(zone, cadence, instant, data):
    if zone and data.draw(st.booleans()):  # near a change of the clock
        change = data.draw(st.sampled_from([0, *offsets(zone).starts[1:].tolist()]))
        instant = max(0, change + data.draw(st.integers(-2 * cadence, 2 * cadence)))
    one = grid(zone, cadence)
    near = instant + np.unique(np.linspace(-2 * cadence, 2 * cadence, 200).astype(np.int64))
    index = one.index(near)
    assert (np.diff(index) >= 0).all()
    begins, ends = one.seconds(index), one.seconds(index + 1)
    assert (begins <= near).all()
    assert (near < ends).all()
    np.testing.assert_array_equal(one.index(begins), index)
    np.testing.assert_array_equal(one.index(ends - 1), index)


@settings(deadline=None)  # the first use of a zone takes some time
@given(ZONES | st.none(), CADENCES, st.integers(0, 10_000))
def test_a_step_of_up_to_an_hour_lasts_its_cadence(zone, cadence, step):
    if zone is None or cadence <= 3600:
        one = grid(zone, cadence)
        assert one.seconds(step + 1) - one.seconds(step) == cadence
        assert 0 <= one.seconds(step) - step * cadence < cadence


@settings(deadline=None)  # the first use of a zone takes some time
@given(ZONES, st.sampled_from([60, 900, 1800, 3600]), st.integers(0, 1_000_000))
def test_steps_are_those_of_the_zone_s_clock_without_summer_time(zone, cadence, step):
    assert (grid(zone, cadence).seconds(step) + standard_offset(zone)) % cadence == 0


@settings(deadline=None)  # the first use of a zone takes some time
@given(ZONES, st.dates(datetime(1990, 1, 1).date(), datetime(2090, 1, 1).date()))
def test_a_step_of_a_day_is_the_local_day(zone, day):
    one, clock = grid(zone, 86400), ZoneInfo(zone)
    step = (day - datetime(1970, 1, 1).date()).days
    begin, end = int(one.seconds(step)), int(one.seconds(step + 1))
    if begin == end:  # the clock left it out
        day += timedelta(days=1)
    assert datetime.fromtimestamp(begin, clock).date() == day
    assert datetime.fromtimestamp(begin - 1, clock).date() < day


def test_days_at_clock_changes_have_23_and_25_hours():
    one = grid("Europe/Paris", 86400)
    for day, hours in (("2024-03-31", 23), ("2024-10-27", 25), ("2024-10-28", 24)):
        step = int(one.index(seconds_of(day + " 12:00", "Europe/Paris")))
        assert (one.seconds(step + 1) - one.seconds(step)) / 3600 == hours
        assert one.text(step) == f"{day} 00:00"


def test_hours_in_india_begin_at_half_past_of_utc():
    one = grid("Asia/Kolkata", 3600)
    step = int(one.index(seconds_of("2024-01-01 05:59", "Asia/Kolkata")))
    assert one.text(step) == "2024-01-01 05:00"
    assert one.seconds(step) % 3600 == 1800


def test_without_a_zone_instants_are_a_wall_clock():
    one = grid(None, 60)
    instant = seconds_of("2006-12-16 17:24:30")
    assert one.index(instant) == instant // 60
    assert one.clock(instant) == "2006-12-16 17:24:30"
    assert one.text(instant // 60) == "2006-12-16 17:24"
    assert one.local(instant) == instant


def test_an_hour_that_comes_twice_is_told_apart_by_its_offset():
    one = grid("Europe/Paris", 3600)
    first = seconds_of("2024-10-27 01:00", "Europe/Paris")
    assert [one.clock(first + 3600 * hour) for hour in range(4)] == [
        "2024-10-27 01:00",
        "2024-10-27 02:00+02:00",
        "2024-10-27 02:00+01:00",
        "2024-10-27 03:00",
    ]
    newfoundland = grid("America/St_Johns", 3600)
    twice = int(datetime(2024, 11, 3, 1, 30, tzinfo=ZoneInfo("America/St_Johns")).timestamp())
    assert newfoundland.clock(twice) == "2024-11-03 01:30-02:30"


@pytest.mark.parametrize("zone", ODD_ZONES)
def test_offsets_hold_until_the_next_begins(zone):
    found, clock = offsets(zone), ZoneInfo(zone)
    for start, offset in zip(found.starts[1:].tolist(), found.seconds[1:].tolist(), strict=True):
        assert datetime.fromtimestamp(start, clock).utcoffset() == timedelta(seconds=offset)
        assert datetime.fromtimestamp(start - 1, clock).utcoffset() != timedelta(seconds=offset)
