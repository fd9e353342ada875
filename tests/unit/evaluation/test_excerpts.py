"""The days that a person should look at are found, and cut where a day begins."""

from datetime import timedelta

import numpy as np
import pytest

from tests.support.settings import SERIES
from tfx_pipeline.evaluation.excerpts import (
    MOST_VALUES,
    Track,
    choose,
    excerpt_length,
    steps_ahead,
)
from tfx_pipeline.series.clock import DAY
from tfx_pipeline.series.grid import Grid

AHEAD = [1, 3]
DAYS = 6


def track(meter: str = "", days: int = DAYS, start_hour: int = 12) -> Track:
    """Minutes of 1 kW, forecast without a mistake."""
    first = int(Grid(SERIES).index(13_800 * DAY + start_hour * 3600))
    size = days * 1440
    actual = np.ones(size)
    forecast = np.ones((3, len(AHEAD), size)) + np.array([-0.5, 0, 0.5])[:, None, None]
    local = Grid(SERIES).local(Grid(SERIES).seconds(first + np.arange(size)))
    return Track(meter, first, actual, forecast, local)


def minute_of(day: int, hour: int, start_hour: int = 12) -> int:
    return day * 1440 + (hour - start_hour) * 60


def test_night_evening_and_worst_hour_are_found():
    one = track()
    one.actual[minute_of(2, 0) : minute_of(2, 6)] = 0.2
    one.forecast[:, :, minute_of(2, 0) : minute_of(2, 6)] -= 0.8
    one.actual[minute_of(3, 17) : minute_of(3, 23)] = 4.0
    one.forecast[:, :, minute_of(3, 17) : minute_of(3, 23)] += 3.0
    one.forecast[1, 1, minute_of(4, 9) : minute_of(4, 10)] = 3.0
    found = choose([one], AHEAD, SERIES)
    marks = {mark.what: (each, mark) for each in found.excerpts for mark in each.marks}
    assert set(marks) == {"the newest", "a quiet night", "a busy evening", "the worst hour"}
    for what, day, hours in [
        ("a quiet night", 2, (0, 6)),
        ("a busy evening", 3, (17, 23)),
        ("the worst hour", 4, (9, 10)),
    ]:
        excerpt, mark = marks[what]
        assert excerpt.first == Grid(SERIES).text(one.first + minute_of(day, 0))
        assert (mark.first, mark.last + 1) == (hours[0] * 60, hours[1] * 60)
        assert len(excerpt.actual) == 1440
        assert [ahead.steps for ahead in excerpt.ahead] == AHEAD
    newest = marks["the newest"][0]
    assert newest.first.endswith("12:00"), "the last day of the data"
    assert newest.ahead[0].p90[-1] == 1.5
    worst = marks["the worst hour"][0]
    assert worst.ahead[1].p50[540] == 3.0
    assert worst.ahead[0].p50[540] == 1.0


def test_what_was_not_observed_or_not_forecast_is_not_chosen():
    one = track()
    one.actual[minute_of(2, 0) : minute_of(2, 6)] = 0.2
    one.actual[minute_of(2, 1) : minute_of(2, 2)] = np.nan
    one.actual[minute_of(3, 0) : minute_of(3, 6)] = 0.1
    one.forecast[:, :, minute_of(3, 0) : minute_of(3, 6)] = np.nan
    one.actual[minute_of(4, 0) : minute_of(4, 6)] = 0.5
    found = choose([one], AHEAD, SERIES)
    [night] = [one for one in found.excerpts for mark in one.marks if "night" in mark.what]
    assert night.actual[0] == 0.5


def test_of_several_meters_the_most_telling_is_shown():
    quiet, loud = track("quiet"), track("loud")
    loud.actual[:] = loud.forecast[:] = 5.0
    found = choose([quiet, loud], AHEAD, SERIES)
    meters = {mark.what: each.meter for each in found.excerpts for mark in each.marks}
    assert meters["a quiet night"] == "quiet"
    assert meters["a busy evening"] == "loud"


def test_a_model_without_an_answer_leaves_the_newest_day():
    one = track()
    one.forecast[:] = np.nan
    [newest] = choose([one], AHEAD, SERIES).excerpts
    assert newest.ahead[0].p50 == (None,) * 1440


def test_a_short_track_is_shown_whole():
    [newest] = choose([track(days=1)], AHEAD, SERIES).excerpts[:1]
    assert len(newest.actual) == 1440
    short = track(days=1)
    part = Track("", short.first, short.actual[:30], short.forecast[..., :30], short.local[:30])
    assert {len(one.actual) for one in choose([part], AHEAD, SERIES).excerpts} == {30}


@pytest.mark.parametrize(
    ("step", "length"), [(1, 3600), (60, 1440), (900, 192), (3600, 168), (86_400, 182)]
)
def test_an_excerpt_is_as_long_as_a_chart_can_show(step, length):
    assert excerpt_length(step) == length
    for horizon in (1, 5, 24, 96):
        ahead = steps_ahead(horizon, length)
        assert ahead == sorted(set(ahead))
        assert ahead[0] == 1
        assert len(ahead) * length * 3 <= MOST_VALUES
        assert ahead[-1] == horizon or len(ahead) == 1


def test_days_are_no_nights():
    series = SERIES.model_copy(update={"cadence": timedelta(days=1)})
    size = 400
    actual = np.ones(size)
    forecast = np.ones((3, 2, size))
    forecast[1, 0, 250] = 9.0
    local = 13_000 * DAY + DAY * np.arange(size)
    found = choose([Track("", 13_000, actual, forecast, local)], AHEAD, series)
    marks = [mark.what for one in found.excerpts for mark in one.marks]
    assert marks == ["the newest", "the worst step"]
    [worst] = [one for one in found.excerpts for mark in one.marks if "worst" in mark.what]
    assert worst.ahead[0].p50[worst.marks[0].first] == 9.0
