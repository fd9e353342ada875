from datetime import UTC, datetime

import numpy as np
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from tfx_pipeline.series import clock


@given(st.integers(0, 2**32))
def test_the_week_is_that_of_the_calendar(second):
    when = datetime.fromtimestamp(second, UTC)
    assert clock.weekday(second) == when.weekday()
    midnight = when.hour * clock.HOUR + when.minute * 60 + when.second
    assert clock.of_week(second) == when.weekday() * clock.DAY + midnight


def test_arrays_and_tensors_are_alike():
    seconds = np.array([0, 4 * clock.DAY, 5 * clock.DAY - 1])
    assert clock.weekday(seconds).tolist() == [3, 0, 0]
    assert clock.weekday(tf.constant(seconds)).numpy().tolist() == [3, 0, 0]
