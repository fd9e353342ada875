"""Executor of the Evaluator: TFX's, and the blessing records which files were evaluated."""

from __future__ import annotations

from typing import Any

from tfx.components.evaluator import executor
from tfx.types.artifact import Artifact
from tfx_kubeflow.metadata.blessings import record_digests


class Executor(executor.Executor):
    """Evaluates a model."""

    def Do(  # noqa: N802
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Does what TFX's does, and records the model's digest with the blessing."""
        super().Do(input_dict, output_dict, exec_properties)
        record_digests(input_dict, output_dict)
