"""The sums behind the gate, against plain loops."""

import math

import numpy as np
import pytest

from tfx_pipeline.data.contract import Windowing
from tfx_pipeline.evaluation import metrics

WINDOWING = Windowing(window=4, horizon=3, origins=5)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def _predictions(rng: np.random.Generator) -> dict[str, np.ndarray]:
    low, middle, high = np.sort(rng.normal(size=(3, WINDOWING.origins, WINDOWING.horizon)), axis=0)
    mean = rng.normal(size=low.shape)
    return {
        name: value.astype(np.float32)
        for name, value in {"mean": mean, "p10": low, "p50": middle, "p90": high}.items()
    }


def _series(rng: np.random.Generator, missing: float) -> np.ndarray:
    target = rng.normal(size=WINDOWING.minutes).astype(np.float32)
    target[rng.random(target.size) < missing] = np.nan
    return target


@pytest.mark.parametrize("missing", [0.0, 0.3, 0.7])
def test_sums_equal_a_plain_loop_over_origins_and_minutes(
    rng: np.random.Generator, missing: float
) -> None:
    target = _series(rng, missing)
    weight = np.array([1, 0, 1, 1, 1], np.float32)
    predictions = _predictions(rng)
    expected = np.zeros((8, WINDOWING.horizon))
    for origin in range(WINDOWING.origins):
        seen = [v for v in target[origin : origin + WINDOWING.window] if not math.isnan(v)]
        judged = [
            ahead
            for ahead in range(WINDOWING.horizon)
            if weight[origin] and seen and not math.isnan(target[origin + WINDOWING.window + ahead])
        ]
        for ahead in judged:
            label = float(target[origin + WINDOWING.window + ahead])
            mean, p10, p50, p90 = (
                float(predictions[name][origin, ahead]) for name in ("mean", "p10", "p50", "p90")
            )
            expected[1:, ahead] += (
                1,
                mean - label,
                (mean - label) ** 2,
                abs(p50 - label),
                p10 <= label <= p90,
                (float(seen[-1]) - label) ** 2,
                abs(float(seen[-1]) - label),
            )
        expected[0] += bool(judged)

    sums = metrics.error_sums(target, weight, predictions, WINDOWING)

    np.testing.assert_allclose(sums, expected, rtol=1e-5)


def test_persistence_holds_the_last_observed_value_of_the_window_only() -> None:
    nan = np.nan
    target = np.array([1, nan, nan, nan, nan, 6, nan, 8, nan, nan, nan], np.float32)
    np.testing.assert_array_equal(metrics.last_observed(target, WINDOWING), [1, nan, 6, 6, 8])


def test_what_is_not_judged_may_be_anything(rng: np.random.Generator) -> None:
    target, predictions = _series(rng, 0.0), _predictions(rng)
    weight = np.array([1, 0, 1, 1, 1], np.float32)
    before = metrics.error_sums(target, weight, predictions, WINDOWING)
    for name in predictions:
        predictions[name][1] = np.nan
    np.testing.assert_array_equal(
        metrics.error_sums(target, weight, predictions, WINDOWING), before
    )


@pytest.mark.parametrize("output", ["mean", "p10", "p50", "p90"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_one_output_that_is_not_a_number_spoils_the_mse(
    rng: np.random.Generator, output: str, value: float
) -> None:
    predictions = _predictions(rng)
    predictions[output][2, 0] = value
    sums = metrics.error_sums(_series(rng, 0.0), np.ones(5), predictions, WINDOWING)
    values = metrics.summarize(sums, min_forecasts=1)
    assert not math.isfinite(values["mse_kw2"])
    assert not values["mse_ratio"] <= 1e9


def test_summary_of_known_sums() -> None:
    sums = np.zeros((8, 2))
    sums[metrics.FORECASTS] = 4
    sums[metrics.LABELS] = [4, 2]
    sums[metrics.ERROR] = [2, -1]
    sums[metrics.SQUARED] = [4, 4]
    sums[metrics.ABSOLUTE] = [2, 2]
    sums[metrics.INSIDE] = [3, 2]
    sums[metrics.HELD_SQUARED] = [8, 8]
    sums[metrics.HELD_ABSOLUTE] = [4, 2]

    values = metrics.summarize(sums, min_forecasts=4)

    assert values["minute_1_mse_kw2"] == 1.0
    assert values["minute_2_mse_kw2"] == 2.0
    assert values["mse_kw2"] == 1.5
    assert values["mse_ratio"] == values["judged_mse_ratio"] == 0.5
    assert values["mae_ratio"] == pytest.approx(1.5 / 2.0)
    assert values["coverage_p10_p90"] == pytest.approx(0.875)
    assert values["bias_kw"] == 0.0
    assert values["forecasts"] == 4.0
    assert metrics.summarize(sums, min_forecasts=5)["judged_mse_ratio"] == 0.0


def test_nothing_judged_is_nan_not_a_pass() -> None:
    values = metrics.summarize(np.zeros((8, 3)), min_forecasts=1)
    assert values["forecasts"] == 0.0
    assert math.isnan(values["mse_ratio"])
    assert math.isnan(values["coverage_p10_p90"])


def test_every_declared_metric_is_produced() -> None:
    metric = metrics.ForecastMetrics(windowing=WINDOWING.model_dump(), min_forecasts=1)
    candidate, baseline = metric.computations(model_names=["candidate", "baseline"])
    assert {key.model_name for key in baseline.keys} == {"baseline"}
    produced = candidate.combiner.extract_output(candidate.combiner.create_accumulator())
    assert set(produced) == set(candidate.keys)
