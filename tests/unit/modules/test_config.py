"""Knobs from custom_config."""

import pytest

from modules.config import Budget, TrainerConfig
from tfx_pipeline.data.contract import Windowing


def test_what_is_left_out_has_defaults():
    assert TrainerConfig.from_custom_config(None) == TrainerConfig()


def test_sections_are_read():
    config = TrainerConfig.from_custom_config(
        {
            "windowing": {"window": 30, "horizon": 3, "origins": 20},
            "family": "lstm",
            "tuner": {"parallel_trials": 2, "epochs": 10},
        }
    )
    assert config.windowing == Windowing(30, 3, 20)
    assert config.family == "lstm"
    assert config.tuner.parallel_trials == 2
    assert config.tuner.budget == Budget(config.tuner.steps, 10)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"stepps": 3}, "custom_config: unknown stepps; there are windowing"),
        ({"tuner": {"trials": 3}}, r"custom_config\['tuner'\]: unknown trials"),
        ({"family": "gru"}, "family: no 'gru'; there are cnn, lstm, mlp"),
        ({"batch": 0}, "batch must be at least 1"),
    ],
)
def test_mistakes_are_named(values, message):
    with pytest.raises(ValueError, match=message):
        TrainerConfig.from_custom_config(values)


def test_a_batch_spreads_over_segments():
    config = TrainerConfig(batch=480, stride=4)
    assert (config.phase_stride, config.segments) == (4, 32)
    hourly = TrainerConfig(windowing=Windowing(50, 5, 30), batch=64, stride=4)
    assert (hourly.phase_stride, hourly.segments) == (2, 4)


def test_training_ends_with_its_steps_or_its_epochs():
    assert Budget(steps=100, epochs=10).batches(windows=6400, batch=64) == 100
    assert Budget(steps=100, epochs=10).batches(windows=320, batch=64) == 50
