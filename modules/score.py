"""Errors of forecasts next to persistence's, on the same windows, per minute ahead."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from modules import distribution
from modules.features import Origins
from tfx_pipeline.model_contract import MEAN, P10, P50, P90


@dataclass(frozen=True)
class Score:
    """Averages over the labels of one data set; every array is [horizon].

    Attributes:
        mse: kW^2, of the mean.
        mae: kW, of the median.
        persistence_mse: kW^2, of the last observed value.
        persistence_mae: kW, of the last observed value.
        coverage: Share of the labels within P10..P90.
    """

    mse: np.ndarray
    mae: np.ndarray
    persistence_mse: np.ndarray
    persistence_mae: np.ndarray
    coverage: np.ndarray

    @property
    def mse_ratio(self) -> float:
        """MSE over persistence's, each averaged over the minutes ahead."""
        return float(self.mse.mean() / self.persistence_mse.mean())

    @property
    def mae_ratio(self) -> float:
        """MAE over persistence's, each averaged over the minutes ahead."""
        return float(self.mae.mean() / self.persistence_mae.mean())

    @property
    def objective(self) -> float:
        """What the search minimises: the mean of both ratios."""
        return (self.mse_ratio + self.mae_ratio) / 2

    def __str__(self) -> str:
        return (
            f"mse_ratio {self.mse_ratio:.4f}, mae_ratio {self.mae_ratio:.4f}, "
            f"coverage {self.coverage.mean():.3f}"
        )


class Scorer:
    """Scores one network, whose graph is traced once.

    Args:
        network: As `modules.networks.build_network` makes it.
    """

    def __init__(self, network: keras.Model) -> None:
        def sums(origins: Origins) -> tf.Tensor:
            logits = network(origins.inputs, training=False)
            return error_sums(origins, distribution.forecast(logits, origins.last_observed))

        self._sums = tf.function(sums, reduce_retracing=True)

    def evaluate(self, batches: Iterable[Origins]) -> Score:
        """Scores the forecasts of a data set, a batch at a time.

        Args:
            batches: Origins with their labels.

        Returns:
            The score over all labels that can be judged.

        Raises:
            ValueError: There is none.
        """
        sums = np.zeros(())
        for origins in batches:
            sums = sums + self._sums(origins).numpy()
        if not np.all(np.atleast_1d(sums)[-1] > 0):
            raise ValueError("the evaluation split has no window with labels; give it more data")
        return Score(*(sums[:-1] / sums[-1]))


def error_sums(origins: Origins, forecast: Mapping[str, tf.Tensor]) -> tf.Tensor:
    """Sums over one batch: float64 [6, horizon], the fields of `Score` and the labels."""
    judged = tf.math.is_finite(origins.labels) & origins.scored[:, None]
    labels = tf.where(judged, origins.labels, 0.0)
    error = forecast[MEAN] - labels
    held = origins.last_observed[:, None] - labels
    inside = (forecast[P10] <= labels) & (labels <= forecast[P90])
    rows = [
        error**2,
        tf.abs(forecast[P50] - labels),
        held**2,
        tf.abs(held),
        tf.cast(inside, tf.float32),
        tf.ones_like(labels),
    ]
    kept = tf.where(judged, tf.cast(tf.stack(rows), tf.float64), 0.0)
    return tf.reduce_sum(kept, axis=1)
