"""The measurements of a meter in a time span, and how they are read."""

import numpy as np

from tests.support.monitoring import house, span_of
from tests.support.series import write_uci
from tests.support.settings import SERIES
from tfx_pipeline.data.segments.splits import Interval
from tfx_pipeline.monitoring.values import Values, needed, only, read_values
from tfx_pipeline.series.clock import WEEK

NAN = float("nan")


def values_of(*numbers: float, first: int = 100) -> Values:
    found = Values(Interval(first, first + len(numbers)), 1)
    found.put(0, first + np.arange(len(numbers)), np.array(numbers, np.float32))
    return found


def test_values_are_found_by_step_and_missing_outside():
    found = values_of(1, NAN, 3)
    expected = [[NAN, 1], [NAN, 3], [NAN, NAN]]
    steps = np.array([[99, 100], [101, 102], [103, 1_000_000]])
    np.testing.assert_array_equal(found.at(0, steps), expected)


def test_what_is_put_outside_of_the_span_is_left_out_but_for_how_new_it_is():
    found = values_of(1, 2)
    found.put(0, np.array([99, 101, 200]), np.array([7, 8, 9], np.float32))
    np.testing.assert_array_equal(found.at(0, np.array([99, 100, 101, 200])), [NAN, 1, 8, NAN])
    assert found.newest == 200


def test_known_steps_are_those_that_were_put_whether_observed_or_not():
    found = Values(Interval(10, 20), 1)
    found.put(0, np.array([12, 13, 17]), np.array([1, NAN, 3], np.float32))
    steps, values = found.within(Interval(13, 30))
    assert steps.tolist() == [13, 17]
    np.testing.assert_array_equal(values, [[NAN, 3]])
    assert found.within(Interval(0, 5))[0].size == 0


def test_the_last_observation_lies_in_the_window():
    found = values_of(5, NAN, NAN, NAN, 7)
    steps = np.array([99, 100, 101, 102, 103, 104, 105])
    expected = [NAN, 5, 5, 5, NAN, 7, NAN]
    np.testing.assert_array_equal(found.last_observed(0, steps, window=3), expected)


def test_a_file_is_read_in_its_span(tmp_path):
    one = house(3).without_rows(slice(2000, 2010)).without_values(slice(1500, 1503))
    path = write_uci(tmp_path / "house.txt", one)
    span = span_of(one, 1, 1)
    [(meter, found)] = read_values([str(path)], SERIES, span, max_bad_rows=0).items()
    assert meter == ""
    steps, values = found.within(span)
    assert steps.size == 1440 - 10
    inside = (one.minutes >= span.start) & (one.minutes < span.stop)
    np.testing.assert_allclose(values, one.values[:, inside], atol=1e-3)
    assert found.newest == one.minutes[-1]


def test_forecasts_are_held_against_a_week_before_them():
    found = needed(Interval(1_000_000, 1_001_000), SERIES)
    assert found.start <= 1_000_000 - WEEK // SERIES.step
    assert found.stop > 1_001_000


def test_a_log_without_meters_is_of_the_only_one():
    one, other = values_of(1), values_of(2)
    assert only({"a": one}, "") is one
    assert only({"a": one, "b": other}, "") is None
    assert only({"a": one, "b": other}, "b") is other
