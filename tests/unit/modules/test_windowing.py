"""Windows and labels of origins."""

import numpy as np
import pytest
import tensorflow as tf

from modules import windowing
from tfx_pipeline.data.contract import Windowing
from tfx_pipeline.evaluation.metrics import labels_ahead, last_observation

SHAPE = Windowing(window=4, horizon=2, origins=6)


def series() -> tf.Tensor:
    return tf.range(SHAPE.length, dtype=tf.float32)[None]


def test_a_window_ends_at_its_origin_and_the_labels_follow():
    origins = windowing.origin_indices(SHAPE)
    windows = windowing.windows(series(), origins, SHAPE.window)
    labels = windowing.labels(series(), origins, SHAPE.horizon)
    for origin in range(SHAPE.origins):
        assert windows[0, origin].numpy().tolist() == [origin, origin + 1, origin + 2, origin + 3]
        assert labels[0, origin].numpy().tolist() == [origin + 4, origin + 5]


def test_a_stride_takes_every_so_many_th_origin_from_the_phase():
    origins = windowing.origin_indices(SHAPE, phase=1, stride=3)
    assert origins.numpy().tolist() == [3 + 1, 3 + 4]


@pytest.mark.parametrize("stride", range(1, 32))
def test_from_one_phase_or_another_each_origin_is_taken(stride):
    shape = Windowing(window=4, horizon=2, origins=31)
    starts = range(shape.phases(stride))
    taken = {int(at) for phase in starts for at in windowing.origin_indices(shape, phase, stride)}
    assert taken == {shape.window - 1 + origin for origin in range(shape.origins)}


def test_a_lone_window_is_what_origin_0_sees():
    window = tf.constant([[1.0, 2.0, np.nan, 4.0]])
    segment = windowing.segment_of(window, SHAPE.length)
    assert segment.shape == (1, SHAPE.length)
    seen = windowing.windows(segment, windowing.origin_indices(SHAPE)[:1], SHAPE.window)
    np.testing.assert_array_equal(seen[0, 0], window[0])
    assert np.isnan(segment[0, SHAPE.window :]).all()


def test_persistence_holds_the_last_observed_value_of_the_window():
    nan = np.nan
    target = tf.constant([[7.0, 1.0, 2.0, nan, nan, nan, nan, nan], [nan] * 8])
    last = windowing.last_observed(target, tf.constant([3, 5, 6]), window=4)
    # From minute 6 the window begins at minute 3: nothing in it was observed.
    np.testing.assert_array_equal(last, [[2.0, 2.0, nan], [nan] * 3])


@pytest.mark.parametrize("seed", range(5))
def test_the_gates_persistence_and_labels_are_the_same(seed):
    """Two on purpose: the gate shares no code with the model that it evaluates."""
    rng = np.random.default_rng(seed)
    target = rng.normal(size=SHAPE.length).astype(np.float32)
    target[rng.random(target.size) < 0.7] = np.nan
    at = windowing.origin_indices(SHAPE)
    own = windowing.last_observed(target[None], at, SHAPE.window)
    np.testing.assert_array_equal(own[0], last_observation(target, SHAPE))
    labels = windowing.labels(target[None], at, SHAPE.horizon)
    np.testing.assert_array_equal(labels[0], labels_ahead(target, SHAPE))
