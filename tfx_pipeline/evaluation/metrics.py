"""TFMA metrics of the forecast, next to persistence on the very same forecasts.

Labels and persistence are framed here, by numpy and from the raw target series, so that they do
not pass through any model. Each example becomes one small array of sums before TFMA hands it to
its slices; from then on there is nothing to do but add.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import apache_beam as beam
import numpy as np
from tensorflow_model_analysis import constants
from tensorflow_model_analysis.metrics import metric_types

from tfx_pipeline.data.contract import TARGET, WEIGHT, Windowing
from tfx_pipeline.model_contract import MEAN, OUTPUTS, P10, P50, P90

# Rows of the array of sums, each with one column per minute ahead.
FORECASTS, LABELS, ERROR, SQUARED, ABSOLUTE, INSIDE, HELD_SQUARED, HELD_ABSOLUTE = range(8)

PER_MINUTE = (
    "mse_kw2",
    "mae_kw",
    "persistence_mse_kw2",
    "persistence_mae_kw",
    "coverage_p10_p90",
)
OVERALL = (
    *PER_MINUTE,
    "bias_kw",
    "mse_ratio",
    "mae_ratio",
    "judged_mse_ratio",
    "forecasts",
)


def minute_name(minute: int, metric: str) -> str:
    """Name of `metric` at `minute` (1 = the next minute), for example `minute_1_mse_kw2`."""
    return f"minute_{minute}_{metric}"


def error_sums(
    target: np.ndarray,
    weight: np.ndarray,
    predictions: Mapping[str, np.ndarray],
    windowing: Windowing,
) -> np.ndarray:
    """Sums over the forecasts of one segment that can be judged.

    A forecast for one minute is judged where its origin has weight, its label was observed, and
    its window holds an observed value for persistence to hold.

    Args:
      target: kW [minutes], NaN where not observed.
      weight: [origins], above 0 where a forecast may be judged.
      predictions: `mean`, `p10`, `p50`, `p90` in kW, each [origins, horizon].
      windowing: How the segment is framed.

    Returns:
      float64 [8, horizon], rows as named at the top of this module. Any output that is not
      finite where it is judged makes that minute's MSE NaN, and the gate refuses NaN.
    """
    origins, horizon = windowing.origins, windowing.horizon
    labels = np.lib.stride_tricks.sliding_window_view(target[windowing.window :], horizon)[:origins]
    held = last_observed(target, windowing)
    judged = (weight > 0)[:, None] & ~np.isnan(labels) & ~np.isnan(held)[:, None]

    def total(values: np.ndarray) -> np.ndarray:
        # where, not a product: what must not be judged may be NaN.
        return np.where(judged, values, 0.0).sum(axis=0)

    labels = labels.astype(np.float64)
    # A forecast is judged whole: NaN where any of its outputs is not finite.
    finite = np.all([np.isfinite(predictions[name]) for name in OUTPUTS], axis=0)
    error = np.where(finite, predictions[MEAN] - labels, np.nan)
    inside = (predictions[P10] <= labels) & (labels <= predictions[P90])
    held_error = held[:, None] - labels
    return np.stack(
        [
            np.full(horizon, judged.any(axis=1).sum(), np.float64),
            judged.sum(axis=0, dtype=np.float64),
            total(error),
            total(error**2),
            total(np.abs(predictions[P50] - labels)),
            total(inside),
            total(held_error**2),
            total(np.abs(held_error)),
        ]
    )


def last_observed(target: np.ndarray, windowing: Windowing) -> np.ndarray:
    """Persistence: the last observed value at or before each origin, within its window.

    Args:
      target: [minutes], NaN where not observed.
      windowing: How the segment is framed.

    Returns:
      [origins], NaN where nothing was observed in the window.
    """
    minutes = np.arange(target.size)
    last = np.maximum.accumulate(np.where(np.isnan(target), -1, minutes))
    first = np.arange(windowing.origins)
    index = last[windowing.window - 1 + first]
    return np.where(index >= first, target[np.maximum(index, 0)], np.nan)


def summarize(sums: np.ndarray, min_forecasts: int) -> dict[str, float]:
    """Metric names to values, from sums [8, horizon]; NaN where nothing was judged.

    `mse_ratio` and `mae_ratio` are the model's mean over the minutes over persistence's.
    `judged_mse_ratio` is the same as `mse_ratio`, but 0 where a slice has fewer than
    `min_forecasts` forecasts: such a slice is too small to fail a model.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        rows = sums / sums[LABELS]
        values = dict(
            zip(
                PER_MINUTE,
                rows[[SQUARED, ABSOLUTE, HELD_SQUARED, HELD_ABSOLUTE, INSIDE]],
                strict=True,
            )
        )
        result = {
            minute_name(i + 1, name): float(value)
            for name, per_minute in values.items()
            for i, value in enumerate(per_minute)
        }
        result |= {name: float(per_minute.mean()) for name, per_minute in values.items()}
        result["bias_kw"] = float(rows[ERROR].mean())
        for name, own, held in (
            ("mse_ratio", SQUARED, HELD_SQUARED),
            ("mae_ratio", ABSOLUTE, HELD_ABSOLUTE),
        ):
            result[name] = float(rows[own].mean() / rows[held].mean())
    result["forecasts"] = float(sums[FORECASTS, 0])
    enough = result["forecasts"] >= min_forecasts
    result["judged_mse_ratio"] = result["mse_ratio"] if enough else 0.0
    return result


class ForecastMetrics(metric_types.Metric):
    """All metrics of the forecast in one computation.

    Named by module and class in the EvalConfig; see `tfx_pipeline.evaluation.config`.
    """

    def __init__(
        self,
        windowing: dict[str, int],
        min_forecasts: int,
        name: str = "forecast",
    ) -> None:
        """Takes the fields of a `Windowing`, and the size from which a slice is judged."""
        super().__init__(
            _computations,
            name=name,
            windowing=windowing,
            min_forecasts=min_forecasts,
        )


def _computations(
    name: str,
    windowing: dict[str, int],
    min_forecasts: int,
    model_names: Iterable[str] | None = None,
) -> metric_types.MetricComputations:
    shape = Windowing.model_validate(windowing)
    names = [minute_name(i + 1, metric) for i in range(shape.horizon) for metric in PER_MINUTE]
    return [
        metric_types.MetricComputation(
            keys=[_key(metric, model) for metric in (*names, *OVERALL)],
            preprocessors=[_SumErrors(f"{name}/{model}", model, shape)],
            combiner=_AddSums(model, shape.horizon, min_forecasts),
        )
        for model in model_names or [""]
    ]


def _key(name: str, model: str) -> metric_types.MetricKey:
    # Thresholds by metric name look for keys that leave open whether examples have weights.
    return metric_types.MetricKey(name, model, example_weighted=None)


class _SumErrors(metric_types.Preprocessor):
    """Turns an example into its array of sums, once for all slices that it falls into."""

    def __init__(self, name: str, model: str, windowing: Windowing) -> None:
        super().__init__(name=name)
        self._model = model
        self._windowing = windowing

    def process(self, extracts: dict[str, Any]) -> Iterator[np.ndarray]:
        features = extracts[constants.FEATURES_KEY]
        predictions = metric_types.StandardMetricInputs(extracts).get_predictions(self._model)
        yield error_sums(features[TARGET], features[WEIGHT], predictions, self._windowing)


class _AddSums(beam.CombineFn):
    """Adds arrays of sums and gives the metrics of one model."""

    def __init__(self, model: str, horizon: int, min_forecasts: int) -> None:
        self._model = model
        self._horizon = horizon
        self._min_forecasts = min_forecasts

    def create_accumulator(self) -> np.ndarray:
        return np.zeros((HELD_ABSOLUTE + 1, self._horizon))

    def add_input(self, accumulator: np.ndarray, sums: np.ndarray) -> np.ndarray:
        accumulator += sums
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[np.ndarray]) -> np.ndarray:
        return np.sum(list(accumulators), axis=0)

    def extract_output(self, accumulator: np.ndarray) -> dict[metric_types.MetricKey, float]:
        return {
            _key(name, self._model): value
            for name, value in summarize(accumulator, self._min_forecasts).items()
        }
