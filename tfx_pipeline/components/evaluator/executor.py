"""Executor of the Evaluator: TFX's, and ML Metadata learns what it found, of which files."""

from __future__ import annotations

import json
import logging
from typing import Any

from tensorflow_model_analysis.proto import config_pb2
from tfx.components.evaluator import executor
from tfx.types import artifact_utils
from tfx.types.artifact import Artifact
from tfx.utils import io_utils, path_utils, proto_utils
from tfx_kubeflow.metadata.blessings import record_digests

from tfx_pipeline.evaluation.results import (
    EVALUATION_FILE,
    SCORES_PROPERTY,
    VERDICTS_PROPERTY,
    Scores,
)
from tfx_pipeline.evaluation.sampling import write_excerpts

log = logging.getLogger(__name__)


class Executor(executor.Executor):
    """Evaluates a model."""

    def Do(  # noqa: N802
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Does what TFX's does, records digest and decision, and writes forecasts to look at."""
        super().Do(input_dict, output_dict, exec_properties)
        record_digests(input_dict, output_dict)
        _record_decision(output_dict)
        try:
            _write_excerpts(input_dict, output_dict, exec_properties)
        except Exception:  # what people look at decides nothing
            log.warning("there are no forecasts to look at", exc_info=True)


def _record_decision(outputs: dict[str, list[Artifact]]) -> None:
    from tfx_pipeline.evaluation.decision import read_evaluation  # imports all of TFMA

    [evaluation], [blessing] = outputs["evaluation"], outputs["blessing"]
    found = read_evaluation(evaluation.uri)
    io_utils.write_string_file(f"{evaluation.uri}/{EVALUATION_FILE}", found.model_dump_json())
    scores = found.model_dump_json(include=set(Scores.model_fields))
    for artifact in (evaluation, blessing):  # the latter, for those who see nothing else: the push
        artifact.set_string_custom_property(SCORES_PROPERTY, scores)
    verdicts = [verdict.model_dump() for verdict in found.verdicts]
    blessing.set_string_custom_property(VERDICTS_PROPERTY, json.dumps(verdicts))


def _write_excerpts(
    inputs: dict[str, list[Artifact]],
    outputs: dict[str, list[Artifact]],
    properties: dict[str, Any],
) -> None:
    config = config_pb2.EvalConfig()
    proto_utils.json_to_proto(properties["eval_config"], config)
    write_excerpts(
        artifact_utils.get_split_uri(inputs["examples"], "test"),
        path_utils.serving_model_path(artifact_utils.get_single_uri(inputs["model"])),
        artifact_utils.get_single_uri(outputs["evaluation"]),
        config,
    )
