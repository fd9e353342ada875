"""Logged forecasts beside what came: gaps, clock changes, duplicates, several meters."""

from datetime import timedelta

import numpy as np
import pytest

from tests.support.monitoring import (
    DAY,
    forecasts,
    house,
    live_of,
    measured,
    span_of,
    windows,
)
from tests.support.series import household
from tests.support.settings import SERIES
from tfx_pipeline.monitoring.live import STATES, Live
from tfx_pipeline.monitoring.scores import total
from tfx_pipeline.monitoring.values import Values
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec


def states(live: Live, version: str = "17", label: str = "stable") -> dict[str, int]:
    days = live.answers[version, label].days.values()
    counts = np.sum([day.states for day in days], axis=0).tolist()
    return {state: count for state, count in zip(STATES, counts, strict=True) if count}


def ratio(live: Live, version: str = "17", label: str = "stable") -> float:
    answers = live.answers[version, label]
    return total([day.errors for day in answers.days.values()], answers.horizon).mse_ratio


def test_errors_are_of_what_came_and_of_the_naive_forecasts():
    one = house(10)
    live = live_of(one, one, first_day=8, days=2, error=0.5)
    assert states(live) == {"joined": 288}
    days = live.answers["17", "stable"].days
    assert sorted(days) == [one.minutes[0] // DAY + 8, one.minutes[0] // DAY + 9]
    sums = total([day.errors for day in days.values()], 5)
    origins = np.arange(8 * DAY, 10 * DAY - 5, 10)
    target = one.values[0].astype(np.float32)
    of_persistence = target[origins][:, None] - target[origins[:, None] + np.arange(1, 6)]
    np.testing.assert_allclose(sums.mse_of_naive[0], (of_persistence**2).mean(axis=0), rtol=1e-5)
    yesterday = target[origins[:, None] + np.arange(1, 6) - DAY]
    error = yesterday - target[origins[:, None] + np.arange(1, 6)]
    np.testing.assert_allclose(sums.mse_of_naive[1], (error**2).mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(sums.mse, sums.mse_of_naive[0] / 4, rtol=1e-5)
    assert 0.77 < sums.mean(sums.coverage) < 0.83


def test_the_same_window_counts_once_for_a_version():
    one = house(9)
    live = live_of(one, one, first_day=8, days=1)
    before = ratio(live)
    origins = np.arange(8 * DAY, 9 * DAY - 5, 10)
    live.add(windows(one, origins, forecasts(one.values[0], origins, error=3.0)))
    live.add(windows(one, np.repeat(origins[:2], 2), version="18", label=""))
    assert states(live) == {"joined": 144, "duplicates": 144}
    assert ratio(live) == before
    assert states(live, "18", "") == {"joined": 2, "duplicates": 2}


def test_a_gap_in_what_came_leaves_windows_without_truth():
    one = house(9)
    came = one.without_rows(slice(8 * DAY + 600, 8 * DAY + 660))
    live = Live(SERIES, span_of(one, 8, 1), measured(came))
    origins = np.arange(8 * DAY, 9 * DAY - 5, 5)
    live.add(windows(one, origins))
    # Those whose five minutes ahead, or whose fifty minutes behind, all lie in the hour's gap.
    assert states(live) == {"joined": 287 - 12, "without_truth": 12}


def test_what_has_not_come_yet_is_waited_for():
    one = house(9)
    live = Live(SERIES, span_of(one, 8, 1), measured(one.without_rows(slice(9 * DAY - 100, None))))
    live.add(windows(one, np.array([9 * DAY - 107, 9 * DAY - 106, 9 * DAY - 105, 9 * DAY - 50])))
    assert states(live) == {"joined": 2, "waiting": 2}


def test_a_window_without_a_forecast_is_no_error():
    one = house(9)
    live = Live(SERIES, span_of(one, 8, 1), measured(one))
    origins = np.array([8 * DAY, 8 * DAY + 1])
    outputs = forecasts(one.values[0], origins)
    outputs["mean"][0, 2] = np.nan
    live.add(windows(one, origins, outputs))
    assert states(live) == {"joined": 1, "no_forecast": 1}
    assert np.isfinite(ratio(live))


def test_a_meter_that_nobody_measured_has_no_truth():
    one, other = house(9, meter="one"), house(9, 1, "other")
    live = Live(SERIES, span_of(one, 8, 1), measured(one))
    for each in (one, other):
        live.add(windows(each, np.arange(8 * DAY, 8 * DAY + 30)))
    assert states(live) == {"joined": 30, "without_truth": 30}


def test_each_meter_is_held_against_its_own_truth():
    one, other = house(9, meter="one"), house(9, 1, "other")
    live = Live(SERIES, span_of(one, 8, 1), measured(one, other))
    for each in (one, other):
        live.add(windows(each, np.arange(8 * DAY, 9 * DAY - 5), version="17"))
    assert states(live) == {"joined": 2 * 1435}
    assert ratio(live) == pytest.approx(0.25, rel=0.01)
    assert set(live.inputs) == {"one", "other"}


def test_overlapping_windows_feed_each_minute_once():
    one = house(9)
    live = live_of(one, one, first_day=8, days=1, every=1)
    steps, values = live.inputs[""].within(span_of(one, 8, 1))
    assert steps.size == DAY - 5
    np.testing.assert_array_equal(values, one.values[:, 8 * DAY : 9 * DAY - 5].astype(np.float32))


@pytest.mark.parametrize("start", ["2024-03-28 00:00", "2024-10-24 00:00"])
def test_yesterday_is_the_local_clocks_when_it_changes(start):
    spec = SeriesSpec.model_validate(
        SERIES.model_dump() | {"zone": "Europe/Paris", "cadence": timedelta(minutes=1)}
    )
    one = household(6 * DAY, start)
    grid = Grid(spec)
    # Repeats itself every day by the local clock, to the minute; the clock changes in the fourth
    # night.
    local = grid.local(one.minutes * 60) // 60 % DAY
    one.values[0] = 1 + np.sin(local / 7)
    span = span_of(one, 3, 1)
    live = Live(spec, span, measured(one, spec=spec))
    live.add(windows(one, np.arange(3 * DAY + 180, 4 * DAY, 7)))
    [answers] = live.answers.values()
    of_yesterday = total([day.errors for day in answers.days.values()], 5).mse_of_naive[1]
    np.testing.assert_allclose(of_yesterday, 0, atol=1e-9)


def test_without_measurements_everything_is_without_truth():
    one = house(2)
    live = Live(SERIES, span_of(one, 1, 1), {"": Values(span_of(one, 1, 1), 7)})
    live.add(windows(one, np.array([DAY + 7])))
    assert states(live) == {"without_truth": 1}
