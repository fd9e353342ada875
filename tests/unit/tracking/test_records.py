"""A summary becomes records: names, values, steps and times."""

import pytest

from tests.support.summary import evaluation, run_summary
from tests.support.tracking import BEGAN, SLICE, node, tracked
from tfx_pipeline.evaluation.results import Scores
from tfx_pipeline.tracking.records import of_fits, of_run

SCORES = Scores(mse=0.05, mae=0.07, mse_ratio=1.1, mae_ratio=1.0, coverage_p10_p90=0.8, bias=0.0)


def values(record, key):
    return {one.step: one.value for one in record.figures if one.key == key}


def test_parameters_are_texts_with_the_name_of_their_part():
    params = of_run(tracked(), BEGAN).params
    expected = {
        "profile": "default",
        "settings.windowing.window": "50",
        "hyperparameters.units": "256",
        "data.first": "2006-12-16 17:24",
        "schema": "5c4e",
        "code": "c0de",
        "commit": "abc123+",
        "packages.tensorflow": "2.21.0",
    }
    assert params.items() >= expected.items()
    assert "settings.model.dropout" not in params, "what is null is not logged"


def test_errors_are_logged_by_step_ahead_with_the_naive_ones_beside_them():
    record = of_run(tracked(), BEGAN)
    assert values(record, "mse") == {0: 0.04}
    assert values(record, "ahead/mse") == {1: 0.04, 2: 0.04}
    assert values(record, "ahead/naive_mse") == {1: 0.05, 2: 0.05}
    assert values(record, "ahead/persistence_mae") == {1: 0.07, 2: 0.07}


def test_slices_have_names_that_are_keys():
    record = of_run(tracked(), BEGAN)
    assert values(record, "slice/group night_day/mse_ratio") == {0: SLICE.mse_ratio}
    assert values(record, "slice/group night_day/mae_ratio") == {}, "not computed"


def test_the_baseline_is_logged():
    compared = tracked(evaluation=evaluation(baseline=SCORES))
    assert values(of_run(compared, BEGAN), "baseline/mse") == {0: 0.05}


def test_a_figure_that_is_none_or_no_number_is_left_out():
    broken = tracked(evaluation=evaluation(mse=float("nan"), mae=None))
    keys = {one.key for one in of_run(broken, BEGAN).figures}
    assert not {"mse", "mae", "blessed"} & keys
    assert "mse_ratio" in keys


def test_a_run_has_its_times_and_the_reasons_of_the_gate():
    record = of_run(tracked(pushed_version="17"), BEGAN)
    assert (record.start, record.end) == (1_789_999_987_750, 1_790_000_000_250)
    assert record.tags["household_power.version"] == "17"
    assert record.tags["household_power.blessed"] == "true"
    assert "- coverage is off: failed" in record.tags["mlflow.note.content"]


def test_a_failed_run_is_told_with_its_cause():
    record = of_run(tracked(state="failed", error="the disk is full"), BEGAN)
    assert record.failed
    assert record.tags["mlflow.note.content"].startswith("- the disk is full")


def test_each_trial_and_the_fit_have_a_record_of_their_own():
    records = of_fits(tracked(), BEGAN)
    assert [one.name for one in records] == ["trial 1", "trial 2", "fit"]
    assert len({one.key for one in records}) == 3
    first = records[0]
    assert first.params == {
        "hyperparameters.units": "256",
        "hyperparameters.learning_rate": "0.002",
    }
    assert values(first, "score") == {0: 0.9}
    assert values(first, "loss") == {10: 0.5, 20: 0.25}
    assert values(first, "eval_mse") == {10: 0.06}
    assert values(records[2], "score") == {}


def test_a_curve_is_spread_over_the_time_of_its_fit():
    [*_, record] = of_fits(tracked(), BEGAN)
    assert (record.start, record.end) == (1_789_999_993_750, 1_789_999_997_750)
    assert [one.at for one in record.figures if one.key == "loss"] == [
        1_789_999_995_750,
        1_789_999_997_750,
    ]


@pytest.mark.parametrize("state", ["cached", "failed", "not run"])
def test_what_was_not_done_in_this_run_is_not_logged(state):
    summary = tracked(nodes=(node("Tuner", 1.0, state), node("Trainer", 6.0, state)))
    assert of_fits(summary, BEGAN) == ()


def test_a_summary_of_an_earlier_release_has_a_record():
    record = of_run(run_summary(evaluation=None, serving_check=None, data=None), BEGAN)
    assert record.params == {"profile": "default", "hyperparameters.units": "256"}
    assert of_fits(run_summary(), BEGAN) == ()
