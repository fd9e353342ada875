"""The search over a grid."""

import threading

import pytest

from modules.tuning import GridTuner, digest
from tfx_pipeline.training_record import Progress, TrialRecord

GRID = {"units": [20, 40], "dropout": [0.0, 0.2]}
ALL = {(20, 0.0), (20, 0.2), (40, 0.0), (40, 0.2)}


def score(values) -> TrialRecord:
    return TrialRecord(
        hyperparameters=dict(values),
        steps=10,
        seconds=0.5,
        progress=(Progress(step=10, loss=1.0, eval_mse=0.1, eval_mae=0.2),),
        score=values["units"] + values["dropout"],
    )


@pytest.mark.parametrize("parallel_trials", [1, 3])
def test_every_combination_is_tried_once_and_the_best_is_found(tmp_path, parallel_trials):
    tried = []

    def run(values):
        tried.append((values["units"], values["dropout"]))
        return score(values)

    tuner = GridTuner(run, GRID, parallel_trials, tmp_path / "search")
    tuner.search()
    assert len(tried) == 4
    assert set(tried) == ALL
    assert tuner.get_best_hyperparameters()[0].values == {"units": 20, "dropout": 0.0}
    assert len(tuner.oracle.get_best_trials(tuner.oracle.max_trials)) == 4
    assert [record.hyperparameters for record in tuner.records] == [
        {"units": units, "dropout": dropout} for units, dropout in sorted(ALL)
    ]


def test_trials_run_at_the_same_time(tmp_path):
    together = threading.Barrier(2, timeout=30)

    def run(values):
        together.wait()
        return score(values)

    GridTuner(run, GRID, 2, tmp_path / "search").search()


def test_an_interrupted_search_goes_on_where_it_was(tmp_path):
    tried = []

    def run(values):
        if len(tried) == 2:
            raise KeyboardInterrupt
        tried.append(values)
        return score(values)

    with pytest.raises(KeyboardInterrupt):
        GridTuner(run, GRID, 1, tmp_path / "search").search()
    first = [(values["units"], values["dropout"]) for values in tried]

    tried.clear()
    tuner = GridTuner(
        lambda values: tried.append(values) or score(values), GRID, 1, tmp_path / "search"
    )
    tuner.search()
    rest = {(values["units"], values["dropout"]) for values in tried}
    assert len(rest) == len(tried) == 2
    assert rest | set(first) == ALL
    assert tuner.records == [score({"units": u, "dropout": d}) for u, d in sorted(ALL)]
    assert tuner.get_best_hyperparameters()[0].values == {"units": 20, "dropout": 0.0}


def test_a_fit_that_ran_away_is_never_the_best(tmp_path):
    def run(values):
        ran_away = {"score": None} if values["units"] == 20 else {}
        return score(values).model_copy(update=ran_away)

    tuner = GridTuner(run, GRID, 1, tmp_path / "search")
    tuner.search()
    assert tuner.get_best_hyperparameters()[0].values == {"units": 40, "dropout": 0.0}
    assert [record.score for record in tuner.records] == [None, None, 40.0, 40.2]


def test_a_finished_search_leaves_nothing_behind(tmp_path):
    GridTuner(score, GRID, 1, tmp_path / "search").search()
    assert not (tmp_path / "search").exists()


def test_a_failing_trial_says_why(tmp_path):
    def run(values):
        raise ZeroDivisionError("no data")

    with pytest.raises(ZeroDivisionError, match="no data"):
        GridTuner(run, GRID, 1, tmp_path / "search").search()


def test_a_digest_is_of_the_value():
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})
