"""Reads what the Evaluator found and why it blessed the model or not.

Everything is read from the evaluation's own folder, bounds included, and which rule failed is
what TFMA recorded: nothing is decided a second time here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.proto import config_pb2, metrics_for_slice_pb2
from tensorflow_model_analysis.writers import eval_config_writer

from tfx_pipeline.evaluation.config import bounds_of, min_slice_hours, series_of
from tfx_pipeline.evaluation.metrics import BY_STEP, OF_NAIVE, slice_name, step_name
from tfx_pipeline.evaluation.results import Evaluation, Scores, SliceScores, StepScores, Verdict
from tfx_pipeline.evaluation.rules import RULES, Figure, Rule
from tfx_pipeline.evaluation.slices import SLICES
from tfx_pipeline.scoring import NAIVE, SEASONS
from tfx_pipeline.series.spec import SeriesSpec

Metrics = dict[str, Any]
"""Metric name to value, or array of values, of one model on one slice; may hold NaN."""
SliceKey = tuple[tuple[str, str], ...]
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
    groups = {key: models[candidate] for key, models in by_slice.items() if candidate in models}
    whole = groups.pop((), {})
    baseline = by_slice.get((), {}).get(tfma.BASELINE_KEY)
    slices = _slices(whole) | {_slice_name(key): groups[key] for key in sorted(groups)}
    series, enough = series_of(config), min_slice_hours(config)
    return Evaluation(
        **_scores(whole),
        unit=series.target.unit,
        cadence=series.cadence,
        hours=whole.get("hours", 0.0),
        origins=int(whole.get("origins", 0)),
        forecasts=int(whole.get("forecasts", 0)),
        per_step=tuple(_per_step(whole, series)),
        baseline=Scores(**_scores(baseline)) if baseline else None,
        slices=tuple(
            SliceScores(
                **_scores(metrics),
                slice=name,
                hours=metrics["hours"],
                forecasts=int(metrics["forecasts"]),
                eligible=metrics["hours"] >= enough,
            )
            for name, metrics in slices.items()
        ),
        blessed=validation.validation_ok,
        verdicts=tuple(_Verdicts(config, validation, whole, baseline, groups)),
    )


@dataclass
class _Verdicts:
    """TFMA's verdicts put into words, rule by rule.

    Attributes:
        config: Of the evaluation.
        validation: What TFMA decided.
        whole: Metrics of the candidate on all data.
        baseline: The same of the baseline model; None without one.
        groups: Metrics of the candidate by group of meters.
    """

    config: config_pb2.EvalConfig
    validation: tfma.ValidationResult
    whole: Metrics
    baseline: Metrics | None
    groups: dict[SliceKey, Metrics]

    def __post_init__(self) -> None:
        self._bounds = bounds_of(self.config)
        self._unit = series_of(self.config).target.unit
        self._enough = min_slice_hours(self.config)
        self._failed = {
            (_slice_key(of_slice.slice_key), failure.metric_key.name)
            for of_slice in self.validation.metric_validations_per_slice
            for failure in of_slice.failures
        }

    def __iter__(self) -> Iterator[Verdict]:
        if not self.whole.get("forecasts"):
            finding = "No forecast could be scored: the split is empty or nothing was observed"
            yield Verdict(rule="hours", slice=None, outcome="failed", finding=finding)
            return
        looks = {"whole": self._of_whole, "steps": self._of_steps}
        looks |= {"slices": self._of_slices, "groups": self._of_groups}
        for rule in RULES:
            yield from looks[rule.over](rule)

    def _of_whole(self, rule: Rule) -> Iterator[Verdict]:
        if rule.metric not in self._bounds:
            finding = "There is no baseline model to compare with"
            yield Verdict(rule=rule.metric, slice=None, outcome="not applied", finding=finding)
            return
        yield self._verdict(rule, self._finding(rule, self.whole[rule.metric]))

    def _of_steps(self, rule: Rule) -> Iterator[Verdict]:
        own, naive = (self.whole[step_name(name)] for name in (rule.ratio, f"naive_{rule.ratio}"))
        ratios = np.divide(own, naive, out=np.full_like(own, np.nan), where=naive > 0)
        scored = np.flatnonzero(~np.isnan(naive))
        worst = scored[np.argmax(ratios[scored])]
        finding = self._finding(rule, self.whole[rule.metric])
        where = f"The worst of {len(ratios)} steps ahead, {worst + 1}"
        over = int((~(ratios[scored] <= self._bounds[rule.metric].upper)).sum())
        if over > 1:
            where = f"{over} of {len(ratios)} steps ahead, the worst {worst + 1}"
        yield self._verdict(rule, f"{where}: {finding}")

    def _of_slices(self, rule: Rule) -> Iterator[Verdict]:
        slices = _slices(self.whole)
        ratios = {
            name: metrics["mse_ratio"]
            for name, metrics in slices.items()
            if metrics["hours"] >= self._enough
        }
        failed = ((), rule.metric) in self._failed
        for name, ratio in ratios.items():
            if failed and not ratio <= self._bounds[rule.metric].upper:
                yield self._verdict(rule, f"{name}: {self._finding(rule, ratio)}", name)
        if ratios and not failed:
            worst = max(ratios, key=lambda name: ratios[name])
            where = f"The worst of {len(ratios)} eligible slices, {worst}"
            yield self._verdict(rule, f"{where}: {self._finding(rule, ratios[worst])}")
        yield from self._too_small(rule, slices)

    def _of_groups(self, rule: Rule) -> Iterator[Verdict]:
        if rule.metric not in self._bounds:
            return
        for missing in self.validation.missing_slices:
            for feature in missing.feature_keys:
                finding = f"No example has the feature {feature} to slice by"
                yield Verdict(rule=rule.metric, slice=feature, outcome="failed", finding=finding)
        groups = {_slice_name(key): metrics for key, metrics in sorted(self.groups.items())}
        failed = {_slice_name(key) for key, metric in self._failed if key and metric == rule.metric}
        for name in sorted(failed):
            finding = f"{name}: {self._finding(rule, groups[name][rule.metric])}"
            yield Verdict(rule=rule.metric, slice=name, outcome="failed", finding=finding)
        eligible = [name for name in groups if groups[name]["hours"] >= self._enough]
        if eligible and not failed:
            worst = max(eligible, key=lambda name: groups[name][rule.metric])
            where = f"The worst of {len(eligible)} eligible groups, {worst}"
            finding = f"{where}: {self._finding(rule, groups[worst][rule.metric])}"
            yield Verdict(rule=rule.metric, slice=None, outcome="passed", finding=finding)
        yield from self._too_small(rule, groups)

    def _too_small(self, rule: Rule, slices: Mapping[str, Metrics]) -> Iterator[Verdict]:
        for name, metrics in slices.items():
            if metrics["hours"] < self._enough:
                scored = f"{metrics['hours']:,.4g} h were scored"
                finding = f"{name}: {scored}, fewer than {self._enough:,.4g} h"
                yield Verdict(rule=rule.metric, slice=name, outcome="not applied", finding=finding)

    def _verdict(self, rule: Rule, finding: str, of_slice: str | None = None) -> Verdict:
        outcome = "failed" if ((), rule.metric) in self._failed else "passed"
        return Verdict(rule=rule.metric, slice=of_slice, outcome=outcome, finding=finding)

    def _finding(self, rule: Rule, value: float) -> str:
        baseline = (self.baseline or {}).get(rule.metric, math.nan)
        return rule.finding(Figure(value, self._bounds[rule.metric], self._unit, baseline))


def _metrics(of_slice: tfma.MetricsForSlice) -> tuple[SliceKey, dict[str, Metrics]]:
    models: dict[str, Metrics] = {}
    for item in of_slice.metric_keys_and_values:
        if item.key.is_diff:
            continue
        model = models.setdefault(item.key.model_name, {})
        if item.value.HasField("double_value"):
            model[item.key.name] = item.value.double_value.value
        elif item.value.HasField("array_value"):
            model[item.key.name] = np.array(item.value.array_value.float64_values)
    return _slice_key(of_slice.slice_key), models


def _slice_key(key: metrics_for_slice_pb2.SliceKey) -> SliceKey:
    return tuple(
        (single.column, single.bytes_value.decode(errors="replace"))
        for single in key.single_slice_keys
    )


def _slice_name(key: SliceKey) -> str:
    ((feature, value),) = key
    return f"{feature} {value}"


def _slices(whole: Metrics) -> dict[str, Metrics]:
    """Metrics by slice by the clock, of those that occur."""
    names = (*Scores.model_fields, "hours", "forecasts")
    columns = {name: whole[slice_name(name)] for name in names if slice_name(name) in whole}
    slices = {
        name: {metric: float(column[number]) for metric, column in columns.items()}
        for number, name in enumerate(SLICES)
    }
    return {name: found for name, found in slices.items() if found.get("forecasts")}


def _per_step(whole: Metrics, series: SeriesSpec) -> Iterator[StepScores]:
    known = [name for name in NAIVE if not SEASONS.get(name, 0) % series.step]
    names = [*BY_STEP, *(f"{naive}_{error}" for naive in known for error in OF_NAIVE)]
    # An evaluation of an earlier release has fewer of them.
    names = [name for name in names if step_name(name) in whole]
    for number in range(len(whole.get(step_name("mse"), ()))):
        figures = {name: _finite(float(whole[step_name(name)][number])) for name in names}
        best = {
            f"naive_{error}_of": _best({naive: figures[f"{naive}_{error}"] for naive in known})
            for error in OF_NAIVE
        }
        yield StepScores(step=number + 1, **figures, **best)


def _best(of_naive: Mapping[str, float | None]) -> str | None:
    """The naive forecast with the least error, the first of those that are alike."""
    found = {name: error for name, error in of_naive.items() if error is not None}
    return min(found, key=lambda name: found[name]) if found else None


def _scores(metrics: Mapping[str, Any]) -> dict[str, float | None]:
    return {name: _finite(metrics.get(name, math.nan)) for name in Scores.model_fields}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
