"""What a search tries, as one task or as many, and what is found among their trials."""

import itertools

import pytest

from modules.config import TrainerConfig
from modules.search import FAMILY, grid_of, select, trials_of
from modules.tuning import GridTuner
from tests.support.settings import trainer_config
from tfx_pipeline.training_record import TrialRecord

LSTM = {"family": "lstm"}


def record(values, score=None) -> TrialRecord:
    score = values["units"] + values["dropout"] if score is None else score
    made = {"learning_rate": 2e-3, **values}
    return TrialRecord(hyperparameters=made, steps=10, seconds=1.0, progress=(), score=score)


def test_each_task_makes_one_trial_of_the_grid():
    config = trainer_config(model=LSTM)
    trials = trials_of(config)
    assert [trial.trial for trial in trials] == [
        {"units": units, "dropout": dropout}
        for units, dropout in itertools.product([20, 40], [0.0, 0.2])
    ]
    for trial in trials:
        sent = TrainerConfig.model_validate(trial.model_dump(mode="json"))
        assert grid_of(sent) == {
            FAMILY: ["lstm"],
            **{name: [value] for name, value in trial.trial.items()},
        }


def test_what_is_set_is_no_further_trial():
    trials = trials_of(trainer_config(model={**LSTM, "dropout": 0.5}))
    assert [trial.trial for trial in trials] == [
        {"units": 20, "dropout": 0.5},
        {"units": 40, "dropout": 0.5},
    ]


def test_how_many_trials_one_process_would_make_at_a_time_changes_no_task():
    one, two = (trainer_config(tuner={"parallel_trials": count}) for count in (1, 2))
    assert trials_of(one) == trials_of(two)


@pytest.mark.parametrize("scores", [[4.0, 3.0, 2.0, 3.0], [1.0, 1.0, 1.0, 1.0]])
def test_the_best_of_the_tasks_is_that_of_one_search(tmp_path, scores):
    config = trainer_config(model=LSTM)
    records = [
        record(trial.trial, score) for trial, score in zip(trials_of(config), scores, strict=True)
    ]

    def run(values):
        return next(
            one
            for one in records
            if {**one.hyperparameters, **values} == {**one.hyperparameters, FAMILY: "lstm"}
        )

    search = GridTuner(run, grid_of(config), 2, tmp_path / "search")
    search.search()
    found = select(config, reversed(records), str(tmp_path))
    assert found.records == search.records == records
    for tuner in (found, search):
        best = tuner.get_best_hyperparameters()[0].values
        assert best == {FAMILY: "lstm", **trials_of(config)[scores.index(min(scores))].trial}
    trials = [tuner.oracle.get_best_trials(4) for tuner in (found, search)]
    assert [trial.trial_id for trial in trials[0]] == [trial.trial_id for trial in trials[1]]
