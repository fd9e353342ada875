"""The settings of the project's own file, and changes of them."""

from __future__ import annotations

from functools import cache
from typing import Any

from modules.config import TrainerConfig
from tfx_pipeline.data.options import DataOptions
from tfx_pipeline.evaluation.settings import GateSettings
from tfx_pipeline.settings import Settings, load_settings
from tfx_pipeline.settings_file import overlay


@cache
def defaults() -> Settings:
    """What settings.yaml holds."""
    return load_settings([])


WINDOWING = defaults().shape
SERIES = defaults().spec
MEASUREMENTS = SERIES.names
TARGET = SERIES.target.name


def data_options(**changes: Any) -> DataOptions:
    """How settings.yaml has the raw data cut, with some of it changed."""
    return DataOptions.model_validate(defaults().data_options.model_dump() | changes)


def gate_settings(**changes: Any) -> GateSettings:
    """The bounds of settings.yaml, with some of them changed."""
    return GateSettings.model_validate(defaults().gate.model_dump() | changes)


def trainer_config(**changes: Any) -> TrainerConfig:
    """What settings.yaml has trained, with some of it changed, section by section."""
    config = defaults().trainer_config.model_dump()
    return TrainerConfig.model_validate(overlay(config, changes))
