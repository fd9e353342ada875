"""TFMA metrics of the forecast, next to persistence on the very same forecasts.

Labels and persistence are cut here, by numpy and from the raw target series, so that they do not
pass through any model. Each example becomes one small record of sums before TFMA hands it to its
slices; from then on there is nothing to do but add.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import reduce
from operator import add, attrgetter
from typing import Any

import apache_beam as beam
import numpy as np
from tensorflow_model_analysis import constants
from tensorflow_model_analysis.metrics import metric_types

from tfx_pipeline.data.contract import TARGET, WEIGHT, Windowing
from tfx_pipeline.scoring import Array, ErrorSums, error_sums

PER_MINUTE: Mapping[str, Callable[[ErrorSums], Array]] = {
    "mse_kw2": attrgetter("mse"),
    "mae_kw": attrgetter("mae"),
    "persistence_mse_kw2": attrgetter("persistence_mse"),
    "persistence_mae_kw": attrgetter("persistence_mae"),
    "coverage_p10_p90": attrgetter("coverage"),
}
"""Metrics of each minute ahead, and without a minute their means over the minutes."""

OVERALL: Mapping[str, Callable[[ErrorSums], float]] = {
    "bias_kw": lambda sums: sums.bias.mean(),
    "mse_ratio": attrgetter("mse_ratio"),
    "mae_ratio": attrgetter("mae_ratio"),
    "origins": attrgetter("origins"),
    "forecasts": attrgetter("forecasts"),
}
"""Metrics of all minutes ahead together."""

ELIGIBLE_MSE_RATIO = "eligible_mse_ratio"
"""`mse_ratio` where there are enough forecasts, else 0: a small slice cannot fail a model."""


def minute_name(minute: int, metric: str) -> str:
    """Name of `metric` at `minute` (1 = the next minute), for example `minute_1_mse_kw2`."""
    return f"minute_{minute}_{metric}"


def persistence(target: np.ndarray, windowing: Windowing) -> np.ndarray:
    """The last observation at or before each origin, within its window.

    Args:
        target: kW [minutes], NaN where not observed.
        windowing: How the segment is cut into windows.

    Returns:
        [origins] kW, NaN where nothing was observed in the window.
    """
    minutes = np.arange(target.size)
    last = np.maximum.accumulate(np.where(np.isnan(target), -1, minutes))
    first = np.arange(windowing.origins)
    index = last[windowing.window - 1 + first]
    return np.where(index >= first, target[np.maximum(index, 0)], np.nan)


def minutes_ahead(target: np.ndarray, windowing: Windowing) -> np.ndarray:
    """The labels of each origin: [minutes] kW -> [origins, horizon] kW, NaN where not observed."""
    ahead = target[windowing.window :]
    return np.lib.stride_tricks.sliding_window_view(ahead, windowing.horizon)[: windowing.origins]


def summarize(sums: ErrorSums, min_slice_forecasts: int) -> dict[str, float]:
    """Metric names to values; NaN where nothing was scored."""
    values: dict[str, float] = {}
    for name, of in PER_MINUTE.items():
        per_minute = of(sums)
        values |= {minute_name(i + 1, name): float(value) for i, value in enumerate(per_minute)}
        values[name] = float(per_minute.mean())
    values |= {name: float(of(sums)) for name, of in OVERALL.items()}
    eligible = sums.forecasts >= min_slice_forecasts
    return values | {ELIGIBLE_MSE_RATIO: values["mse_ratio"] if eligible else 0.0}


class ForecastMetrics(metric_types.Metric):
    """All metrics of the forecast in one computation.

    Named by module and class in the EvalConfig; see `tfx_pipeline.evaluation.config`.
    """

    def __init__(
        self, windowing: dict[str, int], min_slice_forecasts: int, name: str = "forecast"
    ) -> None:
        """Takes the fields of a `Windowing`, and the size from which a slice is eligible."""
        super().__init__(
            _computations,
            name=name,
            windowing=windowing,
            min_slice_forecasts=min_slice_forecasts,
        )


def _computations(
    name: str,
    windowing: dict[str, int],
    min_slice_forecasts: int,
    model_names: Iterable[str] | None = None,
) -> metric_types.MetricComputations:
    shape = Windowing.model_validate(windowing)
    names = summarize(ErrorSums.of_nothing(shape.horizon), min_slice_forecasts)
    return [
        metric_types.MetricComputation(
            keys=[_key(metric, model) for metric in names],
            preprocessors=[_SumErrors(f"{name}/{model}", model, shape)],
            combiner=_AddSums(model, shape.horizon, min_slice_forecasts),
        )
        for model in model_names or [""]
    ]


def _key(name: str, model: str) -> metric_types.MetricKey:
    # Thresholds by metric name look for keys that leave open whether examples have weights.
    return metric_types.MetricKey(name, model, example_weighted=None)


class _SumErrors(metric_types.Preprocessor):
    """Turns an example into its sums, once for all slices that it falls into."""

    def __init__(self, name: str, model: str, windowing: Windowing) -> None:
        super().__init__(name=name)
        self._model = model
        self._windowing = windowing

    def process(self, extracts: dict[str, Any]) -> Iterator[ErrorSums]:
        features = extracts[constants.FEATURES_KEY]
        target = features[TARGET]
        yield error_sums(
            minutes_ahead(target, self._windowing),
            persistence(target, self._windowing),
            features[WEIGHT] > 0,
            metric_types.StandardMetricInputs(extracts).get_predictions(self._model),
        )


class _AddSums(beam.CombineFn):
    """Adds sums and gives the metrics of one model."""

    def __init__(self, model: str, horizon: int, min_slice_forecasts: int) -> None:
        self._model = model
        self._horizon = horizon
        self._min_slice_forecasts = min_slice_forecasts

    def create_accumulator(self) -> ErrorSums:
        return ErrorSums.of_nothing(self._horizon)

    def add_input(self, accumulator: ErrorSums, sums: ErrorSums) -> ErrorSums:
        return accumulator + sums

    def merge_accumulators(self, accumulators: Iterable[ErrorSums]) -> ErrorSums:
        return reduce(add, accumulators)

    def extract_output(self, accumulator: ErrorSums) -> dict[metric_types.MetricKey, float]:
        return {
            _key(name, self._model): value
            for name, value in summarize(accumulator, self._min_slice_forecasts).items()
        }
