"""Which zone a clock is in shows in its offsets, and where it goes forward and back."""

import numpy as np
import pytest

from tfx_pipeline.data.describe.clock_changes import (
    KNOWN,
    in_utc,
    zone_of_local_times,
    zone_of_offsets,
)
from tfx_pipeline.data.describe.errors import Remarks
from tfx_pipeline.series.zones import offsets

START = 1_672_531_200
"""The first of January 2023."""


def local(zone, step=1800, days=364):
    """UTC seconds, and what the zone's clock shows then."""
    seconds = START + step * np.arange(days * 86_400 // step)
    return seconds, seconds + offsets(zone).at(seconds)


def found(shown):
    remarks = Remarks()
    same = np.ones(shown.size - 1, bool)
    return zone_of_local_times(shown, same, True, remarks), remarks


@pytest.mark.parametrize("zone", KNOWN)
@pytest.mark.parametrize("step", [60, 900, 3600])
def test_a_zone_shows_where_its_clock_changes(zone, step):
    seconds, shown = local(zone, step)
    guess, remarks = found(shown)
    assert guess == zone
    assert "in 2 places" in remarks.about("zone")[0].text
    assert np.array_equal(in_utc(shown, zone), seconds)


@pytest.mark.parametrize(
    ("zone", "guess"),
    [
        ("Europe/Berlin", "Europe/Paris"),
        ("Europe/Lisbon", "Europe/London"),
        ("Europe/Helsinki", "Europe/Athens"),
        ("America/Denver", "America/New_York"),
    ],
)
def test_zones_that_change_alike_are_said_to(zone, guess):
    _, shown = local(zone)
    known, remarks = found(shown)
    assert known == guess
    assert zone.partition("/")[2].replace("_", " ") in remarks.about("zone")[0].text


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "Etc/GMT-1"])
def test_a_clock_that_never_changes(zone):
    guess, remarks = found(local(zone)[1])
    assert guess is None
    assert "without summer time" in remarks.about("zone")[0].text


def test_a_winter_says_nothing():
    guess, remarks = found(local("Europe/Paris", days=60)[1])
    assert guess is None
    assert "cannot be seen" in remarks.about("zone")[0].text


def test_gaps_are_no_changes_of_the_clock():
    _, shown = local("UTC")
    gaps = np.isin(np.arange(shown.size) % 900, np.arange(3))
    assert found(shown[~gaps])[0] is None


@pytest.mark.parametrize("zone", [*KNOWN, "America/Chicago", "America/Los_Angeles"])
def test_offsets_name_their_zone(zone):
    seconds, shown = local(zone, 3600)
    remarks = Remarks()
    assert zone_of_offsets(seconds, shown - seconds, remarks) == zone
    assert remarks.doubtful("zone")


@pytest.mark.parametrize(
    ("offset", "zone"),
    [(0, "UTC"), (19_800, "Asia/Kolkata"), (7200, "Etc/GMT-2"), (-14_400, "Etc/GMT+4")],
)
def test_an_offset_that_does_not_change(offset, zone):
    seconds, _ = local("UTC", 3600, 40)
    remarks = Remarks()
    ahead = np.full(seconds.size, offset)
    assert zone_of_offsets(seconds, ahead, remarks) == zone
    assert (offsets(zone).at(seconds) == offset).all()
    assert remarks.doubtful("zone")
