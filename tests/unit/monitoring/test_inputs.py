"""What a model is fed with: gaps, stuck sensors, physics, nobody at home."""

import numpy as np
import pytest

from tests.support.monitoring import DAY, house, live_of, measured, span_of
from tests.support.settings import SERIES, data_options
from tfx_pipeline.monitoring.inputs import absences, look_at, quiet_days


def test_only_what_a_request_held_is_looked_at():
    one = house(3)
    one.values[1, DAY + 100 : DAY + 200] = np.nan
    # Every two hours a window of fifty minutes.
    live = live_of(one, one, first_day=1, days=1, every=120)
    found = look_at(live.inputs, span_of(one, 1, 1), data_options())
    assert found is not None
    assert found.steps == 11 * 50 + 1
    missing = found.missing_fraction
    assert missing["Global_active_power"] == 0
    held = np.isnan(live.inputs[""].within(span_of(one, 1, 1))[1][1])
    assert missing["Global_reactive_power"] == pytest.approx(held.mean())
    assert 0 < held.mean() < 0.5


def test_stuck_sensors_and_broken_laws_are_found():
    one = house(2)
    one.values[2, DAY + 60 : DAY + 700] = 240.5
    one.values[0, DAY : DAY + 72] += 5
    live = live_of(one, one, first_day=1, days=1)
    found = look_at(live.inputs, span_of(one, 1, 1), data_options())
    assert found is not None
    frozen = found.longest_frozen["Voltage"]
    assert (frozen.steps, frozen.value, frozen.first) == (640, 240.5, "2007-01-02 01:00")
    assert found.physics_fraction["active power above voltage x intensity"] == pytest.approx(
        72 / found.steps
    )


def test_nothing_fed_is_nothing_to_look_at():
    assert look_at({}, span_of(house(1), 0, 1), data_options()) is None


def test_a_quiet_day_is_one_with_the_base_load_alone():
    one = house(6)
    one.values[0] = 2.0
    one.values[0, 2 * DAY : 4 * DAY] = 0.2
    one.values[0, 2 * DAY : 2 * DAY + 200] = 2.0
    one.values[0, 2 * DAY : 4 * DAY : 7] = 0.21
    one.values[0, 4 * DAY : 5 * DAY] = 0.2
    one.values[0, 5 * DAY :] = 0.0
    [values] = measured(one).values()
    days = quiet_days(values, span_of(one, 0, 6), SERIES, median=1.0)
    first = one.minutes[0] // DAY
    # On the fifth day the sensor stands still, on the sixth the meter is off.
    assert (days - first).tolist() == [2, 3]


def test_a_day_of_which_little_is_known_is_not_called_quiet():
    one = house(3)
    one.values[0] = 0.2 + 0.01 * np.arange(3 * DAY) % 0.05
    [values] = measured(one.without_rows(slice(0, 800))).values()
    days = quiet_days(values, span_of(one, 0, 3), SERIES, median=1.0)
    assert (days - one.minutes[0] // DAY).tolist() == [1, 2]


def test_a_single_quiet_day_is_no_absence():
    one = house(3)
    one.values[0] = 2.0
    one.values[0, DAY : 2 * DAY] = 0.2
    [values] = measured(one).values()
    assert quiet_days(values, span_of(one, 0, 3), SERIES, median=1.0).size == 0


def test_quiet_days_in_a_row_are_an_absence():
    found = absences(np.array([14_000, 14_001, 14_005, 14_010, 14_011, 14_012]))
    assert [(one.first, one.last, one.days) for one in found] == [
        ("2008-05-01", "2008-05-02", 2),
        ("2008-05-11", "2008-05-13", 3),
    ]
    assert absences(np.zeros(0, np.int64)) == []
