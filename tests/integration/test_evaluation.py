"""The Evaluator with our metrics and rules: what it blesses, what it refuses, and why."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types import standard_artifacts
from tfx.utils import proto_utils
from tfx_kubeflow.storage.served_versions import digest

from tests.support.model import save_model, segments, write_split
from tests.support.settings import SERIES, TARGET, WINDOWING, gate_settings
from tfx_pipeline.components.evaluator import executor as evaluator
from tfx_pipeline.components.evaluator.executor import Executor
from tfx_pipeline.data.contract import Windowing
from tfx_pipeline.evaluation.config import EXTRACTORS_MODULE, eval_config
from tfx_pipeline.evaluation.decision import read_evaluation
from tfx_pipeline.evaluation.excerpts import EXCERPTS_FILE, Excerpts
from tfx_pipeline.evaluation.results import (
    EVALUATION_FILE,
    SCORES_PROPERTY,
    VERDICTS_PROPERTY,
    Evaluation,
    Verdict,
)
from tfx_pipeline.series.spec import SeriesSpec

pytestmark = pytest.mark.integration

BOUNDS = {"min_time": "PT7H", "min_slice_time": "PT2H", "coverage_tolerance": 0.1}
HALF_HOURS = SERIES.model_copy(update={"cadence": timedelta(minutes=30), "zone": "Europe/London"})
DAY_AHEAD = Windowing(window=48, horizon=48, origins=48)
BY_GROUP = SERIES.model_copy(update={"group": "tariff"})
GOOD = {"pull": 0.3, "band": 0.55}
"""Examples revert to 1 kW, so pulling the last value there beats persistence."""


@dataclass
class Result:
    """What one evaluation left behind."""

    evaluation: Evaluation
    blessed: bool

    def reason(self, text: str) -> str:
        """The one reason that contains `text`."""
        (found,) = (reason for reason in self.evaluation.reasons if text in reason)
        return found


Evaluate = Callable[..., Result]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Gives the URI of a model of these parameters, saved once."""
    saved: dict[str, Path] = {}

    def get(series: SeriesSpec, windowing: Windowing, **parameters: float) -> Path:
        key = json.dumps([parameters, windowing.model_dump(), series.names], sort_keys=True)
        if key not in saved:
            saved[key] = tmp_path_factory.mktemp("model")
            save_model(saved[key] / "Format-Serving", windowing, series, **parameters)
        return saved[key]

    return get


@pytest.fixture
def evaluate(tmp_path: Path, models: Callable[..., Path]) -> Evaluate:
    """Runs the Evaluator's executor on a split `test`."""

    def run(
        examples: list[tf.train.Example],
        candidate: dict[str, float],
        baseline: dict[str, float] | None = None,
        series: SeriesSpec = SERIES,
        windowing: Windowing = WINDOWING,
        **bounds: float | str,
    ) -> Result:
        write_split(tmp_path / "examples", "test", examples)
        inputs = {
            "examples": [_examples(tmp_path / "examples")],
            "model": [
                _artifact(standard_artifacts.Model, models(series, windowing, **candidate), 2)
            ],
        }
        if baseline is not None:
            inputs["baseline_model"] = [
                _artifact(standard_artifacts.Model, models(series, windowing, **baseline), 1)
            ]
        outputs = {
            "evaluation": [_artifact(standard_artifacts.ModelEvaluation, tmp_path / "out", 3)],
            "blessing": [_artifact(standard_artifacts.ModelBlessing, tmp_path / "blessing", 4)],
        }
        config = eval_config(series, windowing, gate_settings(**(BOUNDS | bounds)))
        context = BaseBeamExecutor.Context(
            beam_pipeline_args=[
                "--direct_running_mode=in_memory",
                # Set, it keeps TFX from packing itself for remote workers, which takes seconds.
                "--sdk_container_image=unused",
            ],
            tmp_dir=str(tmp_path / "tmp"),
            unique_id="1",
        )
        properties = {
            "eval_config": proto_utils.proto_to_json(config),
            "example_splits": json.dumps(["test"]),
            "module_path": EXTRACTORS_MODULE,
        }
        Executor(context).Do(inputs, outputs, properties)
        blessing = outputs["blessing"][0]
        result = Result(
            read_evaluation(tmp_path / "out"), bool(blessing.get_int_custom_property("blessed"))
        )
        evaluated = digest(str(models(series, windowing, **candidate) / "Format-Serving"))
        assert blessing.get_string_custom_property("current_model_digest") == evaluated
        kept = Evaluation.model_validate_json((tmp_path / "out" / EVALUATION_FILE).read_bytes())
        assert kept == result.evaluation
        verdicts = json.loads(blessing.get_string_custom_property(VERDICTS_PROPERTY))
        assert [Verdict(**one) for one in verdicts] == list(result.evaluation.verdicts)
        scores = json.loads(outputs["evaluation"][0].get_string_custom_property(SCORES_PROPERTY))
        assert scores["mse_ratio"] == result.evaluation.mse_ratio
        assert result.evaluation.blessed == result.blessed == (not _failed(result))
        text = result.evaluation.model_dump_json()
        assert Evaluation.model_validate_json(text) == result.evaluation
        return result

    return run


def _artifact(kind: type, uri: Path, number: int) -> Any:
    artifact = kind()
    artifact.uri = str(uri)
    artifact.id = number
    return artifact


def _examples(folder: Path) -> Any:
    artifact = _artifact(standard_artifacts.Examples, folder, 9)
    artifact.split_names = '["test"]'
    artifact.set_string_custom_property("payload_format", "FORMAT_TF_EXAMPLE")
    return artifact


def _failed(result: Result) -> list[str]:
    return [reason for reason in result.evaluation.reasons if reason.endswith("failed")]


def test_a_better_model_without_a_baseline_is_blessed(evaluate: Evaluate) -> None:
    examples = segments(96, WINDOWING)
    result = evaluate(examples, GOOD)

    assert result.blessed
    assert result.evaluation.origins == result.evaluation.forecasts == 96 * 60
    assert result.evaluation.baseline is None
    assert not _failed(result)
    assert result.reason("no baseline model").endswith("not applied")
    assert [row.step for row in result.evaluation.per_step] == [1, 2, 3, 4, 5]
    names = [row.slice for row in result.evaluation.slices]
    assert names == [f"hour {hour}" for hour in range(24)] + ["weekdays", "weekends"]
    assert sum(row.forecasts for row in result.evaluation.slices[:24]) == 96 * 60
    assert result.evaluation.mse_ratio == pytest.approx(_ratio_by_hand(examples, 0.3), rel=1e-5)


def _ratio_by_hand(examples: list[tf.train.Example], pull: float) -> float:
    """MSE of the model over persistence's, straight from the Examples' target series."""
    errors = np.zeros((2, WINDOWING.horizon))
    counts = np.zeros(WINDOWING.horizon)
    for example in examples:
        series = np.array(example.features.feature[TARGET].float_list.value)
        for origin in range(WINDOWING.origins):
            window = series[origin : origin + WINDOWING.window]
            last = window[~np.isnan(window)][-1]
            labels = series[origin + WINDOWING.window :][: WINDOWING.horizon]
            own = last + pull * (1.0 - last)
            errors[0] += np.nan_to_num((own - labels) ** 2)
            errors[1] += np.nan_to_num((last - labels) ** 2)
            counts += ~np.isnan(labels)
    model, persistence = (errors / counts).mean(axis=1)
    return float(model / persistence)


def test_persistence_itself_is_refused(evaluate: Evaluate) -> None:
    result = evaluate(segments(24, WINDOWING), {"pull": 0.0, "band": 0.6})
    assert not result.blessed
    assert _failed(result) == [
        "MSE is 1.000 of the best naive forecast's, must be at most 0.95: failed",
        "MAE is 1.000 of the best naive forecast's, must be at most 0.98: failed",
    ]
    assert result.evaluation.best_naive == "persistence at every step"


def test_a_median_no_better_than_persistence_is_refused(evaluate: Evaluate) -> None:
    result = evaluate(segments(24, WINDOWING), GOOD | {"median_pull": 0.0})
    assert result.evaluation.mse_ratio < 0.95
    assert _failed(result) == [
        "MAE is 1.000 of the best naive forecast's, must be at most 0.98: failed"
    ]


def test_too_little_data_is_refused_however_good_the_model(evaluate: Evaluate) -> None:
    result = evaluate(segments(24, WINDOWING), GOOD, min_time="PT25H")
    assert not result.blessed
    assert _failed(result) == ["Forecasts of 24 hours were scored, must be at least 25: failed"]


def test_forecasts_without_a_label_are_counted_apart(evaluate: Evaluate) -> None:
    examples = segments(24, WINDOWING)
    target = examples[3].features.feature[TARGET].float_list.value
    first = WINDOWING.window + 20
    gap = slice(first, first + 12)  # minutes: from 8 origins none of 5 ahead was observed
    target[gap] = [float("nan")] * 12
    result = evaluate(examples, GOOD)
    assert (result.evaluation.origins, result.evaluation.forecasts) == (24 * 60, 24 * 60 - 8)


def test_a_band_that_misses_is_refused(evaluate: Evaluate) -> None:
    result = evaluate(segments(24, WINDOWING), {"pull": 0.3, "band": 0.1})
    assert not result.blessed
    (reason,) = _failed(result)
    assert "P10..P90 covers" in reason
    assert "must be 0.7 to 0.9" in reason


def test_a_model_that_gives_nan_is_refused_in_words(evaluate: Evaluate) -> None:
    result = evaluate(segments(24, WINDOWING), {"pull": 0.3, "offset": float("nan")})
    assert not result.blessed
    assert result.evaluation.mse_ratio is None
    finding = "MSE is not a number of the best naive forecast's, must be at most"
    assert result.reason(f"{finding} 0.95") == f"{finding} 0.95: failed"


def test_a_model_worse_than_the_one_before_is_refused(evaluate: Evaluate) -> None:
    result = evaluate(segments(24, WINDOWING), {"pull": 0.1, "band": 0.6}, baseline=GOOD)
    assert not result.blessed
    (reason,) = _failed(result)
    assert "of the baseline model, may be at most 2 % above" in reason
    assert result.evaluation.baseline.mse_ratio < result.evaluation.mse_ratio


def test_a_model_within_the_tolerance_of_the_one_before_is_blessed(evaluate: Evaluate) -> None:
    result = evaluate(segments(24, WINDOWING), {"pull": 0.295, "band": 0.55}, baseline=GOOD)
    assert result.blessed
    assert result.reason("baseline model").endswith("passed")


def test_one_bad_hour_is_refused_unless_it_is_too_small(evaluate: Evaluate) -> None:
    examples, hour = _with_a_bad_hour()
    result = evaluate(examples, GOOD, min_slice_time="PT1H")
    assert not result.blessed
    assert result.reason(f"hour {hour}:").endswith("must be at most 1.1: failed")


def test_small_slices_are_reported_only(evaluate: Evaluate) -> None:
    examples, hour = _with_a_bad_hour()
    result = evaluate(examples, GOOD, min_slice_time="PT3H", step_bound=1.1)
    assert result.blessed, result.evaluation.reasons
    assert result.reason(f"hour {hour}:").endswith("1 h were scored, fewer than 3 h: not applied")
    assert result.reason("eligible slices").endswith("passed")


def _with_a_bad_hour() -> tuple[list[tf.train.Example], int]:
    """A Friday evening and a Saturday, of which one hour stays where GOOD pulls away from."""
    examples = segments(24, WINDOWING)
    steady = examples[12].features.feature
    steady[TARGET].float_list.value[:] = np.tile([3.0, 3.01], WINDOWING.length // 2)
    return examples, steady["hour"].int64_list.value[0]


def test_a_missing_hour_does_not_fail(evaluate: Evaluate) -> None:
    result = evaluate(segments(20, WINDOWING), GOOD, min_slice_time="PT1H")
    assert result.blessed, result.evaluation.reasons
    assert len([row for row in result.evaluation.slices if "hour" in row.slice]) == 20


def _grouped(examples: list[tf.train.Example], groups: list[bytes]) -> list[tf.train.Example]:
    for number, example in enumerate(examples):
        group = groups[number % len(groups)]
        example.features.feature["group"].bytes_list.value.append(group)
    return examples


def test_a_bad_group_of_meters_is_refused(evaluate: Evaluate) -> None:
    examples, _ = _with_a_bad_hour()
    groups = [b"night", *[b"flat"] * 11]
    result = evaluate(
        _grouped(examples, groups), GOOD, series=BY_GROUP, min_slice_time="PT2H", slice_bound=1.0
    )
    assert not result.blessed
    (reason,) = (reason for reason in _failed(result) if "group" in reason)
    assert reason.startswith("group night: MSE is ")
    assert [row.slice for row in result.evaluation.slices][-2:] == ["group flat", "group night"]


def test_good_groups_pass_and_small_ones_are_reported_only(evaluate: Evaluate) -> None:
    examples = _grouped(segments(24, WINDOWING), [b"night", *[b"flat"] * 23])
    result = evaluate(examples, GOOD, series=BY_GROUP)
    assert result.blessed, result.evaluation.reasons
    assert result.reason("The worst of 1 eligible groups, group flat: MSE").endswith("passed")
    assert result.reason("group night: 1 h were scored, fewer than 2 h").endswith("not applied")


def test_a_day_ahead_persistence_is_no_longer_good_enough(evaluate: Evaluate) -> None:
    """Half-hours a day ahead: an example spans a day, and yesterday is the forecast to beat."""
    result = evaluate(
        segments(12, DAY_AHEAD, series=HALF_HOURS, daily=3.0, noise=0.1),
        {"pull": 0.3, "band": 3.0},
        series=HALF_HOURS,
        windowing=DAY_AHEAD,
    )
    assert not result.blessed
    evaluation = result.evaluation
    assert evaluation.best_naive == ("same time yesterday for steps 1..47, persistence for step 48")
    assert evaluation.mse_ratio > 1
    assert evaluation.per_step[23].persistence_mse > 2 * evaluation.per_step[23].naive_mse
    assert any("of 48 steps ahead, the worst" in reason for reason in _failed(result))
    names = [row.slice for row in evaluation.slices]
    assert names == [f"hour {hour}" for hour in range(24)] + ["weekdays", "weekends"]
    assert {row.forecasts for row in evaluation.slices[:24]} == {2 * 12}
    assert evaluation.hours == 12 * 24


def test_examples_that_cannot_be_sliced_are_refused_in_words(evaluate: Evaluate) -> None:
    result = evaluate(segments(24, WINDOWING), GOOD, series=BY_GROUP)
    assert not result.blessed
    assert _failed(result) == ["No example has the feature group to slice by: failed"]


def test_a_step_worse_than_the_best_naive_forecast_is_refused(evaluate: Evaluate) -> None:
    """Yesterday is a perfect forecast of one step: no model that averages out gets past it."""
    examples = segments(24, WINDOWING)
    for example in examples:
        features = example.features.feature
        target = np.array(features[TARGET].float_list.value)
        ahead = target[WINDOWING.window :]
        known = np.where(np.arange(ahead.size) % 12 == 11, ahead + 0.1, np.nan)
        features["same_time_yesterday"].float_list.value[:] = known
    result = evaluate(examples, GOOD, step_bound=0.5)
    assert not result.blessed
    assert [row.naive_mse_of for row in result.evaluation.per_step] == ["same_time_yesterday"] * 5
    assert any("of 5 steps ahead, the worst" in reason for reason in _failed(result))


def test_nothing_to_score_is_refused(evaluate: Evaluate) -> None:
    examples = segments(4, WINDOWING)
    for example in examples:
        weight = example.features.feature["weight"].float_list.value
        weight[:] = [0.0] * WINDOWING.origins
    result = evaluate(examples, GOOD)
    assert not result.blessed
    assert result.evaluation.forecasts == 0
    assert result.reason("No forecast could be scored").endswith("failed")


def test_an_empty_split_is_refused(evaluate: Evaluate) -> None:
    result = evaluate([], GOOD)
    assert not result.blessed
    assert result.evaluation.per_step == ()
    assert result.reason("No forecast could be scored").endswith("failed")


def test_a_folder_without_an_evaluation_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="Evaluator"):
        read_evaluation(tmp_path)


def test_forecasts_to_look_at_are_those_of_the_model(tmp_path: Path, evaluate: Evaluate) -> None:
    evaluate(segments(24, WINDOWING), GOOD)
    found = Excerpts.model_validate_json((tmp_path / "out" / EXCERPTS_FILE).read_bytes())
    newest = found.excerpts[0]
    (one, *_) = newest.ahead
    assert one.steps == 1
    compared = 0
    for step in range(1, len(newest.actual)):
        last, median = newest.actual[step - 1], one.p50[step]
        if last is not None and median is not None:
            assert median == pytest.approx(last + 0.3 * (1.0 - last), rel=2e-3, abs=1e-3)
            assert one.p90[step] == pytest.approx(median + 0.55, rel=2e-3, abs=1e-3)
            compared += 1
    assert compared > 500
    assert found.unit == "kW"


def test_a_model_that_cannot_be_asked_is_evaluated_all_the_same(
    tmp_path: Path,
    evaluate: Evaluate,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(evaluator, "write_excerpts", lambda *_: {}["broken"])
    assert evaluate(segments(24, WINDOWING), GOOD).evaluation.forecasts == 24 * 60
    assert "there are no forecasts to look at" in caplog.text
    assert not (tmp_path / "out" / EXCERPTS_FILE).exists()
