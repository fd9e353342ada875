"""Runs a component's executor on what KFP hands over, and reports its outputs."""

from __future__ import annotations

import argparse
import json
import logging
import math
import posixpath
import reprlib
import sys
import tempfile
from pathlib import Path
from typing import Any

from tfx import version
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.proto.orchestration import pipeline_pb2
from tfx.proto.orchestration.execution_result_pb2 import ExecutorOutput
from tfx.types import standard_artifacts
from tfx.types.artifact import Artifact
from tfx.types.standard_artifacts import JsonValue, PushedModel
from tfx.types.value_artifact import ValueArtifact
from tfx.utils import json_utils, name_utils

from tfx_kubeflow.artifacts import Metrics
from tfx_kubeflow.errors import StepError
from tfx_kubeflow.imports import execute_references
from tfx_kubeflow.metadata import values
from tfx_kubeflow.metadata.artifacts import (
    is_written,
    make_artifact,
    prepare_output,
    properties,
    read_inputs,
)
from tfx_kubeflow.metadata.blessings import record_digests, require_evaluated
from tfx_kubeflow.metadata.final_status import final_status
from tfx_kubeflow.protocol import (
    ARGUMENT,
    METADATA_INPUT,
    MODULE_FILE,
    MODULE_SOURCE,
    RUN_ID,
    VALUE,
    ExecutorStep,
    sent,
    unpack,
)
from tfx_kubeflow.steps.parameters import parameter, unescaped
from tfx_kubeflow.steps.user_modules import importable, write_module
from tfx_kubeflow.storage import object_store, uris

log = logging.getLogger(__name__)

Artifacts = dict[str, list[Artifact]]
EXECUTOR_LOGS = "executor-logs"
"""An output of KFP's own."""
MAY_BE_EMPTY = (
    standard_artifacts.ModelRun,  # a trainer without logs
    standard_artifacts.TransformCache,  # a preprocessing_fn without analyzers
    PushedModel,  # not blessed: only `pushed: 0` is recorded
    Metrics,  # a report that could not be made
)
MODEL_IDS = ("current_model_id", "baseline_model_id")
"""Properties of a blessing."""
BEAM_EXECUTOR = "tfx.dsl.components.base.base_beam_executor"


def run_executor(
    step: ExecutorStep, executor_input: dict[str, Any], beam_args: list[str]
) -> dict[str, Any]:
    """Runs the executor of a component.

    Args:
        step: Its class, and the classes and kinds of what goes in and out.
        executor_input: KFP's ExecutorInput.
        beam_args: Beam's options.

    Returns:
        KFP's ExecutorOutput.

    Raises:
        StepError: The executor did not write an output, or one that no parameter can be; what is to
            be pushed is not what was blessed.
    """
    object_store.register()
    given = dict(executor_input.get("inputs", {}).get("parameterValues", {}))
    known = {
        name.removesuffix(METADATA_INPUT): given.pop(name)
        for name in list(given)
        if name.endswith(METADATA_INPUT)
    }
    inputs = read_inputs(step.inputs, executor_input, known)
    _read_values(inputs)
    outputs = _outputs(step.outputs, executor_input)
    with tempfile.TemporaryDirectory(prefix="step-", dir=_shared_folder(beam_args)) as folder:
        exec_properties = _exec_properties(step, given, Path(folder))
        if step.example_gen:
            from tfx_kubeflow.steps.example_gen_driver import prepare_example_gen

            prepare_example_gen(exec_properties, outputs, Path(folder) / "data")
        executor = _executor(step, executor_input, beam_args, folder)
        for artifacts in outputs.values():
            prepare_output(artifacts[0])
        log.info("%s: its executor starts", step.node)
        before = {key: properties(artifacts[0]) for key, artifacts in outputs.items()}
        if any(isinstance(item, PushedModel) for item, *_ in outputs.values()):
            require_evaluated(inputs)
        with importable(Path(folder)):
            if step.pusher:
                from tfx_kubeflow.steps.push import push

                report = push(executor, inputs, outputs, exec_properties)
            else:
                report = executor.Do(inputs, outputs, exec_properties)
    if report:
        _follow(report, step, outputs)
    log.info("%s: its executor is done", step.node)
    _require_outputs(outputs, executor_input, before)
    record_digests(inputs, outputs)
    for artifacts in outputs.values():
        if isinstance(artifacts[0], Metrics):
            continue  # KFP shows every property of it as a figure
        artifacts[0].set_string_custom_property("tfx_version", version.__version__)
        if step.flags:  # part of the cache's key, and nowhere else in ML Metadata
            artifacts[0].set_string_custom_property(values.EXECUTOR_FLAGS, " ".join(step.flags))
    return _executor_output(executor_input, inputs, outputs)


def import_executor(step: ExecutorStep) -> type[BaseExecutor]:
    """Imports the executor's class and what its module refers to.

    Args:
        step: The executor's.
    """
    cls: type[BaseExecutor] = name_utils.resolve_full_name(step.executor)
    execute_references(cls.__module__)
    return cls


def _shared_folder(beam_args: list[str]) -> str | None:
    """Beam's folder of temporary files: workers in other pods read there what this one writes."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--temp_location")
    found: str | None = parser.parse_known_args(beam_args)[0].temp_location
    if found is None or "://" in found:
        return None
    Path(found).mkdir(parents=True, exist_ok=True)  # a new volume is empty
    return found


def _read_values(inputs: Artifacts) -> None:
    """Reads the values that artifacts hold, which executors expect to be at hand."""
    for key, artifacts in inputs.items():
        for artifact in artifacts:
            if isinstance(artifact, ValueArtifact):
                try:
                    artifact.read()
                except (OSError, RuntimeError, ValueError) as error:
                    raise StepError(
                        f"the value of input {key!r} cannot be read: {error}"
                    ) from error


def _outputs(classes: dict[str, str], executor_input: dict[str, Any]) -> Artifacts:
    declared = executor_input["outputs"].get("artifacts", {})
    found = {}
    for key, cls in classes.items():
        item = declared[key]["artifacts"][0]
        metadata = values.metadata(item.get("metadata", {}))
        local = uris.to_local(item["uri"])
        found[key] = [make_artifact(cls, local, item["name"], metadata)]
    return found


def _exec_properties(step: ExecutorStep, given: dict[str, Any], folder: Path) -> dict[str, Any]:
    kinds = step.parameters
    given = unescaped(given, step.escaped)
    source = given.pop(MODULE_SOURCE, None)
    run_id = given.pop(RUN_ID, "")
    found = {}
    for name, value in given.items():
        if kinds.get(name) == "status":
            found[name] = final_status(value, run_id)
        else:
            found[name] = parameter(value, kinds[name]) if name in kinds else value
    if source is not None:
        path = write_module(unpack(source), found[MODULE_FILE], folder)
        found[MODULE_FILE] = str(path)
    return found


def _executor(
    step: ExecutorStep, executor_input: dict[str, Any], beam_args: list[str], folder: str
) -> BaseExecutor:
    cls = import_executor(step)
    pipeline, run = uris.pipeline_and_run(executor_input["outputs"]["outputFile"])
    given: dict[str, Any] = {
        "extra_flags": [*step.flags, *beam_args],
        "tmp_dir": posixpath.join(folder, "tmp"),
        "unique_id": "0",
        "pipeline_info": pipeline_pb2.PipelineInfo(id=pipeline),
        "pipeline_run_id": run,
    }
    # Beam takes seconds to import: an executor that did not import it is none of Beam's.
    beam = sys.modules.get(BEAM_EXECUTOR)
    if beam is not None and issubclass(cls, beam.BaseBeamExecutor):
        context = beam.BaseBeamExecutor.Context(beam_pipeline_args=beam_args, **given)
    else:
        context = BaseExecutor.Context(**given)
    executor: BaseExecutor = cls(context)
    return executor


def _follow(report: ExecutorOutput, step: ExecutorStep, outputs: Artifacts) -> None:
    """Takes over what an executor returns instead of changing the outputs that it was given.

    Raises:
        StepError: It returns a failure, or an output that it does not have.
    """
    result = report.execution_result
    if result.code:
        raise StepError(
            f"{step.node}: its executor reports error {result.code}: {result.result_message}"
        )
    for key, found in report.output_artifacts.items():
        if key not in step.outputs:
            raise StepError(f"{step.node}: its executor reports {key!r}, which is no output of it")
        cls = name_utils.resolve_full_name(step.outputs[key])
        outputs[key] = [cls() for _ in found.artifacts]
        for artifact, message in zip(outputs[key], found.artifacts, strict=True):
            artifact.set_mlmd_artifact(message)


def _require_outputs(
    outputs: Artifacts, executor_input: dict[str, Any], before: dict[str, dict[str, Any]]
) -> None:
    """KFP records one artifact for an output, where it was said to be.

    It only warns of one that is missing, and its consumer finds nothing.
    """
    declared = executor_input["outputs"].get("artifacts", {})
    for key in before:
        artifacts = outputs.get(key, [])
        if len(artifacts) != 1:
            raise StepError(
                f"output {key!r} has {len(artifacts)} artifacts, where Kubeflow Pipelines takes "
                "one; write folders of one artifact instead"
            )
        (artifact,) = artifacts
        given = uris.to_local(declared[key]["artifacts"][0]["uri"])
        if artifact.uri != given:
            raise StepError(
                f"output {key!r} is at {artifact.uri}, where nothing is uploaded from; write it to "
                f"{given}, the URI that the executor is given"
            )
        changed = properties(artifact) != before[key]
        if not changed and not isinstance(artifact, MAY_BE_EMPTY) and not is_written(artifact):
            raise StepError(
                f"output {key!r} was not written: the executor left nothing at {artifact.uri}"
            )


def _executor_output(
    executor_input: dict[str, Any], inputs: Artifacts, outputs: Artifacts
) -> dict[str, Any]:
    given = executor_input.get("inputs", {}).get("artifacts", {})
    declared = executor_input["outputs"].get("artifacts", {})
    items = [
        item
        for key, group in [*given.items(), *declared.items()]
        if key != EXECUTOR_LOGS
        for item in group.get("artifacts", ())
    ]
    remote = {uris.to_local(item["uri"]): item["uri"] for item in items}
    made = {}
    for key, (artifact, *_) in outputs.items():
        item = declared[key]["artifacts"][0]
        metadata = uris.mapped(_named_models(properties(artifact)), remote)
        _warn_of_size(key, metadata)
        made[key] = {
            "artifacts": [{"name": item["name"], "uri": item["uri"], "metadata": metadata}]
        }
    found: dict[str, Any] = {"artifacts": made}
    requested = executor_input["outputs"].get("parameters", {})
    if requested:
        found["parameterValues"] = {
            name: _value(outputs, name.removesuffix(VALUE)) for name in requested
        }
    return found


def _warn_of_size(key: str, metadata: dict[str, Any]) -> None:
    """Says which properties keep the steps that read an artifact from being started."""
    sizes = {name: len(json.dumps(value)) for name, value in metadata.items()}
    if sum(sizes.values()) > ARGUMENT // 2:
        largest = max(sizes, key=sizes.__getitem__)
        log.warning(
            "the properties of output %r take %d bytes, %r most of them; a step that reads it is "
            "given them as part of one argument, for which Linux has %d: what is large belongs in "
            "the artifact's files",
            key,
            sum(sizes.values()),
            largest,
            ARGUMENT,
        )


def _named_models(metadata: dict[str, Any]) -> dict[str, Any]:
    """A blessing names its models as KFP does, by texts."""
    return {
        key: str(int(value)) if key in MODEL_IDS and isinstance(value, float) else value
        for key, value in metadata.items()
    }


def _value(outputs: Artifacts, key: str) -> Any:
    """The value of an output that another node takes as a parameter."""
    artifact = outputs[key][0] if key in outputs else None
    if not isinstance(artifact, ValueArtifact):
        raise StepError(f"output {key!r} is taken as a parameter but holds no value")
    value = _stored(artifact)
    if isinstance(artifact, JsonValue):
        value = json_utils.dumps(value)
    if not _is_parameter(value):
        raise StepError(
            f"output {key!r} is {reprlib.repr(value)}, and Kubeflow Pipelines has no such "
            "parameters; take the artifact itself as an input"
        )
    if (size := len(json.dumps(value))) >= ARGUMENT:
        raise StepError(
            f"output {key!r} takes {size} bytes as a parameter, and a step is given its parameters "
            f"as one argument, for which Linux has {ARGUMENT}; take the artifact itself as an input"
        )
    return sent(value) if isinstance(value, str) else value


def _stored(artifact: ValueArtifact) -> Any:
    """The value as it was written: of the artifact's own type, whatever the executor set."""
    stored: ValueArtifact = type(artifact)()
    stored.set_mlmd_artifact(artifact.mlmd_artifact)
    return stored.read()


def _is_parameter(value: Any) -> bool:
    """Says whether a value arrives as it is: numbers are doubles, and finite."""
    match value:
        case bool() | str():
            return True
        case int():
            return abs(value) <= values.EXACT
        case float():
            return math.isfinite(value)
    return False
