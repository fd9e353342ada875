"""Labels and persistence from the raw series, and the metrics by their names."""

import math

import numpy as np
import pytest

from tests.support.settings import SERIES
from tfx_pipeline.data.contract import Windowing
from tfx_pipeline.evaluation import metrics
from tfx_pipeline.evaluation.results import Scores, StepScores
from tfx_pipeline.evaluation.rules import RULES
from tfx_pipeline.model_contract import OUTPUTS
from tfx_pipeline.scoring import ErrorSums, error_sums

WINDOWING = Windowing(window=4, horizon=3, origins=5)


@pytest.mark.parametrize("missing", [0.0, 0.3, 0.7])
def test_labels_and_persistence_equal_a_plain_loop(missing: float) -> None:
    rng = np.random.default_rng(1)
    target = rng.normal(size=WINDOWING.length).astype(np.float32)
    target[rng.random(target.size) < missing] = np.nan
    labels = metrics.labels_ahead(target, WINDOWING)
    last = metrics.persistence(target, WINDOWING)
    assert labels.shape == (WINDOWING.origins, WINDOWING.horizon)
    for origin in range(WINDOWING.origins):
        seen = [v for v in target[origin : origin + WINDOWING.window] if not math.isnan(v)]
        np.testing.assert_equal(last[origin], seen[-1] if seen else np.nan)
        start = origin + WINDOWING.window
        np.testing.assert_equal(labels[origin], target[start : start + WINDOWING.horizon])


def test_persistence_holds_the_last_observation_of_the_window_only() -> None:
    nan = np.nan
    target = np.array([1, nan, nan, nan, nan, 6, nan, 8, nan, nan, nan], np.float32)
    np.testing.assert_array_equal(metrics.persistence(target, WINDOWING), [1, nan, 6, 6, 8])


def _sums() -> ErrorSums:
    rng = np.random.default_rng(1)
    labels = rng.normal(size=(8, 2))
    forecast = {name: rng.normal(size=(8, 2)) for name in OUTPUTS}
    return error_sums(labels, rng.normal(size=8), np.arange(8) > 1, forecast)


def test_metrics_are_named_by_step_and_without_one_for_the_whole() -> None:
    sums = _sums()
    values = metrics.summarize(sums, min_slice_forecasts=6)
    assert values["step_1_mse"] == sums.mse[0]
    assert values["step_2_naive_mae"] == sums.naive_mae[1]
    assert values["mse"] == pytest.approx(sums.mse.mean())
    assert values["mse_ratio"] == values["eligible_mse_ratio"] == sums.mse_ratio
    assert values["bias"] == pytest.approx(sums.bias.mean())
    assert values["origins"] == values["forecasts"] == 6.0


def test_a_small_slice_is_not_eligible() -> None:
    assert metrics.summarize(_sums(), min_slice_forecasts=7)["eligible_mse_ratio"] == 0.0


def test_nothing_scored_is_nan_not_a_pass() -> None:
    values = metrics.summarize(ErrorSums.of_nothing(3), min_slice_forecasts=1)
    assert values["forecasts"] == 0.0
    assert math.isnan(values["mse_ratio"])
    assert math.isnan(values["coverage_p10_p90"])


def test_every_declared_metric_is_produced() -> None:
    metric = metrics.ForecastMetrics(
        series=SERIES.model_dump(mode="json"),
        windowing=WINDOWING.model_dump(),
        min_slice_forecasts=1,
    )
    candidate, baseline = metric.computations(model_names=["candidate", "baseline"])
    assert {key.model_name for key in baseline.keys} == {"baseline"}
    produced = candidate.combiner.extract_output(candidate.combiner.create_accumulator())
    assert set(produced) == set(candidate.keys)


def test_what_is_reported_and_what_the_rules_bound_is_measured() -> None:
    measured = set(metrics.summarize(ErrorSums.of_nothing(3), min_slice_forecasts=1))
    assert set(Scores.model_fields) <= measured
    assert set(StepScores.model_fields) - {"step"} == set(metrics.PER_STEP)
    assert {rule.metric for rule in RULES} <= measured
