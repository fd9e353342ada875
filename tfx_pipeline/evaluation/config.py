"""The Evaluator's configuration: what is measured, on which slices, and what a model must reach."""

from __future__ import annotations

import json
from typing import Any

from tensorflow_model_analysis.proto import config_pb2

from tfx_pipeline.data.contract import GROUP, Windowing
from tfx_pipeline.evaluation.rules import RULES, Bounds, hours
from tfx_pipeline.evaluation.settings import GateSettings
from tfx_pipeline.model_contract import EXAMPLES_SIGNATURE
from tfx_pipeline.series.spec import SeriesSpec

METRICS_MODULE = "tfx_pipeline.evaluation.metrics"
EXTRACTORS_MODULE = "tfx_pipeline.evaluation.extractors"
"""Its sums are what the metrics add up."""

_WHOLE = config_pb2.SlicingSpec()
_BY_GROUP = config_pb2.SlicingSpec(feature_keys=[GROUP])


def eval_config(
    series: SeriesSpec, windowing: Windowing, gate: GateSettings
) -> config_pb2.EvalConfig:
    """Metrics, slices and the gate's rules.

    Every bound is a TFMA threshold, and TFMA compares so that NaN passes none. The Evaluator drops
    what compares with a baseline model where there is none. See docs/gate.md.

    Args:
        series: What is forecast.
        windowing: How the examples are cut into windows; the models' too.
        gate: The bounds.
    """
    settings = {
        "series": series.model_dump(mode="json"),
        "windowing": windowing.model_dump(),
        "min_slice_hours": hours(gate.min_slice_time),
    }
    metrics = config_pb2.MetricConfig(
        class_name="ForecastMetrics", module=METRICS_MODULE, config=json.dumps(settings)
    )
    groups = [_BY_GROUP] if series.group else []
    # Not MetricsSpec.thresholds: TFMA applies those to every slice, not only to the whole.
    thresholds = {
        rule.metric: config_pb2.PerSliceMetricThresholds(
            thresholds=[
                config_pb2.PerSliceMetricThreshold(
                    slicing_specs=groups if rule.over == "groups" else [_WHOLE],
                    threshold=_threshold(rule.bounds(gate)),
                )
            ]
        )
        for rule in RULES
        if groups or rule.over != "groups"
    }
    return config_pb2.EvalConfig(
        # Without its type TFMA first loads a model to see whether it is one of Keras's.
        model_specs=[
            config_pb2.ModelSpec(signature_name=EXAMPLES_SIGNATURE, model_type="tf_generic")
        ],
        slicing_specs=[_WHOLE, *groups],
        metrics_specs=[config_pb2.MetricsSpec(metrics=[metrics], per_slice_thresholds=thresholds)],
    )


def min_slice_hours(config: config_pb2.EvalConfig) -> float:
    """Hours from which a slice is eligible, as the evaluation was configured."""
    return float(_settings(config)["min_slice_hours"])


def series_of(config: config_pb2.EvalConfig) -> SeriesSpec:
    """What was forecast."""
    return SeriesSpec.model_validate(_settings(config)["series"])


def windowing_of(config: config_pb2.EvalConfig) -> Windowing:
    """How the examples were cut into windows."""
    return Windowing.model_validate(_settings(config)["windowing"])


def bounds_of(config: config_pb2.EvalConfig) -> dict[str, Bounds]:
    """The bounds by metric, as the evaluation was configured.

    The Evaluator empties what compares with a baseline model where there is none.
    """
    per_slice = config.metrics_specs[0].per_slice_thresholds
    bounds = {name: _bounds(each.thresholds[0].threshold) for name, each in per_slice.items()}
    return {name: each for name, each in bounds.items() if each != Bounds()}


def _settings(config: config_pb2.EvalConfig) -> dict[str, Any]:
    """Arguments of `ForecastMetrics`."""
    return json.loads(config.metrics_specs[0].metrics[0].config)


def _threshold(bounds: Bounds) -> config_pb2.MetricThreshold:
    if bounds.above_baseline is not None:
        return config_pb2.MetricThreshold(
            change_threshold=config_pb2.GenericChangeThreshold(
                relative={"value": bounds.above_baseline},
                direction=config_pb2.MetricDirection.LOWER_IS_BETTER,
            )
        )
    values = {"lower_bound": bounds.lower, "upper_bound": bounds.upper}
    return config_pb2.MetricThreshold(
        value_threshold=config_pb2.GenericValueThreshold(
            **{name: {"value": value} for name, value in values.items() if value is not None}
        )
    )


def _bounds(threshold: config_pb2.MetricThreshold) -> Bounds:
    if threshold.HasField("change_threshold"):
        return Bounds(above_baseline=threshold.change_threshold.relative.value)
    value = threshold.value_threshold
    return Bounds(
        lower=value.lower_bound.value if value.HasField("lower_bound") else None,
        upper=value.upper_bound.value if value.HasField("upper_bound") else None,
    )
