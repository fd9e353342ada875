"""Executors of the search; what they search with is a `modules.tuning.GridTuner`."""

from __future__ import annotations

from typing import Any

from tfx.components.tuner import executor
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.types import standard_component_specs as standard
from tfx.types.artifact import Artifact
from tfx.utils import json_utils

from modules.config import TrainerConfig
from modules.files import write_atomically
from modules.search import select
from modules.tuning import GridTuner
from tfx_pipeline.training_record import TRIALS_FILE, TrialRecord, trials_from_json, trials_to_json

Artifacts = dict[str, list[Artifact]]


class Executor(BaseExecutor):
    """Makes all trials, as TFX's does, and writes their records down."""

    def Do(  # noqa: N802
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Searches; TFX gives a tuner no folder for its records, so they are written here."""
        tuner = executor.search(input_dict, exec_properties, self._get_tmp_dir())
        executor.write_best_hyperparameters(tuner, output_dict)
        _write_trials(tuner, output_dict)


class TrialExecutor(BaseExecutor):
    """Makes the trials that `tuner_fn` has, and decides nothing."""

    def Do(  # noqa: N802
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Makes the trials."""
        tuner = executor.search(input_dict, exec_properties, self._get_tmp_dir())
        _write_trials(tuner, output_dict)


class SelectionExecutor(BaseExecutor):
    """Selects among trials that were made elsewhere."""

    def Do(  # noqa: N802
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Writes what the Tuner writes."""
        config = json_utils.loads(exec_properties[standard.CUSTOM_CONFIG_KEY])
        records = [record for results in input_dict.values() for record in _read_trials(results)]
        tuner = select(TrainerConfig.model_validate(config), records, self._get_tmp_dir())
        executor.write_best_hyperparameters(tuner, output_dict)
        _write_trials(tuner, output_dict)


def _write_trials(tuner: GridTuner, output_dict: Artifacts) -> None:
    folder = artifact_utils.get_single_uri(output_dict[standard.TUNER_RESULTS_KEY])
    write_atomically(folder, TRIALS_FILE, trials_to_json(tuner.records))


def _read_trials(results: list[Artifact]) -> tuple[TrialRecord, ...]:
    with fileio.open(f"{artifact_utils.get_single_uri(results)}/{TRIALS_FILE}") as file:
        return trials_from_json(file.read())
