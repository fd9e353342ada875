"""The forecast of one step as a histogram over deltas: its loss, its mean and its quantiles.

A network gives, per step ahead, one logit per bin of the delta, the difference to the forecast's
base in scales of the meter. Training compares the bins with a Gaussian around the delta and, by a
smaller term, fits the mean (the histogram loss of Imani and White, "Improving regression
performance with distributional losses", 2018). Quantiles are read off the same histogram, so they
cannot cross.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfx_pipeline.model_contract import MEAN, QUANTILES

BINS = 64
# Deviation of the Gaussian that a label is in training, in bins.
LABEL_DEVIATION = 0.3
# Weight of the squared error of the mean, in squared scales, next to the cross-entropy, in nats.
MEAN_WEIGHT = 1.2


class Histogram:
    """The bins, equally wide on the scale asinh(delta / spread).

    Args:
        spread: Half the width of the region of narrow bins around 0.
        reach: Deltas beyond fall in the outermost bins.

    Attributes:
        edges: Of the bins, float32 [BINS + 1].
        centres: Their middles, float32 [BINS].
    """

    def __init__(self, spread: float, reach: float) -> None:
        self._spread = spread
        self._span = float(np.arcsinh(reach / spread))
        edges = spread * np.sinh(np.linspace(-self._span, self._span, BINS + 1))
        self.edges = edges.astype(np.float32)
        self.centres = (self.edges[1:] + self.edges[:-1]) / 2

    def loss(self, deltas: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        """Cross-entropy to the label's Gaussian plus the weighted squared error of the mean.

        Args:
            deltas: [batch, horizon], NaN where there is no label.
            logits: [batch, horizon, BINS].

        Returns:
            [batch], the mean over the steps ahead; one without a label adds nothing.
        """
        labelled = tf.math.is_finite(deltas)
        deltas = tf.where(labelled, deltas, 0.0)
        entropy = tf.nn.softmax_cross_entropy_with_logits(self.target(deltas), logits)
        squared = (self.mean(tf.nn.softmax(logits)) - deltas) ** 2
        errors = tf.where(labelled, entropy + MEAN_WEIGHT * squared, 0.0)
        return tf.reduce_mean(errors, axis=-1)

    def position(self, deltas: tf.Tensor) -> tf.Tensor:
        """Where each delta lies among the bins, 0 .. BINS; those beyond the reach at its ends."""
        position = (tf.asinh(deltas / self._spread) / self._span + 1.0) * (BINS / 2)
        return tf.clip_by_value(position, 0.0, BINS)

    def target(self, deltas: tf.Tensor) -> tf.Tensor:
        """What a network should forecast for each label: [...] -> [..., BINS], of sum 1."""
        edges = tf.range(BINS + 1, dtype=tf.float32)
        away = (edges - self.position(deltas)[..., None]) / LABEL_DEVIATION
        below = tf.math.erf(away / 2**0.5)
        shares = below[..., 1:] - below[..., :-1]
        return shares / tf.reduce_sum(shares, axis=-1, keepdims=True)

    def mean(self, probabilities: tf.Tensor) -> tf.Tensor:
        """Expected delta: [..., BINS] -> [...]."""
        return tf.reduce_sum(probabilities * self.centres, axis=-1)

    def quantiles(self, probabilities: tf.Tensor, levels: Sequence[float]) -> tf.Tensor:
        """The deltas below which given fractions of the probability lie, linear within their bins.

        Args:
            probabilities: [..., BINS].
            levels: Between 0 and 1.

        Returns:
            [..., levels].
        """
        # A product, for TensorFlow's cumulative sum takes more than twice the time of one.
        up_to = tf.tensordot(probabilities, np.triu(np.ones((BINS, BINS), np.float32)), 1)
        batch, shape = up_to.shape.rank - 1, tf.shape(up_to)[:-1]
        wanted = tf.broadcast_to(levels, tf.concat([shape, [len(levels)]], axis=0))
        bins = tf.minimum(tf.searchsorted(up_to, wanted), BINS - 1)
        within = tf.maximum(tf.gather(probabilities, bins, batch_dims=batch), 1e-12)
        above = (tf.gather(up_to, bins, batch_dims=batch) - wanted) / within
        upper, width = tf.gather(self.edges[1:], bins), tf.gather(np.diff(self.edges), bins)
        return upper - width * tf.clip_by_value(above, 0.0, 1.0)

    def forecast(
        self,
        logits: tf.Tensor,
        base: tf.Tensor,
        scale: tf.Tensor,
        domain: tuple[float, float],
    ) -> dict[str, tf.Tensor]:
        """The forecast in the target's unit, clipped to what the meter can show.

        Args:
            logits: [batch, horizon, BINS].
            base: [batch, horizon] in the target's unit, NaN where nothing was observed.
            scale: [batch], what a delta of 1 means in that unit.
            domain: Lowest and highest plausible value of the target.

        Returns:
            `OUTPUTS` of the model's contract: [batch, horizon], NaN where nothing was observed.
        """
        probabilities = tf.nn.softmax(logits)
        deltas = {MEAN: self.mean(probabilities)}
        quantiles = self.quantiles(probabilities, list(QUANTILES.values()))
        deltas |= zip(QUANTILES, tf.unstack(quantiles, axis=-1), strict=True)
        return {
            name: tf.clip_by_value(base + scale[:, None] * delta, *domain)
            for name, delta in deltas.items()
        }
