"""What the Evaluator found and why it blessed the model or not, in words with figures.

Everything is read from the evaluation's own folder, bounds included, and which rule failed is
what TFMA recorded: nothing is decided a second time here.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.proto import config_pb2, metrics_for_slice_pb2
from tensorflow_model_analysis.writers import eval_config_writer

from tfx_pipeline.data.contract import WEEKEND
from tfx_pipeline.evaluation.metrics import PER_MINUTE, minute_name

Figures = dict[str, float]
"""Metric name to value of one model on one slice, as TFMA wrote them; may hold NaN."""
SliceKey = tuple[tuple[str, int], ...]
"""Feature and value of a slice; empty for the whole."""

_SUMMARY = ("mse_kw2", "mae_kw", "mse_ratio", "mae_ratio", "coverage_p10_p90", "bias_kw")


@dataclass(frozen=True)
class Evaluation:
    """The gate's decision. Errors in kW and kW^2; ratios are the model's over persistence's.

    A figure that could not be computed (nothing to judge, or the model gave something that is
    not a number) is None.

    Attributes:
        examples: Forecasts that were judged, one per origin.
        per_minute: For each minute ahead: `minute` and the figures of `metrics.PER_MINUTE`.
        mse_kw2: Of the mean; like all below, averaged over the minutes ahead.
        mae_kw: Of the median.
        mse_ratio: Of the mean.
        mae_ratio: Of the median.
        coverage_p10_p90: Share of the labels inside the band.
        bias_kw: Mean forecast minus label.
        baseline: The last six, of the model it was compared with; None without one.
        slices: For each slice: `slice`, `forecasts`, `judged`, and the same six.
        blessed: Whether the model may be pushed.
        reasons: One sentence per rule, ending in "passed", "failed" or "not judged".
    """

    examples: int
    per_minute: tuple[dict[str, float | None], ...]
    mse_kw2: float | None
    mae_kw: float | None
    mse_ratio: float | None
    mae_ratio: float | None
    coverage_p10_p90: float | None
    bias_kw: float | None
    baseline: dict[str, float | None] | None
    slices: tuple[dict[str, Any], ...]
    blessed: bool
    reasons: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain lists, dicts, strings and numbers; no NaN."""
        return dataclasses.asdict(self)


def read_evaluation(folder: str | Path) -> Evaluation:
    """Reads the folder of a ModelEvaluation artifact.

    Raises:
      FileNotFoundError: `folder` holds no decision; the Evaluator did not finish there.
    """
    if not (Path(folder) / "validations.tfrecord").is_file():
        raise FileNotFoundError(
            f"{folder}: no evaluation with a decision; run the pipeline through its Evaluator"
        )
    config = eval_config_writer.load_eval_run(str(folder))[0]
    validation = tfma.load_validation_result(str(folder))
    by_slice = dict(map(_figures, tfma.load_metrics(str(folder))))
    candidate = tfma.CANDIDATE_KEY if len(config.model_specs) > 1 else ""
    own = {key: models[candidate] for key, models in by_slice.items() if candidate in models}
    overall = own.pop((), {})
    baseline = by_slice.get((), {}).get(tfma.BASELINE_KEY)
    gate = _Gate(config, validation)
    return Evaluation(
        examples=int(overall.get("forecasts", 0)),
        per_minute=tuple(_per_minute(overall)),
        **_summary(overall),
        baseline=_summary(baseline) if baseline else None,
        slices=tuple(
            {
                "slice": _slice_name(key),
                "forecasts": int(figures["forecasts"]),
                "judged": gate.judges(figures),
                **_summary(figures),
            }
            for key, figures in sorted(own.items())
        ),
        blessed=validation.validation_ok,
        reasons=tuple(gate.reasons(overall, baseline, own)),
    )


class _Gate:
    """The rules' bounds and TFMA's verdicts, put into words."""

    def __init__(self, config: config_pb2.EvalConfig, validation: tfma.ValidationResult) -> None:
        (spec,) = config.metrics_specs
        self._thresholds = {
            name: per_slice.thresholds[0].threshold
            for name, per_slice in spec.per_slice_thresholds.items()
        }
        self._min_forecasts = int(json.loads(spec.metrics[0].config)["min_forecasts"])
        self._failed = {
            (_slice_key(of_slice.slice_key), failure.metric_key.name)
            for of_slice in validation.metric_validations_per_slice
            for failure in of_slice.failures
        }
        self._missing = [key for spec in validation.missing_slices for key in spec.feature_keys]

    def judges(self, figures: Figures) -> bool:
        """Whether a slice is large enough to be judged."""
        return figures["forecasts"] >= self._min_forecasts

    def reasons(
        self, overall: Figures, baseline: Figures | None, slices: dict[SliceKey, Figures]
    ) -> Iterator[str]:
        """One sentence per rule, then one per slice that failed or was not judged."""
        if not overall.get("forecasts"):
            yield "No forecast could be judged: the split is empty or nothing was observed: failed"
            return
        yield self._against_persistence(overall)
        yield self._against_baseline(overall, baseline)
        yield self._coverage(overall)
        yield from self._slices(slices)

    def _against_persistence(self, overall: Figures) -> str:
        bound = self._thresholds["mse_ratio"].value_threshold.upper_bound.value
        return (
            f"MSE is {_number(overall['mse_ratio'])} of persistence's, must be at most "
            f"{bound:.3g}: {self._verdict((), 'mse_ratio')}"
        )

    def _against_baseline(self, overall: Figures, baseline: Figures | None) -> str:
        if baseline is None:
            return "There is no blessed model before this one to compare with: not judged"
        allowed = self._thresholds["mse_kw2"].change_threshold.relative.value
        change = (overall["mse_kw2"] / baseline["mse_kw2"] - 1) * 100
        side = "above" if change > 0 else "below"
        return (
            f"MSE is {_number(overall['mse_kw2'], 4)} kW^2, {_number(abs(change), 1)} % {side} "
            f"the {_number(baseline['mse_kw2'], 4)} of the model blessed before, may be at most "
            f"{allowed * 100:.3g} % above: {self._verdict((), 'mse_kw2')}"
        )

    def _coverage(self, overall: Figures) -> str:
        bounds = self._thresholds["coverage_p10_p90"].value_threshold
        return (
            f"P10..P90 held {_number(overall['coverage_p10_p90'])} of the values, must be "
            f"{bounds.lower_bound.value:.3g} to {bounds.upper_bound.value:.3g}: "
            f"{self._verdict((), 'coverage_p10_p90')}"
        )

    def _slices(self, slices: dict[SliceKey, Figures]) -> Iterator[str]:
        bound = self._thresholds["judged_mse_ratio"].value_threshold.upper_bound.value
        must = f"must be at most {bound:.3g}"
        judged = {key: figures for key, figures in slices.items() if self.judges(figures)}
        failed = {key: f for key, f in judged.items() if (key, "judged_mse_ratio") in self._failed}
        if judged and not failed:
            key = max(judged, key=lambda k: judged[k]["mse_ratio"])
            yield (
                f"In all {len(judged)} slices judged, MSE is at most "
                f"{_number(judged[key]['mse_ratio'])} of persistence's ({_slice_name(key)}), "
                f"{must}: passed"
            )
        for feature in self._missing:
            yield f"No example has the feature {feature} to slice by: failed"
        for key, figures in sorted(failed.items()):
            yield (
                f"{_slice_name(key)}: MSE is {_number(figures['mse_ratio'])} of persistence's, "
                f"{must}: failed"
            )
        for key, figures in sorted(slices.items()):
            if key not in judged:
                yield (
                    f"{_slice_name(key)}: {int(figures['forecasts'])} forecasts, fewer than "
                    f"{self._min_forecasts}: not judged"
                )

    def _verdict(self, key: SliceKey, metric: str) -> str:
        return "failed" if (key, metric) in self._failed else "passed"


def _figures(metrics: tfma.MetricsForSlice) -> tuple[SliceKey, dict[str, Figures]]:
    models: dict[str, Figures] = {}
    for item in metrics.metric_keys_and_values:
        if not item.key.is_diff and item.value.HasField("double_value"):
            model = models.setdefault(item.key.model_name, {})
            model[item.key.name] = item.value.double_value.value
    return _slice_key(metrics.slice_key), models


def _slice_key(key: metrics_for_slice_pb2.SliceKey) -> SliceKey:
    return tuple((single.column, single.int64_value) for single in key.single_slice_keys)


def _slice_name(key: SliceKey) -> str:
    ((feature, value),) = key
    if feature == WEEKEND:
        return "weekends" if value else "weekdays"
    return f"{feature} {value}"


def _per_minute(overall: Figures) -> Iterator[dict[str, float | None]]:
    minute = 1
    while minute_name(minute, PER_MINUTE[0]) in overall:
        figures = {name: _figure(overall, minute_name(minute, name)) for name in PER_MINUTE}
        yield {"minute": minute, **figures}
        minute += 1


def _summary(figures: Figures) -> dict[str, float | None]:
    return {name: _figure(figures, name) for name in _SUMMARY}


def _figure(figures: Figures, name: str) -> float | None:
    value = figures.get(name, math.nan)
    return value if math.isfinite(value) else None


def _number(value: float, digits: int = 3) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else "not a number"
