"""Executor of the Tuner: TFX's, and the records of the trials beside their scores."""

from __future__ import annotations

from typing import Any

from tfx.components.tuner import executor
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.types import artifact_utils, standard_component_specs
from tfx.types.artifact import Artifact

from modules.files import write_atomically
from tfx_pipeline.training_record import TRIALS_FILE, trials_to_json


class Executor(BaseExecutor):
    """Searches; the tuner of `tuner_fn` is a `modules.tuning.GridTuner`."""

    def Do(  # noqa: N802
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Does what TFX's does, and writes `TRIALS_FILE`, which TFX gives a tuner no folder for."""
        tuner = executor.search(input_dict, exec_properties, self._get_tmp_dir())
        executor.write_best_hyperparameters(tuner, output_dict)
        results = output_dict[standard_component_specs.TUNER_RESULTS_KEY]
        write_atomically(
            artifact_utils.get_single_uri(results), TRIALS_FILE, trials_to_json(tuner.records)
        )
