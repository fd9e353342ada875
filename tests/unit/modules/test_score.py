"""Scores against errors computed by numpy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from modules import score
from modules.distribution import BINS, Histogram
from modules.features import NOW, Origins
from tfx_pipeline.scoring import SEASONS

DOMAIN = (0.0, 30.0)
HISTOGRAM = Histogram(spread=0.07, reach=9.0)


def constant_network(delta: float) -> keras.Model:
    """Forecasts one delta, whatever it is shown."""
    position = HISTOGRAM.position(tf.constant([delta] * 2))
    logits = 50.0 * tf.one_hot(tf.cast(position, tf.int32), BINS)
    inputs = {NOW: keras.Input((1,), name=NOW)}
    outputs = keras.layers.Lambda(lambda x: 0.0 * x[:, :, None] + logits.numpy()[None])(inputs[NOW])
    return keras.Model(inputs, outputs)


def origins(labels: np.ndarray, scored: np.ndarray) -> Origins:
    last_observed = np.arange(len(labels), dtype=np.float32)
    return Origins(
        inputs={NOW: tf.zeros([len(labels), 1])},
        last_observed=tf.constant(last_observed),
        base=tf.constant(np.repeat(last_observed[:, None], labels.shape[1], axis=1)),
        scale=tf.ones([len(labels)]),
        scored=tf.constant(scored),
        labels=tf.constant(labels),
    )


def nothing(labels: np.ndarray) -> dict[str, tf.Tensor]:
    """Earlier values, of which none is known."""
    return dict.fromkeys(SEASONS, tf.fill(labels.shape, np.nan))


def test_errors_are_averaged_over_what_can_be_scored():
    labels = np.array([[1.0, 1.0], [2.0, np.nan], [9.0, 9.0]], np.float32)
    scored = np.array([True, True, False])
    network = constant_network(1.0)
    forecast = float(
        HISTOGRAM.forecast(
            network({NOW: np.zeros((1, 1))}), tf.zeros([1, 2]), tf.ones([1]), DOMAIN
        )["mean"][0, 0]
    )
    parts = (slice(2), slice(2, 3))
    batches = [(origins(labels[part], scored[part]), nothing(labels[part])) for part in parts]
    # The last observation of the second batch's only origin is 0, and it is not scored.
    found = score.Scorer(network, HISTOGRAM, DOMAIN, 60).evaluate(batches)
    np.testing.assert_allclose(found.naive_mse, [1.0, 1.0])
    np.testing.assert_allclose(found.naive_mae, [1.0, 1.0])
    np.testing.assert_allclose(found.mse, (forecast - 1.0) ** 2, atol=1e-5)
    assert found.mse_ratio == pytest.approx(found.mse.mean())
    assert score.objective(found) == pytest.approx((found.mse_ratio + found.mae_ratio) / 2)
    assert "mse_ratio" in str(found)


def test_the_best_naive_forecast_is_the_one_to_beat():
    labels = np.array([[1.0, 1.0], [2.0, 2.0]], np.float32)
    earlier = nothing(labels)
    earlier["same_time_yesterday"] = tf.constant([[1.0, 9.0], [2.0, 9.0]])
    batches = [(origins(labels, np.array([True, True])), earlier)]
    found = score.Scorer(constant_network(1.0), HISTOGRAM, DOMAIN, 60).evaluate(batches)
    np.testing.assert_allclose(found.naive_mse, [0.0, 1.0])


def test_a_split_without_labels_is_refused():
    labels = np.full((2, 2), np.nan, np.float32)
    batches = [(origins(labels, np.array([True, True])), nothing(labels))]
    with pytest.raises(ValueError, match="no window with labels"):
        score.Scorer(constant_network(0.0), HISTOGRAM, DOMAIN, 60).evaluate(batches)


def test_an_empty_split_is_refused():
    with pytest.raises(ValueError, match="no window with labels"):
        score.Scorer(constant_network(0.0), HISTOGRAM, DOMAIN, 60).evaluate([])
