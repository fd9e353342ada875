"""The Evaluator's configuration: what is measured, on which slices, and what a model must reach."""

from __future__ import annotations

import json

from tensorflow_model_analysis.proto import config_pb2

from tfx_pipeline.data.contract import HOUR, WEEKEND, Windowing
from tfx_pipeline.evaluation.settings import GateSettings
from tfx_pipeline.model_contract import EXAMPLES_SIGNATURE

METRICS_MODULE = "tfx_pipeline.evaluation.metrics"
SLICES: tuple[str, ...] = (HOUR, WEEKEND)
"""Features by whose values the metrics are sliced, besides the whole."""


def eval_config(windowing: Windowing, gate: GateSettings) -> config_pb2.EvalConfig:
    """Metrics, slices and the gate's rules.

    Every bound is a TFMA threshold, and TFMA compares so that NaN passes none. The baseline rule
    is dropped by the Evaluator where there is no baseline model. See docs/gate.md.

    Args:
      windowing: How the examples are cut into windows; the models' too.
      gate: The bounds.
    """
    return config_pb2.EvalConfig(
        model_specs=[config_pb2.ModelSpec(signature_name=EXAMPLES_SIGNATURE)],
        slicing_specs=[_EVERYTHING, *_SLICING],
        metrics_specs=[
            config_pb2.MetricsSpec(
                metrics=[
                    config_pb2.MetricConfig(
                        class_name="ForecastMetrics",
                        module=METRICS_MODULE,
                        config=json.dumps(
                            {
                                "windowing": windowing.model_dump(),
                                "min_forecasts": gate.min_forecasts,
                            }
                        ),
                    )
                ],
                per_slice_thresholds={
                    "mse_ratio": _on([_EVERYTHING], _between(upper=1 - gate.margin)),
                    "judged_mse_ratio": _on(_SLICING, _between(upper=gate.slice_bound)),
                    "coverage_p10_p90": _on(
                        [_EVERYTHING],
                        _between(
                            lower=gate.coverage - gate.coverage_tolerance,
                            upper=gate.coverage + gate.coverage_tolerance,
                        ),
                    ),
                    "mse_kw2": _on([_EVERYTHING], _at_most_above_baseline(gate.baseline_tolerance)),
                },
            )
        ],
    )


_EVERYTHING = config_pb2.SlicingSpec()
_SLICING = [config_pb2.SlicingSpec(feature_keys=[feature]) for feature in SLICES]


def _on(
    slices: list[config_pb2.SlicingSpec], threshold: config_pb2.MetricThreshold
) -> config_pb2.PerSliceMetricThresholds:
    # Not MetricsSpec.thresholds: TFMA applies those to every slice, not only to the whole.
    return config_pb2.PerSliceMetricThresholds(
        thresholds=[config_pb2.PerSliceMetricThreshold(slicing_specs=slices, threshold=threshold)]
    )


def _between(*, lower: float | None = None, upper: float) -> config_pb2.MetricThreshold:
    bounds = {"upper_bound": {"value": upper}}
    if lower is not None:
        bounds["lower_bound"] = {"value": lower}
    return config_pb2.MetricThreshold(value_threshold=config_pb2.GenericValueThreshold(**bounds))


def _at_most_above_baseline(share: float) -> config_pb2.MetricThreshold:
    return config_pb2.MetricThreshold(
        change_threshold=config_pb2.GenericChangeThreshold(
            relative={"value": share}, direction=config_pb2.MetricDirection.LOWER_IS_BETTER
        )
    )
