"""The histogram of deltas: loss, mean and quantiles."""

from statistics import NormalDist

import numpy as np
import pytest
import tensorflow as tf

from modules.distribution import BINS, LABEL_DEVIATION, Histogram
from tfx_pipeline.model_contract import OUTPUTS

DOMAIN = (0.0, 30.0)
HISTOGRAM = Histogram(spread=0.07, reach=9.0)
ONE = tf.ones([1])


def peak(delta: float) -> tf.Tensor:
    """Logits of certainty about one bin, [1, 1, BINS]."""
    position = HISTOGRAM.position(tf.constant([[delta]]))
    return 50.0 * tf.one_hot(tf.cast(position, tf.int32), BINS)


@pytest.mark.parametrize("delta", [-3.0, -0.2, 0.0, 0.004, 0.7, 5.0])
def test_a_delta_has_a_position_between_the_edges_of_its_bin(delta):
    low = int(HISTOGRAM.position(tf.constant(delta)))
    assert HISTOGRAM.edges[low] <= delta <= HISTOGRAM.edges[low + 1]


def test_deltas_beyond_the_reach_are_at_its_ends():
    assert HISTOGRAM.position(tf.constant([-100.0, 100.0])).numpy().tolist() == [0.0, BINS]


@pytest.mark.parametrize("delta", [-100.0, -3.0, -0.2, 0.0, 0.004, 0.7, 5.0, 100.0])
def test_a_label_is_a_gaussian_around_its_place_among_the_bins(delta):
    found = HISTOGRAM.target(tf.constant([delta])).numpy()[0]
    place = float(HISTOGRAM.position(tf.constant(delta)))
    gaussian = NormalDist(place, LABEL_DEVIATION)
    expected = np.diff([gaussian.cdf(edge) for edge in range(BINS + 1)])
    np.testing.assert_allclose(found, expected / expected.sum(), atol=1e-5)
    assert found.sum() == pytest.approx(1.0, abs=1e-5)


def test_no_logits_are_better_than_those_of_the_label():
    deltas = tf.constant([[0.3]])
    ideal = tf.math.log(HISTOGRAM.target(deltas) + 1e-9)
    least = float(HISTOGRAM.loss(deltas, ideal)[0])
    for seed in range(5):
        other = ideal + tf.random.stateless_normal(ideal.shape, [seed, 1], stddev=0.5)
        assert float(HISTOGRAM.loss(deltas, other)[0]) > least


@pytest.mark.parametrize("delta", [-1.5, 0.0, 2.2])
def test_certainty_forecasts_its_bin(delta):
    forecast = HISTOGRAM.forecast(peak(delta), tf.constant([[2.0]]), ONE, DOMAIN)
    width = 0.05 + 0.16 * abs(delta)
    for name in OUTPUTS:
        assert forecast[name].numpy() == pytest.approx(2.0 + delta, abs=width)


def test_quantiles_are_ordered_and_hold_their_share():
    logits = tf.random.stateless_normal([200, 3, BINS], [1, 2], stddev=3.0)
    forecast = HISTOGRAM.forecast(logits, tf.fill([200, 3], 10.0), tf.ones([200]), DOMAIN)
    assert (forecast["p10"] < forecast["p50"]).numpy().all()
    assert (forecast["p50"] < forecast["p90"]).numpy().all()
    probabilities = tf.nn.softmax(logits)
    uniform = tf.ones([BINS]) / BINS
    span = HISTOGRAM.edges
    median, eighth = HISTOGRAM.quantiles(uniform, [0.5, 0.125]).numpy()
    assert median == pytest.approx(0.0, abs=1e-4)
    assert eighth == pytest.approx(span[BINS // 8], rel=1e-3)
    mean = HISTOGRAM.mean(probabilities).numpy()
    expected = probabilities.numpy() @ ((span[1:] + span[:-1]) / 2)
    np.testing.assert_allclose(mean, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("deviation", [1.0, 30.0])
def test_quantiles_are_linear_within_the_bin_that_reaches_them(deviation):
    levels = [0.1, 0.5, 0.9]
    logits = tf.random.stateless_normal([20, 3, BINS], [5, 6], stddev=deviation)
    probabilities = tf.nn.softmax(logits)
    found = HISTOGRAM.quantiles(probabilities, levels).numpy()
    for at in np.ndindex(20, 3):
        up_to = np.append(0.0, np.cumsum(probabilities[at].numpy().astype(np.float64)))
        expected = np.interp(levels, up_to, HISTOGRAM.edges)
        np.testing.assert_allclose(found[at], expected, rtol=1e-4, atol=1e-5)
    outermost = HISTOGRAM.quantiles(tf.ones([BINS]) / BINS, [0.0, 1.0]).numpy()
    np.testing.assert_allclose(outermost, HISTOGRAM.edges[[0, -1]], rtol=1e-4)


def test_logits_that_are_not_numbers_give_no_forecast():
    forecast = HISTOGRAM.forecast(peak(0.0) * np.nan, tf.constant([[2.0]]), ONE, DOMAIN)
    assert all(np.isnan(values).all() for values in forecast.values())


def test_a_step_without_a_label_adds_nothing_to_the_loss():
    logits = tf.random.stateless_normal([1, 2, BINS], [3, 4])
    both = HISTOGRAM.loss(tf.constant([[0.1, np.nan]]), logits)
    first = HISTOGRAM.loss(tf.constant([[0.1]]), logits[:, :1])
    assert both.numpy() == pytest.approx(first.numpy() / 2)


def test_the_gradient_is_finite_without_labels():
    logits = tf.Variable(tf.zeros([1, 1, BINS]))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(HISTOGRAM.loss(tf.constant([[np.nan]]), logits))
    assert np.isfinite(tape.gradient(loss, logits)).all()


def test_the_loss_is_least_at_the_truth():
    truth = tf.constant([[0.7]])
    assert HISTOGRAM.loss(truth, peak(0.7)) < HISTOGRAM.loss(truth, peak(0.2))


@pytest.mark.parametrize(("low", "expected"), [(0.0, 0.0), (-5.0, -2.0)])
def test_a_forecast_lies_in_the_domain_of_the_target(low, expected):
    forecast = HISTOGRAM.forecast(peak(-3.0), tf.constant([[1.0]]), ONE, (low, 30.0))
    for values in forecast.values():
        assert values.numpy() == pytest.approx(expected, abs=0.3)
    forecast = HISTOGRAM.forecast(peak(3.0), tf.constant([[29.0]]), ONE, (low, 30.0))
    assert all(values.numpy() == 30.0 for values in forecast.values())


def test_where_nothing_was_observed_there_is_no_forecast():
    forecast = HISTOGRAM.forecast(peak(0.0), tf.constant([[np.nan]]), ONE, DOMAIN)
    assert all(np.isnan(values).all() for values in forecast.values())


def test_a_delta_is_in_scales_of_the_meter():
    base = tf.constant([[2.0], [2.0]])
    forecast = HISTOGRAM.forecast(
        tf.tile(peak(1.0), [2, 1, 1]), base, tf.constant([1.0, 3.0]), DOMAIN
    )
    once, thrice = forecast["mean"].numpy()[:, 0] - 2.0
    assert thrice == pytest.approx(3 * once)
