"""What networks see of an origin."""

import numpy as np
import pytest
import tensorflow as tf

from modules import features
from modules.features import CODED, CODES, NOW
from modules.local_time import is_holiday, local_clock
from tests.support.series import household
from tests.support.settings import SERIES
from tfx_pipeline.data.contract import Windowing

SHAPE = Windowing(window=50, horizon=5, origins=60)


LEARNED = {
    "levels": np.linspace(0.2, 4.0, 29),
    "steps": np.geomspace(0.005, 2.0, 10),
    "jumps": (0.1, 0.25, 0.5, 1.0, 1.6),
    "rest_jumps": (0.1, 0.25, 0.5, 1.0),
    "on": ((0.5, 8.0),) * 3,
    "changes": (2.0,) * 3,
    "part_levels": np.linspace(1.0, 38.0, 60).reshape(3, 20),
    "seasonal": (0.0,) * SHAPE.horizon,
}


def transformed(values: np.ndarray, first_origin: int = 0) -> dict[str, tf.Tensor]:
    """What the transform makes of one segment [7, steps], with fixed scales."""
    series = tf.constant(values.T[None], tf.float32)
    missing = tf.math.is_nan(series)
    mean = tf.constant([1.0, 0.1, 240.0, 5.0, 1.0, 1.0, 5.0])
    filled = tf.where(missing, mean, series)
    steps = tf.range(values.shape[1], dtype=tf.int64) - (SHAPE.window - 1)
    clock = local_clock(tf.constant([[first_origin]], tf.int64), steps, SERIES)
    return {
        "filled": filled,
        "scaled": (filled - mean) / mean,
        "observed": 1.0 - tf.cast(missing, tf.float32),
        "level": filled[..., 0],
        "rest": filled[..., 0] - 0.06 * tf.reduce_sum(filled[..., 4:], axis=-1),
        "scale": tf.ones([1, 1]),
        "clock": clock,
        "holiday": is_holiday(clock, None),
        "target": series[..., 0],
        "weight": tf.ones([1, SHAPE.origins]),
        "watched": tf.constant([[4, 5, 6]], tf.int64),
        **{name: tf.constant([one], tf.float32) for name, one in LEARNED.items()},
    }


def holed(seed: int) -> np.ndarray:
    """A segment [7, minutes] with every tenth minute missing, some in one measurement only."""
    values = household(SHAPE.length, seed=seed).values
    rng = np.random.default_rng(seed)
    values[:, rng.random(SHAPE.length) < 0.08] = np.nan
    values[rng.random(values.shape) < 0.02] = np.nan
    return values


@pytest.mark.parametrize("sequence", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_an_origin_sees_exactly_what_its_window_alone_shows(sequence, seed):
    values = holed(seed)
    together = features.origins_of(transformed(values), SERIES, SHAPE, sequence)
    for origin in range(0, SHAPE.origins, 7):
        lone = np.full_like(values, np.nan)
        lone[:, : SHAPE.window] = values[:, origin : origin + SHAPE.window]
        alone = features.origins_of(transformed(lone, 60 * origin), SERIES, SHAPE, sequence, 0, 60)
        # Equal but for the order in which sums of a few squares are rounded.
        np.testing.assert_allclose(
            together.inputs[NOW][origin], alone.inputs[NOW][0], rtol=0, atol=1e-6
        )
        if not sequence:
            np.testing.assert_array_equal(together.inputs[CODES][origin], alone.inputs[CODES][0])
        np.testing.assert_array_equal(together.last_observed[origin], alone.last_observed[0])


def test_nothing_is_nan_where_nothing_was_observed():
    values = np.full((7, SHAPE.length), np.nan)
    origins = features.origins_of(transformed(values), SERIES, SHAPE, sequence=False)
    assert np.isfinite(origins.inputs[NOW]).all()
    assert np.isnan(origins.last_observed).all()


def test_origins_without_weight_are_not_scored():
    segments = transformed(holed(0))
    weight = np.ones((1, SHAPE.origins), np.float32)
    weight[0, 10:] = 0.0
    segments["weight"] = tf.constant(weight)
    origins = features.origins_of(segments, SERIES, SHAPE, True)
    assert origins.scored.numpy().tolist() == [True] * 10 + [False] * 50


def test_strided_origins_are_those_of_the_whole():
    segments = transformed(holed(1))
    whole = features.origins_of(segments, SERIES, SHAPE, False)
    part = features.origins_of(segments, SERIES, SHAPE, False, tf.constant(2), 4)
    np.testing.assert_allclose(part.inputs[NOW], whole.inputs[NOW][2::4], rtol=0, atol=1e-6)
    np.testing.assert_array_equal(part.inputs[CODES], whole.inputs[CODES][2::4])
    np.testing.assert_array_equal(part.labels, whole.labels[2::4])


def test_rolling_statistics_are_of_the_observed_minutes():
    delta = np.zeros((1, 1, 50), np.float32)
    delta[0, 0, -3:] = [-0.5, 0.0, 0.0]
    observed = np.ones_like(delta)
    observed[0, 0, -2] = 0.0
    found = features.rolling_statistics(tf.constant(delta), tf.constant(observed))[0, 0].numpy()
    lowest, highest, mean, deviation = found[:4]
    assert (lowest, highest) == (-0.5, 0.0)
    assert mean == pytest.approx(-0.25)
    assert deviation == pytest.approx(0.25)


def test_times_fall_in_bins_and_none_has_its_own():
    codes = features.time_bins(tf.constant([[[0, 14, 15, 16, 48, 49]]]), 50).numpy()
    # 14, 15 and 16 share a bin; none in the window has the last one.
    assert codes.tolist() == [[[0, 14, 14, 14, 23, 24]]]
    longer = features.time_bins(tf.constant([[[0, 104, 105, 900, 999]]]), 1000).numpy()
    assert longer.tolist() == [[[0, 28, 29, 29, 30]]]


def test_short_windows_work():
    codes = features.time_bins(tf.constant([[[0, 6, 7]]]), 8)
    assert codes.numpy().tolist() == [[[0, 6, 7]]]


def test_values_are_coded_by_the_edges_up_to_them():
    edges = tf.constant([[1.0, 2.0], [10.0, 20.0]])
    codes = features.bins(tf.constant([[[0.9, 10.0], [2.0, 25.0]]]), edges)
    assert codes.numpy().tolist() == [[[0, 1], [2, 2]]]


@pytest.mark.parametrize("seed", range(4))
def test_every_code_has_a_row_of_the_table(seed):
    segments = transformed(holed(seed))
    codes = features.origins_of(segments, SERIES, SHAPE, False).inputs[CODES].numpy()
    assert codes.dtype == np.int32
    assert codes.min() == 0
    assert codes.max() < CODED


@pytest.mark.parametrize("window", [3, 24, 50])
def test_a_target_alone_has_no_covariates_to_show(window):
    """Groups of features are empty then, in a batch of several segments as well."""
    spec = SERIES.model_copy(update={"covariates": (), "power_triangle": None})
    shape = Windowing(window=window, horizon=5, origins=60)
    values = np.stack([holed(seed)[:1, : shape.length] for seed in range(3)])
    alone = [transformed(np.repeat(one, 7, axis=0)) for one in values]
    segments = {name: tf.concat([one[name] for one in alone], axis=0) for name in alone[0]}
    for name in ("filled", "scaled", "observed"):
        segments[name] = segments[name][..., :1]
    segments |= {
        "watched": tf.zeros([3, 0], tf.int64),
        "on": tf.zeros([3, 0, 2]),
        "changes": tf.zeros([3, 0]),
        "part_levels": tf.zeros([3, 0, 20]),
    }
    found = features.origins_of(segments, spec, shape, False)
    assert found.inputs[NOW].shape[0] == 3 * shape.origins
    assert np.isfinite(found.inputs[NOW]).all()
