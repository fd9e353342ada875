"""What the Tuner and the Trainer get: what is refused, and what follows from it."""

import pytest
from pydantic import ValidationError

from modules.config import Budget, TrainerConfig
from tests.support.settings import trainer_config
from tfx_pipeline.data.contract import Windowing

HALF_HOURS = Windowing(window=50, horizon=5, origins=30)


def test_it_travels_as_json():
    config = trainer_config(seed=3, search_dir="somewhere")
    assert TrainerConfig.model_validate_json(config.model_dump_json()) == config
    assert TrainerConfig.model_validate(config.model_dump()) == config


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stepps": 3}, "stepps"),
        ({"tuner": {"trials": 3}}, "tuner.trials"),
        ({"model": {"family": "gru"}}, "'mlp', 'cnn' or 'lstm'"),
        ({"model": {"batch": 0}}, "model.batch"),
        ({"model": {"stride": 7}}, "divide windowing.origins .60.: 1, 2, 3, 4, 5, 6, 10, 12, 15"),
        ({"model": {"stride": 120}}, "model.stride .120. must divide"),
        ({"model": {"batch": 64}}, "model.batch .64. must be a multiple of 15"),
        ({"windowing": HALF_HOURS, "model": {"stride": 4}}, "origins .30.: 1, 2, 3, 5, 6, 10"),
    ],
)
def test_what_cannot_be_is_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        trainer_config(**changes)


def test_a_batch_spreads_over_segments():
    assert trainer_config(model={"batch": 480, "stride": 4}).segments == 32
    assert trainer_config(windowing=HALF_HOURS, model={"batch": 60, "stride": 2}).segments == 4


def test_training_ends_with_its_steps_or_its_epochs():
    assert Budget(steps=100, epochs=10).batches(windows=6400, batch=64) == 100
    assert Budget(steps=100, epochs=10).batches(windows=320, batch=64) == 50
