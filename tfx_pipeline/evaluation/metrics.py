"""TFMA metrics of the forecast, next to a naive one on the very same forecasts.

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

from tfx_pipeline.data.contract import WEIGHT, Windowing
from tfx_pipeline.scoring import Array, ErrorSums, error_sums
from tfx_pipeline.series.spec import SeriesSpec

PER_STEP: Mapping[str, Callable[[ErrorSums], Array]] = {
    "mse": attrgetter("mse"),
    "mae": attrgetter("mae"),
    "naive_mse": attrgetter("naive_mse"),
    "naive_mae": attrgetter("naive_mae"),
    "coverage_p10_p90": attrgetter("coverage"),
}
"""Metrics of each step ahead, and without a step their means over the steps."""

OVERALL: Mapping[str, Callable[[ErrorSums], float]] = {
    "bias": lambda sums: sums.bias.mean(),
    "mse_ratio": attrgetter("mse_ratio"),
    "mae_ratio": attrgetter("mae_ratio"),
    "origins": attrgetter("origins"),
    "forecasts": attrgetter("forecasts"),
}
"""Metrics of all steps ahead together."""

ELIGIBLE_MSE_RATIO = "eligible_mse_ratio"
"""`mse_ratio` where there are enough forecasts, else 0: a small slice cannot fail a model."""


def step_name(step: int, metric: str) -> str:
    """Name of `metric` at `step` (1 = the next step), for example `step_1_mse`."""
    return f"step_{step}_{metric}"


def persistence(target: np.ndarray, windowing: Windowing) -> np.ndarray:
    """The last observation at or before each origin, within its window.

    Args:
        target: [steps], NaN where not observed.
        windowing: How the segment is cut into windows.

    Returns:
        [origins], NaN where nothing was observed in the window.
    """
    steps = np.arange(target.size)
    last = np.maximum.accumulate(np.where(np.isnan(target), -1, steps))
    first = np.arange(windowing.origins)
    index = last[windowing.window - 1 + first]
    return np.where(index >= first, target[np.maximum(index, 0)], np.nan)


def labels_ahead(target: np.ndarray, windowing: Windowing) -> np.ndarray:
    """The labels of each origin: [steps] -> [origins, horizon], NaN where not observed."""
    ahead = target[windowing.window :]
    return np.lib.stride_tricks.sliding_window_view(ahead, windowing.horizon)[: windowing.origins]


def summarize(sums: ErrorSums, min_slice_forecasts: int) -> dict[str, float]:
    """Metric names to values; NaN where nothing was scored."""
    values: dict[str, float] = {}
    for name, of in PER_STEP.items():
        by_step = of(sums)
        values |= {step_name(i + 1, name): float(value) for i, value in enumerate(by_step)}
        values[name] = float(by_step.mean())
    values |= {name: float(of(sums)) for name, of in OVERALL.items()}
    eligible = sums.forecasts >= min_slice_forecasts
    return values | {ELIGIBLE_MSE_RATIO: values["mse_ratio"] if eligible else 0.0}


class ForecastMetrics(metric_types.Metric):
    """All metrics of the forecast in one computation.

    Named by module and class in the EvalConfig; see `tfx_pipeline.evaluation.config`.
    """

    def __init__(
        self,
        series: dict[str, Any],
        windowing: dict[str, int],
        min_slice_forecasts: int,
        name: str = "forecast",
    ) -> None:
        """Takes the fields of a `SeriesSpec` and of a `Windowing`, and the size of a fair slice.

        Args:
            series: What is forecast.
            windowing: How the examples are cut into windows.
            min_slice_forecasts: From so many forecasts on a slice is eligible.
            name: Of the metric.
        """
        super().__init__(
            _computations,
            name=name,
            series=series,
            windowing=windowing,
            min_slice_forecasts=min_slice_forecasts,
        )


def _computations(
    name: str,
    series: dict[str, Any],
    windowing: dict[str, int],
    min_slice_forecasts: int,
    model_names: Iterable[str] | None = None,
) -> metric_types.MetricComputations:
    target = SeriesSpec.model_validate(series).target.name
    shape = Windowing.model_validate(windowing)
    names = summarize(ErrorSums.of_nothing(shape.horizon), min_slice_forecasts)
    return [
        metric_types.MetricComputation(
            keys=[_key(metric, model) for metric in names],
            preprocessors=[_SumErrors(f"{name}/{model}", model, target, shape)],
            combiner=_AddSums(model, shape.horizon, min_slice_forecasts),
        )
        for model in model_names or [""]
    ]


def _key(name: str, model: str) -> metric_types.MetricKey:
    # Thresholds by metric name look for keys that leave open whether examples have weights.
    return metric_types.MetricKey(name, model, example_weighted=None)


class _SumErrors(metric_types.Preprocessor):
    """Turns an example into its sums, once for all slices that it falls into."""

    def __init__(self, name: str, model: str, target: str, windowing: Windowing) -> None:
        super().__init__(name=name)
        self._model = model
        self._target = target
        self._windowing = windowing

    def process(self, extracts: dict[str, Any]) -> Iterator[ErrorSums]:
        features = extracts[constants.FEATURES_KEY]
        target = features[self._target]
        yield error_sums(
            labels_ahead(target, self._windowing),
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
