"""What the Tuner and the Trainer get: what is refused, and what follows from it."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from modules.config import Budget, TrainerConfig
from tests.support.settings import trainer_config
from tfx_pipeline.data.contract import Windowing


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
        ({"model": {"stride": 0}}, "model.stride"),
        ({"model": {"dropout": 1}}, "model.dropout"),
    ],
)
def test_what_cannot_be_is_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        trainer_config(**changes)


@pytest.mark.parametrize(
    ("origins", "batch", "stride", "taken"),
    [
        (60, 480, 4, (480, 4, 32)),  # the default
        (60, 64, 15, (64, 15, 16)),
        (24, 120, 2, (120, 2, 10)),
        (96, 120, 4, (120, 4, 5)),
        (31, 480, 4, (476, 4, 68)),
        (168, 480, 4, (462, 4, 11)),
        (1440, 64, 4, (62, 23, 1)),
        (3, 480, 4, (480, 3, 480)),
    ],
)
def test_a_batch_holds_the_windows_of_whole_segments(origins, batch, stride, taken):
    shape = Windowing(window=50, horizon=5, origins=origins)
    config = trainer_config(windowing=shape, model={"batch": batch, "stride": stride})
    assert (config.batch, config.stride, config.segments) == taken


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 10_080), st.integers(1, 2000), st.integers(1, 200))
def test_any_number_of_origins_makes_batches(origins, batch, stride):
    shape = Windowing(window=50, horizon=5, origins=origins)
    config = trainer_config(windowing=shape, model={"batch": batch, "stride": stride})
    assert batch / 2 < config.batch <= batch
    assert config.stride >= min(stride, origins)
    if origins % stride == 0 and batch % (origins // stride) == 0:
        assert (config.batch, config.stride) == (batch, stride)


def test_training_ends_with_its_steps_or_its_epochs():
    assert Budget(steps=100, epochs=10).batches(windows=6400, batch=64) == 100
    assert Budget(steps=100, epochs=10).batches(windows=320, batch=64) == 50


@pytest.mark.parametrize(("steps", "epochs", "batch"), [(100, 10, 64), (100, 3, 64), (7, 5, 1)])
def test_enough_windows_are_just_enough(steps, epochs, batch):
    budget = Budget(steps=steps, epochs=epochs)
    enough = budget.enough(batch)
    assert budget.batches(enough, batch) == budget.batches(10 * enough, batch) == steps
    assert budget.batches(enough - math.ceil(batch / epochs), batch) < steps


def test_a_dropout_that_is_set_is_a_hyperparameter():
    assert trainer_config().model.hyperparameters == {}
    assert trainer_config(model={"dropout": 0}).model.hyperparameters == {"dropout": 0.0}
