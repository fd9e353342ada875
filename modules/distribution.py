"""The forecast of one minute as a histogram over deltas: its loss, its mean and its quantiles.

A network gives, per minute ahead, one logit per bin of the delta, the difference to the last
observation. Training classifies the bin and, by a smaller term, fits the mean (the histogram loss
of Imani and White, "Improving regression performance with distributional losses", 2018). Quantiles
are read off the same histogram, so they cannot cross.
"""

import numpy as np
import tensorflow as tf

from tfx_pipeline.model_contract import MEAN, QUANTILES

BINS = 100
# Deltas beyond this, in kW, fall in the outermost bins.
REACH = 9.0
# Bins are equally wide on the scale asinh(delta / SCALE): 0.01 kW wide around 0.
SCALE = 0.07
# Weight of the squared error of the mean, in kW^2, next to the cross-entropy, in nats.
MEAN_WEIGHT = 1.0


def edges() -> np.ndarray:
    """Edges of the bins in kW, float32 [BINS + 1]."""
    span = np.arcsinh(REACH / SCALE)
    return (SCALE * np.sinh(np.linspace(-span, span, BINS + 1))).astype(np.float32)


def centres() -> np.ndarray:
    """Middles of the bins in kW, float32 [BINS]."""
    return (edges()[1:] + edges()[:-1]) / 2


def loss(deltas: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Cross-entropy of the bins plus the weighted squared error of the mean.

    Args:
        deltas: [batch, horizon] kW, NaN where there is no label.
        logits: [batch, horizon, BINS].

    Returns:
        [batch], the mean over the minutes ahead; a minute without a label adds nothing.
    """
    labelled = tf.math.is_finite(deltas)
    deltas = tf.where(labelled, deltas, 0.0)
    entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(bin_of(deltas), logits)
    squared = (mean(tf.nn.softmax(logits)) - deltas) ** 2
    errors = tf.where(labelled, entropy + MEAN_WEIGHT * squared, 0.0)
    return tf.reduce_mean(errors, axis=-1)


def bin_of(deltas: tf.Tensor) -> tf.Tensor:
    """Index of the bin that holds each delta: [...] kW -> int32 [...]."""
    span = np.arcsinh(REACH / SCALE)
    position = (tf.asinh(deltas / SCALE) / span + 1.0) * (BINS / 2)
    return tf.clip_by_value(tf.cast(tf.floor(position), tf.int32), 0, BINS - 1)


def mean(probabilities: tf.Tensor) -> tf.Tensor:
    """Expected delta: [..., BINS] -> [...] kW."""
    return tf.reduce_sum(probabilities * centres(), axis=-1)


def quantile(probabilities: tf.Tensor, level: float) -> tf.Tensor:
    """The delta below which `level` of the probability lies, linear within its bin.

    Args:
        probabilities: [..., BINS].
        level: Between 0 and 1.

    Returns:
        [...] kW.
    """
    below = tf.cumsum(probabilities, axis=-1, exclusive=True)
    # The fraction of each bin that lies below the quantile: 1s, one between, then 0s.
    below_it = tf.clip_by_value((level - below) / tf.maximum(probabilities, 1e-12), 0.0, 1.0)
    bounds = edges()
    return bounds[0] + tf.reduce_sum(below_it * np.diff(bounds), axis=-1)


def forecast(
    logits: tf.Tensor, last_observed: tf.Tensor, domain: tuple[float, float]
) -> dict[str, tf.Tensor]:
    """The forecast in kW, clipped to what the meter can show.

    Args:
        logits: [batch, horizon, BINS].
        last_observed: [batch] kW, NaN where nothing was observed.
        domain: kW, lowest and highest plausible value of the target.

    Returns:
        `OUTPUTS` of the model's contract: [batch, horizon], NaN where nothing was observed.
    """
    probabilities = tf.nn.softmax(logits)
    deltas = {MEAN: mean(probabilities)}
    deltas |= {name: quantile(probabilities, level) for name, level in QUANTILES.items()}
    return {
        name: tf.clip_by_value(last_observed[:, None] + delta, *domain)
        for name, delta in deltas.items()
    }
