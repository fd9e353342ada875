"""The forecast of one step as a histogram over deltas: its loss, its mean and its quantiles.

A network gives, per step ahead, one logit per bin of the delta, the difference to the forecast's
base in scales of the meter. Training classifies the bin and, by a smaller term, fits the mean (the
histogram loss of Imani and White, "Improving regression performance with distributional losses",
2018). Quantiles are read off the same histogram, so they cannot cross.
"""

import numpy as np
import tensorflow as tf

from tfx_pipeline.model_contract import MEAN, QUANTILES

BINS = 100
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
        """Cross-entropy of the bins plus the weighted squared error of the mean.

        Args:
            deltas: [batch, horizon], NaN where there is no label.
            logits: [batch, horizon, BINS].

        Returns:
            [batch], the mean over the steps ahead; one without a label adds nothing.
        """
        labelled = tf.math.is_finite(deltas)
        deltas = tf.where(labelled, deltas, 0.0)
        entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(self.bin_of(deltas), logits)
        squared = (self.mean(tf.nn.softmax(logits)) - deltas) ** 2
        errors = tf.where(labelled, entropy + MEAN_WEIGHT * squared, 0.0)
        return tf.reduce_mean(errors, axis=-1)

    def bin_of(self, deltas: tf.Tensor) -> tf.Tensor:
        """Index of the bin that holds each delta: [...] -> int32 [...]."""
        position = (tf.asinh(deltas / self._spread) / self._span + 1.0) * (BINS / 2)
        return tf.clip_by_value(tf.cast(tf.floor(position), tf.int32), 0, BINS - 1)

    def mean(self, probabilities: tf.Tensor) -> tf.Tensor:
        """Expected delta: [..., BINS] -> [...]."""
        return tf.reduce_sum(probabilities * self.centres, axis=-1)

    def quantile(self, probabilities: tf.Tensor, level: float) -> tf.Tensor:
        """The delta below which `level` of the probability lies, linear within its bin.

        Args:
            probabilities: [..., BINS].
            level: Between 0 and 1.

        Returns:
            [...].
        """
        below = tf.cumsum(probabilities, axis=-1, exclusive=True)
        # The fraction of each bin that lies below the quantile: 1s, one between, then 0s.
        below_it = tf.clip_by_value((level - below) / tf.maximum(probabilities, 1e-12), 0.0, 1.0)
        return self.edges[0] + tf.reduce_sum(below_it * np.diff(self.edges), axis=-1)

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
        deltas |= {name: self.quantile(probabilities, level) for name, level in QUANTILES.items()}
        return {
            name: tf.clip_by_value(base + scale[:, None] * delta, *domain)
            for name, delta in deltas.items()
        }
