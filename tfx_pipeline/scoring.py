"""The errors of forecasts next to a naive one's: what the search minimises and the gate bounds.

One definition for both, in numpy. Errors are in the
target's unit. Labels and last observations are the caller's: the search takes
them from the windows that it trains on, the gate from the raw series, without the model's code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from tfx_pipeline.model_contract import MEAN, OUTPUTS, P10, P50, P90

Array = npt.NDArray[np.floating]


@dataclass(frozen=True)
class ErrorSums:
    """Sums over forecasts, and the averages that follow from them.

    A ratio or an average over nothing is NaN, and so is everything of a step for which a model
    gave something that is not a number.

    Attributes:
        origins: Origins that a forecast is due from.
        forecasts: Those of them with at least one label.
        labels: [horizon], labels by step ahead; the sums below are over them.
        error: [horizon], mean minus label.
        squared_error: [horizon], of the mean.
        absolute_error: [horizon], of the median.
        covered: [horizon], labels from P10 to P90.
        naive_squared_error: [horizon], of the last observation.
        naive_absolute_error: [horizon], of the last observation.
    """

    origins: int
    forecasts: int
    labels: Array
    error: Array
    squared_error: Array
    absolute_error: Array
    covered: Array
    naive_squared_error: Array
    naive_absolute_error: Array

    @classmethod
    def of_nothing(cls, horizon: int) -> ErrorSums:
        """Sums over no forecast."""
        return cls(0, 0, *(np.zeros(horizon) for _ in fields(cls)[2:]))

    def __add__(self, other: ErrorSums) -> ErrorSums:
        mine, theirs = vars(self), vars(other)
        return ErrorSums(**{name: mine[name] + theirs[name] for name in mine})

    @property
    def mse(self) -> Array:
        """[horizon], of the mean."""
        return self._average(self.squared_error)

    @property
    def mae(self) -> Array:
        """[horizon], of the median."""
        return self._average(self.absolute_error)

    @property
    def naive_mse(self) -> Array:
        """[horizon], of the last observation."""
        return self._average(self.naive_squared_error)

    @property
    def naive_mae(self) -> Array:
        """[horizon], of the last observation."""
        return self._average(self.naive_absolute_error)

    @property
    def coverage(self) -> Array:
        """[horizon], fraction of the labels from P10 to P90."""
        return self._average(self.covered)

    @property
    def bias(self) -> Array:
        """[horizon], mean minus label."""
        return self._average(self.error)

    @property
    def mse_ratio(self) -> float:
        """MSE over the naive forecast's, each averaged over the steps ahead."""
        return _ratio(self.mse, self.naive_mse)

    @property
    def mae_ratio(self) -> float:
        """MAE over the naive forecast's, each averaged over the steps ahead."""
        return _ratio(self.mae, self.naive_mae)

    def __str__(self) -> str:
        return (
            f"mse_ratio {self.mse_ratio:.4f}, mae_ratio {self.mae_ratio:.4f}, "
            f"coverage {self.coverage.mean():.3f}"
        )

    def _average(self, sums: Array) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            return sums / self.labels


def error_sums(
    labels: Array,
    last_observation: Array,
    due: npt.NDArray[np.bool_],
    forecast: Mapping[str, Array],
) -> ErrorSums:
    """Sums the errors of forecasts.

    A step is scored where its forecast is due, its label was observed, and there is a last
    observation for the naive forecast to hold.

    Args:
        labels: [n, horizon], NaN where not observed.
        last_observation: [n], NaN where there is none.
        due: [n], whether a forecast is to be scored.
        forecast: Outputs by name, [n, horizon].
    """
    labels = np.asarray(labels, np.float64)
    scored = due[:, None] & ~np.isnan(labels) & ~np.isnan(last_observation)[:, None]

    def total(values: npt.NDArray[Any]) -> Array:
        # where, not a product: what is not scored may be NaN.
        return np.where(scored, values, 0.0).sum(axis=0)

    # A forecast counts whole: NaN where any of its outputs is not finite.
    finite = np.all([np.isfinite(forecast[name]) for name in OUTPUTS], axis=0)
    error = np.where(finite, forecast[MEAN] - labels, np.nan)
    naive_error = last_observation[:, None] - labels
    return ErrorSums(
        origins=int(due.sum()),
        forecasts=int(scored.any(axis=1).sum()),
        labels=scored.sum(axis=0, dtype=np.float64),
        error=total(error),
        squared_error=total(error**2),
        absolute_error=total(np.abs(forecast[P50] - labels)),
        covered=total((forecast[P10] <= labels) & (labels <= forecast[P90])),
        naive_squared_error=total(naive_error**2),
        naive_absolute_error=total(np.abs(naive_error)),
    )


def _ratio(own: Array, naive: Array) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(own.mean() / naive.mean())
