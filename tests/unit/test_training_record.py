"""The records of fits: read back as they were written, and strict."""

import math

import pytest
from pydantic import ValidationError

from tfx_pipeline.training_record import (
    FitRecord,
    Progress,
    TrialRecord,
    trials_from_json,
    trials_to_json,
)

PROGRESS = Progress(step=50, loss=2.5, eval_mse=0.1, eval_mae=0.2)
FIT = FitRecord(
    hyperparameters={"units": 256, "dropout": 0.05}, steps=50, seconds=1.25, progress=(PROGRESS,)
)


def test_a_record_is_read_back_as_it_was_written():
    assert FitRecord.model_validate_json(FIT.model_dump_json()) == FIT


def test_trials_keep_their_order():
    trials = tuple(TrialRecord(**dict(FIT), score=score) for score in (0.9, 0.7, 0.8))
    assert trials_from_json(trials_to_json(trials)) == trials


def test_what_is_not_a_number_is_null():
    trial = TrialRecord(**dict(FIT), score=math.nan)
    assert trial.score is None
    assert trials_from_json(trials_to_json([trial])) == (trial,)


def test_a_field_of_a_later_release_is_ignored():
    later = FIT.model_dump_json().replace('{"hyper', '{"device":"GPU","hyper', 1)
    assert FitRecord.model_validate_json(later) == FIT


@pytest.mark.parametrize("wrong", ["step", "loss"])
def test_a_figure_is_a_number(wrong):
    with pytest.raises(ValidationError, match=wrong):
        Progress.model_validate(PROGRESS.model_dump() | {wrong: "50"})
