"""The errors of forecasts next to those of naive ones: what search and gate compare.

One definition for both, in numpy. Errors are in the target's unit. Labels, last observations and
earlier values are the caller's: the search takes them from the windows that it trains on, the gate
from the raw series, without the model's code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from tfx_pipeline.data.contract import SAME_TIME_LAST_WEEK, SAME_TIME_YESTERDAY
from tfx_pipeline.model_contract import MEAN, OUTPUTS, P10, P50, P90
from tfx_pipeline.series.clock import DAY, WEEK

Array = npt.NDArray[np.floating]

PERSISTENCE = "persistence"
SEASONS: Mapping[str, int] = {SAME_TIME_YESTERDAY: DAY, SAME_TIME_LAST_WEEK: WEEK}
"""Naive forecast -> seconds of the season after which it expects the same again."""
NAIVE: tuple[str, ...] = (PERSISTENCE, *SEASONS)
"""The forecasts that cost nothing; of those that are alike, the first is the best."""


def naive_forecasts(
    last_observation: Array, earlier: Mapping[str, Array], horizon: int, step: int
) -> Array:
    """The naive forecasts at each origin.

    Persistence holds the last observation. The others expect the value of whole days, or weeks,
    before each step ahead, as few of them as lead back to the origin or before; where that was not
    observed, persistence stands in.

    Args:
        last_observation: [n], NaN where there is none.
        earlier: Season -> [n, horizon], the target one season before each step ahead, NaN where
            not known.
        horizon: Steps ahead.
        step: Seconds of a step.

    Returns:
        [n, `NAIVE`, horizon].
    """
    persistence = np.repeat(np.asarray(last_observation, np.float64)[:, None], horizon, axis=1)
    forecasts = [persistence]
    for name, season in SEASONS.items():
        steps, rest = divmod(season, step)
        if rest:
            forecasts.append(persistence)
            continue
        # Two seasons before a step is one before the step that lies a season earlier.
        found = np.asarray(earlier[name], np.float64)[:, np.arange(horizon) % steps]
        forecasts.append(np.where(np.isnan(found), persistence, found))
    return np.stack(forecasts, axis=1)


@dataclass(frozen=True)
class ErrorSums:
    """Sums over forecasts, and the averages that follow from them.

    A ratio or an average over nothing is NaN, and so is everything of a step for which a model gave
    something that is not a number. Sums of many parts, which have an axis before those named here,
    are added up before they are averaged.

    Attributes:
        origins: [], origins that a forecast is due from.
        forecasts: [], those of them with at least one label.
        labels: [horizon], labels by step ahead; the sums below are over them.
        error: [horizon], mean minus label.
        squared_error: [horizon], of the mean.
        absolute_error: [horizon], of the median.
        covered: [horizon], labels from P10 to P90.
        at_most_p10: [horizon], labels that are at most P10.
        at_most_p50: [horizon], the same for P50.
        at_most_p90: [horizon], the same for P90.
        band: [horizon], P90 minus P10.
        naive_squared_error: [`NAIVE`, horizon].
        naive_absolute_error: [`NAIVE`, horizon].
    """

    origins: Array
    forecasts: Array
    labels: Array
    error: Array
    squared_error: Array
    absolute_error: Array
    covered: Array
    at_most_p10: Array
    at_most_p50: Array
    at_most_p90: Array
    band: Array
    naive_squared_error: Array
    naive_absolute_error: Array

    @classmethod
    def of_nothing(cls, horizon: int) -> ErrorSums:
        """Sums over no forecast."""
        counts, of_naive = 2, 2
        by_step = len(fields(cls)) - counts - of_naive
        return cls(
            *(np.zeros(()) for _ in range(counts)),
            *(np.zeros(horizon) for _ in range(by_step)),
            *(np.zeros((len(NAIVE), horizon)) for _ in range(of_naive)),
        )

    def __add__(self, other: ErrorSums) -> ErrorSums:
        mine, theirs = vars(self), vars(other)
        return ErrorSums(**{name: mine[name] + theirs[name] for name in mine})

    def total(self) -> ErrorSums:
        """Adds up many parts."""
        return ErrorSums(**{name: values.sum(axis=0) for name, values in vars(self).items()})

    def runs(self, starts: npt.NDArray[np.intp]) -> list[ErrorSums]:
        """Adds up runs of many parts.

        Args:
            starts: First part of each run, from 0 on; it ends before the next one.
        """
        sums = {
            name: np.add.reduceat(values, starts, axis=0) for name, values in vars(self).items()
        }
        return [
            ErrorSums(**{name: values[run] for name, values in sums.items()})
            for run in range(len(starts))
        ]

    @property
    def mse(self) -> Array:
        """[horizon], of the mean."""
        return self._average(self.squared_error)

    @property
    def mae(self) -> Array:
        """[horizon], of the median."""
        return self._average(self.absolute_error)

    @property
    def mse_of_naive(self) -> Array:
        """[`NAIVE`, horizon], of each naive forecast."""
        return self._average(self.naive_squared_error)

    @property
    def mae_of_naive(self) -> Array:
        """[`NAIVE`, horizon], of each naive forecast."""
        return self._average(self.naive_absolute_error)

    @property
    def naive_mse(self) -> Array:
        """[horizon], of the naive forecast that is best at that step."""
        return self.mse_of_naive.min(axis=-2)

    @property
    def naive_mae(self) -> Array:
        """[horizon], of the naive forecast that is best at that step."""
        return self.mae_of_naive.min(axis=-2)

    @property
    def coverage(self) -> Array:
        """[horizon], fraction of the labels from P10 to P90."""
        return self._average(self.covered)

    @property
    def below_p10(self) -> Array:
        """[horizon], fraction of the labels that are at most P10."""
        return self._average(self.at_most_p10)

    @property
    def below_p50(self) -> Array:
        """[horizon], fraction of the labels that are at most P50."""
        return self._average(self.at_most_p50)

    @property
    def below_p90(self) -> Array:
        """[horizon], fraction of the labels that are at most P90."""
        return self._average(self.at_most_p90)

    @property
    def width(self) -> Array:
        """[horizon], P90 minus P10."""
        return self._average(self.band)

    @property
    def bias(self) -> Array:
        """[horizon], mean minus label."""
        return self._average(self.error)

    @property
    def mse_ratio(self) -> float:
        """MSE over the best naive forecasts', each averaged over the steps ahead."""
        return self._ratio(self.mse, self.naive_mse)

    @property
    def mae_ratio(self) -> float:
        """MAE over the best naive forecasts', each averaged over the steps ahead."""
        return self._ratio(self.mae, self.naive_mae)

    @property
    def worst_mse_ratio(self) -> float:
        """The largest, over the steps ahead, of the MSE over the best naive forecast's there."""
        return self._worst_ratio(self.mse, self.naive_mse)

    @property
    def worst_mae_ratio(self) -> float:
        """The largest, over the steps ahead, of the MAE over the best naive forecast's there."""
        return self._worst_ratio(self.mae, self.naive_mae)

    def mean(self, by_step: Array) -> float:
        """The average of [horizon] over the steps ahead that have a label."""
        of = by_step[self.labels > 0]
        return float(of.mean()) if of.size else np.nan

    def __str__(self) -> str:
        return (
            f"mse_ratio {self.mse_ratio:.4f}, mae_ratio {self.mae_ratio:.4f}, "
            f"coverage {self.mean(self.coverage):.3f}"
        )

    def _average(self, sums: Array) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            return sums / self.labels

    def _ratio(self, own: Array, naive: Array) -> float:
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(np.divide(self.mean(own), self.mean(naive)))

    def _worst_ratio(self, own: Array, naive: Array) -> float:
        scored = self.labels > 0
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(np.divide(own, naive)[scored].max()) if scored.any() else np.nan


def errors(
    labels: Array,
    naive: Array,
    due: npt.NDArray[np.bool_],
    forecast: Mapping[str, Array],
) -> ErrorSums:
    """The errors of each origin's forecast.

    A step is scored where its forecast is due, its label was observed, and there is a last
    observation to hold.

    Args:
        labels: [n, horizon], NaN where not observed.
        naive: [n, `NAIVE`, horizon], NaN where there is no last observation.
        due: [n], whether a forecast is to be scored.
        forecast: Outputs by name, [n, horizon].

    Returns:
        Sums of many parts, [n, ...]: one for each origin.
    """
    labels = np.asarray(labels, np.float64)
    observed = ~np.isnan(labels) & ~np.isnan(naive[:, NAIVE.index(PERSISTENCE)])
    scored = due[:, None] & observed

    def of(values: npt.NDArray[Any]) -> Array:
        # where, not a product: what is not scored may be NaN.
        return np.where(scored if values.ndim == scored.ndim else scored[:, None], values, 0.0)

    # A forecast counts whole: NaN where any of its outputs is not finite.
    finite = np.all([np.isfinite(forecast[name]) for name in OUTPUTS], axis=0)
    error = np.where(finite, forecast[MEAN] - labels, np.nan)
    naive_error = naive - labels[:, None]
    return ErrorSums(
        origins=due.astype(np.float64),
        forecasts=np.any(scored, axis=1).astype(np.float64),
        labels=scored.astype(np.float64),
        error=of(error),
        squared_error=of(error**2),
        absolute_error=of(np.abs(forecast[P50] - labels)),
        covered=of((forecast[P10] <= labels) & (labels <= forecast[P90])),
        at_most_p10=of(labels <= forecast[P10]),
        at_most_p50=of(labels <= forecast[P50]),
        at_most_p90=of(labels <= forecast[P90]),
        band=of(forecast[P90] - forecast[P10]),
        naive_squared_error=of(naive_error**2),
        naive_absolute_error=of(np.abs(naive_error)),
    )
