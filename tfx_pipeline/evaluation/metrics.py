"""TFMA metrics of the forecast, next to naive ones on the very same forecasts.

Labels and naive forecasts are cut here, by numpy and from the raw target series, so that they do
not pass through any model. Each example becomes small sums, by hour of day, before TFMA hands it to
its slices (`tfx_pipeline.evaluation.extractors`); from then on there is nothing to do but add.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, reduce
from operator import add, attrgetter
from typing import Any

import apache_beam as beam
import numpy as np
import numpy.typing as npt
from tensorflow_model_analysis.metrics import metric_types

from tfx_pipeline.data.contract import FIRST_ORIGIN, WEIGHT, Windowing
from tfx_pipeline.evaluation.slices import CELLS_OF_SLICES, cells_of, local_hours
from tfx_pipeline.scoring import NAIVE, SEASONS, Array, ErrorSums, errors, naive_forecasts
from tfx_pipeline.series.clock import HOUR
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec

BY_STEP: Mapping[str, Callable[[ErrorSums], Array]] = {
    "mse": attrgetter("mse"),
    "mae": attrgetter("mae"),
    "naive_mse": attrgetter("naive_mse"),
    "naive_mae": attrgetter("naive_mae"),
    "coverage_p10_p90": attrgetter("coverage"),
    **{name: attrgetter(name) for name in ("below_p10", "below_p50", "below_p90", "width")},
}
"""Metrics of each step ahead, and without a step their means over the steps."""

OF_NAIVE: Mapping[str, Callable[[ErrorSums], Array]] = {
    "mse": attrgetter("mse_of_naive"),
    "mae": attrgetter("mae_of_naive"),
}
"""Metrics of each naive forecast at each step ahead."""

OVERALL: Mapping[str, Callable[[ErrorSums], float]] = {
    "bias": lambda sums: sums.mean(sums.bias),
    "mse_ratio": attrgetter("mse_ratio"),
    "mae_ratio": attrgetter("mae_ratio"),
}
"""Metrics of all steps ahead together."""

WORST_STEP: Mapping[str, Callable[[ErrorSums], float]] = {
    "worst_step_mse_ratio": attrgetter("worst_mse_ratio"),
    "worst_step_mae_ratio": attrgetter("worst_mae_ratio"),
}
"""The largest ratios of a single step ahead."""

COUNTS: Mapping[str, Callable[[ErrorSums], float]] = {
    "origins": attrgetter("origins"),
    "forecasts": attrgetter("forecasts"),
}

HOURS = "hours"
"""Hours of which a forecast was scored, whatever the number of meters."""
WORST_SLICE = "worst_slice_mse_ratio"
"""Largest `mse_ratio` of the slices by the clock with enough hours; 0 where there is none."""
ELIGIBLE_MSE_RATIO = "eligible_mse_ratio"
"""`mse_ratio` where there are enough hours, else 0: a small slice cannot fail a model."""


ERROR_SUMS = "error_sums"
"""Key of the sums among TFMA's extracts, by model."""

AT_ONCE = 50_000
"""Forecasts that errors are taken of at a time, counted by step ahead: a few MB."""


def step_name(metric: str) -> str:
    """Name of the array [horizon] of a metric by step ahead."""
    return f"{metric}_by_step"


def slice_name(metric: str) -> str:
    """Name of the array [`SLICES`] of a metric by slice by the clock."""
    return f"{metric}_by_slice"


@dataclass
class CellSums:
    """Sums by cell of the calendar, and of when they are.

    Attributes:
        by_cell: Cell (`tfx_pipeline.evaluation.slices`) -> sums.
        hours: Local hours since 1970 of which a forecast was scored.
    """

    by_cell: dict[int, ErrorSums] = field(default_factory=dict)
    hours: set[int] = field(default_factory=set)

    def include(self, other: CellSums) -> CellSums:
        """Adds another's sums to these."""
        for cell, sums in other.by_cell.items():
            mine = self.by_cell.get(cell)
            self.by_cell[cell] = sums if mine is None else mine + sums
        self.hours |= other.hours
        return self

    def of(self, cells: npt.NDArray[np.bool_], horizon: int) -> ErrorSums:
        """The sums over some cells."""
        chosen = (sums for cell, sums in self.by_cell.items() if cells[cell])
        return reduce(add, chosen, ErrorSums.of_nothing(horizon))


@dataclass(frozen=True)
class Scoring:
    """How examples are scored.

    Attributes:
        series: What is forecast.
        windowing: How examples are cut into windows.
        min_slice_hours: From so many hours on a slice is eligible.
    """

    series: SeriesSpec
    windowing: Windowing
    min_slice_hours: float

    @cached_property
    def _grid(self) -> Grid:
        return Grid(self.series)

    def sums(
        self, features: Mapping[str, np.ndarray], forecast: Mapping[str, Array]
    ) -> list[CellSums]:
        """The errors of each example's forecasts.

        Args:
            features: Of the examples, by the data contract: the examples first.
            forecast: Outputs by name, [examples, origins, horizon].
        """
        count = len(features[FIRST_ORIGIN])
        at_once = max(1, AT_ONCE // (self.windowing.origins * self.windowing.horizon))
        found: list[CellSums] = []
        for first in range(0, count, at_once):
            some = slice(first, first + at_once)
            found += self._sums(
                {name: features[name][some] for name in self._features},
                {name: values[some] for name, values in forecast.items()},
            )
        return found

    @property
    def _features(self) -> tuple[str, ...]:
        return (self.series.target.name, WEIGHT, FIRST_ORIGIN, *SEASONS)

    def _sums(
        self, features: Mapping[str, np.ndarray], forecast: Mapping[str, Array]
    ) -> list[CellSums]:
        shape = self.windowing

        def flat(values: np.ndarray) -> np.ndarray:
            """[examples, origins, ...] -> [n, ...]."""
            return values.reshape(-1, *values.shape[2:])

        target = features[self.series.target.name]
        of_origins = errors(
            flat(labels_ahead(target, shape)),
            naive_forecasts(
                flat(last_observation(target, shape)),
                {name: flat(by_origin(features[name], shape)) for name in SEASONS},
                shape.horizon,
                self.series.step,
            ),
            flat(features[WEIGHT] > 0),
            {name: flat(values) for name, values in forecast.items()},
        )
        hours = local_hours(self._grid, features[FIRST_ORIGIN].reshape(-1), shape.origins)
        scored = (of_origins.forecasts > 0).reshape(hours.shape)
        found = [
            CellSums(hours=set(own[some].tolist())) for own, some in zip(hours, scored, strict=True)
        ]
        cells = cells_of(hours)
        starts = np.flatnonzero(np.diff(cells, axis=1, prepend=-1))
        of_runs = zip(
            (starts // shape.origins).tolist(),
            cells.reshape(-1)[starts].tolist(),
            of_origins.runs(starts),
            strict=True,
        )
        for example, cell, sums in of_runs:
            found[example].include(CellSums({cell: sums}))
        return found

    def summarize(self, found: CellSums) -> dict[str, float | Array]:
        """Metric names to values; NaN where nothing was scored."""
        horizon = self.windowing.horizon
        whole = found.of(np.ones(CELLS_OF_SLICES.shape[1], bool), horizon)
        slices = [found.of(cells, horizon) for cells in CELLS_OF_SLICES]
        hours = self._hours(np.ones(CELLS_OF_SLICES.shape[1], bool), found)
        hours_of_slices = [self._hours(cells, found) for cells in CELLS_OF_SLICES]
        scores = _scores(whole)
        eligible = [hours >= self.min_slice_hours for hours in hours_of_slices]
        ratios = [of.mse_ratio for of, enough in zip(slices, eligible, strict=True) if enough]
        by_slice = [_scores(of) | {HOURS: h} for of, h in zip(slices, hours_of_slices, strict=True)]
        return {
            **scores,
            **{name: float(of(whole)) for name, of in WORST_STEP.items()},
            HOURS: hours,
            # Not max(): it passes NaN over.
            WORST_SLICE: float(np.max(ratios, initial=0.0)),
            ELIGIBLE_MSE_RATIO: scores["mse_ratio"] if hours >= self.min_slice_hours else 0.0,
            **{step_name(name): of(whole) for name, of in BY_STEP.items()},
            **{
                step_name(f"{naive}_{name}"): of(whole)[NAIVE.index(naive)]
                for name, of in OF_NAIVE.items()
                for naive in NAIVE
            },
            **{
                slice_name(name): np.array([values[name] for values in by_slice])
                for name in by_slice[0]
            },
        }

    def _hours(self, cells: npt.NDArray[np.bool_], found: CellSums) -> float:
        """Hours of which forecasts from some cells were scored; a longer step is all its own."""
        hours = np.fromiter(found.hours, np.int64, len(found.hours))
        return float(cells[cells_of(hours)].sum() * max(1.0, self.series.step / HOUR))


def _scores(sums: ErrorSums) -> dict[str, float]:
    """Metrics without a step."""
    return {
        **{name: sums.mean(of(sums)) for name, of in BY_STEP.items()},
        **{name: float(of(sums)) for name, of in {**OVERALL, **COUNTS}.items()},
    }


def last_observation(target: np.ndarray, windowing: Windowing) -> np.ndarray:
    """The last observation at or before each origin, within its window.

    Args:
        target: [..., steps], NaN where not observed.
        windowing: How segments are cut into windows.

    Returns:
        [..., origins], NaN where nothing was observed in the window.
    """
    steps = np.arange(target.shape[-1])
    last = np.maximum.accumulate(np.where(np.isnan(target), -1, steps), axis=-1)
    first = np.arange(windowing.origins)
    index = last[..., windowing.window - 1 + first]
    found = np.take_along_axis(target, np.maximum(index, 0), axis=-1)
    return np.where(index >= first, found, np.nan)


def labels_ahead(target: np.ndarray, windowing: Windowing) -> np.ndarray:
    """The labels of each origin: [..., steps] -> [..., origins, horizon], NaN if not observed."""
    return by_origin(target[..., windowing.window :], windowing)


def by_origin(ahead: np.ndarray, windowing: Windowing) -> np.ndarray:
    """What stands beside the labels of each origin: [..., labels] -> [..., origins, horizon]."""
    windows = np.lib.stride_tricks.sliding_window_view(ahead, windowing.horizon, axis=-1)
    return windows[..., : windowing.origins, :]


class ForecastMetrics(metric_types.Metric):
    """All metrics of the forecast in one computation.

    Named by module and class in the EvalConfig; see `tfx_pipeline.evaluation.config`.
    """

    def __init__(
        self,
        series: dict[str, Any],
        windowing: dict[str, int],
        min_slice_hours: float,
        name: str = "forecast",
    ) -> None:
        """Takes the fields of a `Scoring` as JSON holds them.

        Args:
            series: Of a `SeriesSpec`.
            windowing: Of a `Windowing`.
            min_slice_hours: From so many hours on a slice is eligible.
            name: Of the metric.
        """
        super().__init__(
            _computations,
            name=name,
            series=series,
            windowing=windowing,
            min_slice_hours=min_slice_hours,
        )


def _computations(
    name: str,
    series: dict[str, Any],
    windowing: dict[str, int],
    min_slice_hours: float,
    model_names: Iterable[str] | None = None,
) -> metric_types.MetricComputations:
    scoring = Scoring(
        SeriesSpec.model_validate(series), Windowing.model_validate(windowing), min_slice_hours
    )
    names = scoring.summarize(CellSums())
    return [
        metric_types.MetricComputation(
            keys=[_key(metric, model) for metric in names],
            preprocessors=[_ErrorSums(f"{name}/{model}", model)],
            combiner=_AddSums(model, scoring),
        )
        for model in model_names or [""]
    ]


def _key(name: str, model: str) -> metric_types.MetricKey:
    # Thresholds by metric name look for keys that leave open whether examples have weights.
    return metric_types.MetricKey(name, model, example_weighted=None)


class _ErrorSums(metric_types.Preprocessor):
    """Takes an example's sums, which are there already, once for all slices that it falls into."""

    def __init__(self, name: str, model: str) -> None:
        super().__init__(name=name)
        self._model = model

    def process(self, extracts: dict[str, Any]) -> Iterator[CellSums]:
        yield from extracts[ERROR_SUMS][self._model]


class _AddSums(beam.CombineFn):
    """Adds sums and gives the metrics of one model."""

    def __init__(self, model: str, scoring: Scoring) -> None:
        self._model = model
        self._scoring = scoring

    def create_accumulator(self) -> CellSums:
        return CellSums()

    def add_input(self, accumulator: CellSums, sums: CellSums) -> CellSums:
        return accumulator.include(sums)

    def merge_accumulators(self, accumulators: Iterable[CellSums]) -> CellSums:
        return reduce(CellSums.include, accumulators, CellSums())

    def extract_output(
        self, accumulator: CellSums
    ) -> dict[metric_types.MetricKey, float | np.ndarray]:
        return {
            _key(name, self._model): value
            for name, value in self._scoring.summarize(accumulator).items()
        }
