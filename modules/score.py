"""Scores a network on origins, next to naive forecasts on the same ones."""

from collections.abc import Iterable, Mapping

import keras
import tensorflow as tf

from modules.distribution import Histogram
from modules.features import Origins
from tfx_pipeline.scoring import ErrorSums, errors, naive_forecasts

EvaluationBatch = tuple[Origins, Mapping[str, tf.Tensor]]
"""Origins with their labels, and the target whole seasons before those by season."""
# Scores are of every so many-th window of the evaluation split, or more of them.
SCORE_STRIDE = 6


class Scorer:
    """Scores one network, whose graph is traced once.

    Args:
        network: As `modules.networks.build_network` makes it.
        histogram: Of its logits.
        domain: Lowest and highest plausible value of the target.
        step: Seconds of a step.
    """

    def __init__(
        self, network: keras.Model, histogram: Histogram, domain: tuple[float, float], step: int
    ) -> None:
        def forecast(origins: Origins) -> dict[str, tf.Tensor]:
            logits = network(origins.inputs, training=False)
            return histogram.forecast(logits, origins.base, origins.scale, domain)

        self._forecast = tf.function(forecast, autograph=False, reduce_retracing=True)
        self._step = step

    def evaluate(self, batches: Iterable[EvaluationBatch]) -> ErrorSums:
        """Scores the forecasts of a data set, a batch at a time.

        Args:
            batches: As `modules.examples.Examples.evaluation` gives them.

        Returns:
            The errors over all labels that can be scored.

        Raises:
            ValueError: A step ahead has none.
        """
        sums = None
        for origins, earlier in batches:
            forecast = {name: values.numpy() for name, values in self._forecast(origins).items()}
            labels = origins.labels.numpy()
            naive = naive_forecasts(
                origins.last_observed.numpy(),
                {name: values.numpy() for name, values in earlier.items()},
                labels.shape[1],
                self._step,
            )
            batch = errors(labels, naive, origins.scored.numpy(), forecast).total()
            sums = sums + batch if sums else batch
        if sums is None or not sums.labels.all():
            raise ValueError("the evaluation split has no window with labels; give it more data")
        return sums


def objective(sums: ErrorSums) -> float:
    """What the search minimises: the mean of both ratios to the best naive forecasts."""
    return (sums.mse_ratio + sums.mae_ratio) / 2
