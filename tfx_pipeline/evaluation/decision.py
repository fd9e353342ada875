"""Reads what the Evaluator found and why it blessed the model or not.

Everything is read from the evaluation's own folder, bounds included, and which rule failed is
what TFMA recorded: nothing is decided a second time here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.proto import config_pb2, metrics_for_slice_pb2
from tensorflow_model_analysis.writers import eval_config_writer

from tfx_pipeline.data.contract import WEEKEND
from tfx_pipeline.evaluation.config import bounds_of, min_slice_forecasts, series_of
from tfx_pipeline.evaluation.metrics import step_name
from tfx_pipeline.evaluation.results import Evaluation, Scores, SliceScores, StepScores, Verdict
from tfx_pipeline.evaluation.rules import RULES, Figure, Rule

Metrics = dict[str, float]
"""Metric name to value of one model on one slice, as TFMA wrote them; may hold NaN."""
SliceKey = tuple[tuple[str, int], ...]
"""Feature and value of a slice; empty for the whole."""


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
    by_slice = dict(map(_metrics, tfma.load_metrics(str(folder))))
    candidate = tfma.CANDIDATE_KEY if len(config.model_specs) > 1 else ""
    slices = {key: models[candidate] for key, models in by_slice.items() if candidate in models}
    whole = slices.pop((), {})
    baseline = by_slice.get((), {}).get(tfma.BASELINE_KEY)
    enough = min_slice_forecasts(config)
    return Evaluation(
        **_scores(whole),
        unit=series_of(config).target.unit,
        origins=int(whole.get("origins", 0)),
        forecasts=int(whole.get("forecasts", 0)),
        per_step=tuple(_per_step(whole)),
        baseline=Scores(**_scores(baseline)) if baseline else None,
        slices=tuple(
            SliceScores(
                **_scores(metrics),
                slice=_slice_name(key),
                forecasts=int(metrics["forecasts"]),
                eligible=metrics["forecasts"] >= enough,
            )
            for key, metrics in sorted(slices.items())
        ),
        blessed=validation.validation_ok,
        verdicts=tuple(_Verdicts(config, validation, whole, baseline, slices)),
    )


@dataclass
class _Verdicts:
    """TFMA's verdicts put into words, rule by rule.

    Attributes:
        config: Of the evaluation.
        validation: What TFMA decided.
        whole: Metrics of the candidate on all data.
        baseline: The same of the baseline model; None without one.
        slices: Metrics of the candidate by slice.
    """

    config: config_pb2.EvalConfig
    validation: tfma.ValidationResult
    whole: Metrics
    baseline: Metrics | None
    slices: dict[SliceKey, Metrics]

    def __post_init__(self) -> None:
        self._bounds = bounds_of(self.config)
        self._failed = {
            (_slice_key(of_slice.slice_key), failure.metric_key.name)
            for of_slice in self.validation.metric_validations_per_slice
            for failure in of_slice.failures
        }

    def __iter__(self) -> Iterator[Verdict]:
        if not self.whole.get("forecasts"):
            finding = "No forecast could be scored: the split is empty or nothing was observed"
            yield Verdict(rule="forecasts", slice=None, outcome="failed", finding=finding)
            return
        for rule in RULES:
            yield from self._of_slices(rule) if rule.by_slice else [self._of_whole(rule)]

    def _of_whole(self, rule: Rule) -> Verdict:
        bounds = self._bounds.get(rule.metric)
        if bounds is None:
            return Verdict(
                rule=rule.metric,
                slice=None,
                outcome="not applied",
                finding="There is no baseline model to compare with",
            )
        return Verdict(
            rule=rule.metric,
            slice=None,
            outcome="failed" if ((), rule.metric) in self._failed else "passed",
            finding=rule.finding(
                Figure(
                    self.whole[rule.metric],
                    bounds,
                    series_of(self.config).target.unit,
                    (self.baseline or {}).get(rule.metric, math.nan),
                )
            ),
        )

    def _of_slices(self, rule: Rule) -> Iterator[Verdict]:
        enough = min_slice_forecasts(self.config)
        unit = series_of(self.config).target.unit
        eligible = {key: m for key, m in self.slices.items() if m["forecasts"] >= enough}
        failed = {key: m for key, m in eligible.items() if (key, rule.metric) in self._failed}

        def finding(key: SliceKey) -> str:
            figure = Figure(self.slices[key][rule.metric], self._bounds[rule.metric], unit)
            found = rule.finding(figure)
            return f"{_slice_name(key)}: {found}"

        if eligible and not failed:
            worst = max(eligible, key=lambda key: eligible[key][rule.metric])
            found = f"The worst of {len(eligible)} eligible slices, {finding(worst)}"
            yield Verdict(rule=rule.metric, slice=None, outcome="passed", finding=found)
        for missing in self.validation.missing_slices:
            for feature in missing.feature_keys:
                found = f"No example has the feature {feature} to slice by"
                yield Verdict(rule=rule.metric, slice=feature, outcome="failed", finding=found)
        for key in sorted(failed):
            name = _slice_name(key)
            yield Verdict(rule=rule.metric, slice=name, outcome="failed", finding=finding(key))
        for key, metrics in sorted(self.slices.items()):
            if key not in eligible:
                name, count = _slice_name(key), int(metrics["forecasts"])
                found = f"{name}: {count} forecasts, fewer than {enough}"
                yield Verdict(rule=rule.metric, slice=name, outcome="not applied", finding=found)


def _metrics(of_slice: tfma.MetricsForSlice) -> tuple[SliceKey, dict[str, Metrics]]:
    models: dict[str, Metrics] = {}
    for item in of_slice.metric_keys_and_values:
        if not item.key.is_diff and item.value.HasField("double_value"):
            model = models.setdefault(item.key.model_name, {})
            model[item.key.name] = item.value.double_value.value
    return _slice_key(of_slice.slice_key), models


def _slice_key(key: metrics_for_slice_pb2.SliceKey) -> SliceKey:
    return tuple((single.column, single.int64_value) for single in key.single_slice_keys)


def _slice_name(key: SliceKey) -> str:
    ((feature, value),) = key
    if feature == WEEKEND:
        return "weekends" if value else "weekdays"
    return f"{feature} {value}"


def _per_step(whole: Metrics) -> Iterator[StepScores]:
    names = set(StepScores.model_fields) - {"step"}
    step = 1
    while step_name(step, "mse") in whole:
        figures = {name: _finite(whole, step_name(step, name)) for name in names}
        yield StepScores(step=step, **figures)
        step += 1


def _scores(metrics: Mapping[str, float]) -> dict[str, float | None]:
    return {name: _finite(metrics, name) for name in Scores.model_fields}


def _finite(metrics: Mapping[str, float], name: str) -> float | None:
    value = metrics.get(name, math.nan)
    return value if math.isfinite(value) else None
