"""Inputs and outputs of a task: KFP's ExecutorInput, and what became of its outputs."""

import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tfx_kubeflow.local import placeholders

Spec = dict[str, Any]
CONVERT: dict[str, Callable[[Any], Any]] = {
    "NUMBER_INTEGER": int,
    "NUMBER_DOUBLE": float,
    "STRING": placeholders.as_text,
}
OUTPUT_FILE = "executor_output.json"


@dataclass
class Values:
    """Parameters and artifacts by name, the latter as KFP's RuntimeArtifacts."""

    parameters: dict[str, Any] = field(default_factory=dict)
    artifacts: dict[str, Spec] = field(default_factory=dict)


@dataclass
class Scope:
    """What the tasks of a DAG can take: the DAG's inputs, and outputs of those that have run."""

    inputs: Values
    outputs: dict[str, Values] = field(default_factory=dict)


class Ids:
    """Names of artifacts: on a cluster an input's name is its id in ML Metadata."""

    def __init__(self) -> None:
        self._count = itertools.count(1)

    def next(self) -> str:
        """Returns an id that no artifact of the run has."""
        return str(next(self._count))


def inputs_of(task: Spec, component: Spec, scope: Scope, known: Mapping[str, str]) -> Values:
    """Resolves the inputs of a task, as KFP's driver does.

    Args:
        task: Its PipelineTaskSpec.
        component: Its ComponentSpec.
        scope: Where it stands.
        known: Placeholder -> text, for constants.
    """
    given = task.get("inputs", {})
    found = Values()
    for name, source in given.get("artifacts", {}).items():
        if "taskOutputArtifact" in source:
            reference = source["taskOutputArtifact"]
            outputs = scope.outputs[reference["producerTask"]]
            found.artifacts[name] = outputs.artifacts[reference["outputArtifactKey"]]
        else:
            found.artifacts[name] = scope.inputs.artifacts[source["componentInputArtifact"]]
    for name, source in given.get("parameters", {}).items():
        if "taskFinalStatus" in source:
            continue
        value = _parameter(source, scope)
        if value is not None:
            found.parameters[name] = value
    declared = component.get("inputDefinitions", {}).get("parameters", {})
    for name, kind in declared.items():
        if name not in found.parameters and "defaultValue" in kind:
            found.parameters[name] = kind["defaultValue"]
    texts = {**known, **placeholders.of_parameters(found.parameters)}
    for name, value in found.parameters.items():
        if isinstance(value, str):
            value = placeholders.replaced(value, texts)
        convert = CONVERT.get(declared.get(name, {}).get("parameterType", ""))
        found.parameters[name] = convert(value) if convert else value
    return found


def _parameter(source: Spec, scope: Scope) -> Any:
    if "taskOutputParameter" in source:
        reference = source["taskOutputParameter"]
        outputs = scope.outputs[reference["producerTask"]]
        return outputs.parameters[reference["outputParameterKey"]]
    if "componentInputParameter" in source:
        return scope.inputs.parameters.get(source["componentInputParameter"])
    return source["runtimeValue"]["constant"]


def executor_input(component: Spec, inputs: Values, folder: Path) -> Spec:
    """Returns KFP's ExecutorInput as JSON.

    Args:
        component: The ComponentSpec.
        inputs: What goes in.
        folder: Where outputs go.
    """
    declared = component.get("outputDefinitions", {})
    return {
        "inputs": {
            "parameterValues": inputs.parameters,
            "artifacts": {
                name: {"artifacts": [artifact]} for name, artifact in inputs.artifacts.items()
            },
        },
        "outputs": {
            "parameters": {
                name: {"outputFile": str(folder / name)} for name in declared.get("parameters", {})
            },
            "artifacts": {
                name: {
                    "artifacts": [
                        {
                            "name": name,
                            "type": kind["artifactType"],
                            "uri": str(folder / name),
                            "metadata": kind.get("metadata", {}),
                        }
                    ]
                }
                for name, kind in declared.get("artifacts", {}).items()
            },
            "outputFile": str(folder / OUTPUT_FILE),
        },
    }


def outputs_of(component: Spec, given: Spec, ids: Ids) -> Values:
    """Collects what a task made, as KFP's launcher does.

    Args:
        component: The ComponentSpec.
        given: Its ExecutorInput.
        ids: Names for what it made.
    """
    path = Path(given["outputs"]["outputFile"])
    reported: Spec = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    declared = component.get("outputDefinitions", {}).get("parameters", {})
    found = Values(parameters=dict(reported.get("parameterValues", {})))
    for name, output in given["outputs"]["parameters"].items():
        file = Path(output["outputFile"])
        if name not in found.parameters and file.is_file():
            text = file.read_text(encoding="utf-8")
            kind = declared[name].get("parameterType")
            found.parameters[name] = text if kind == "STRING" else json.loads(text)
    for name, group in given["outputs"]["artifacts"].items():
        [artifact] = reported.get("artifacts", {}).get(name, group)["artifacts"]
        found.artifacts[name] = runtime_artifact(
            artifact["uri"], artifact.get("metadata", {}), ids, display_name=name
        )
    return found


def runtime_artifact(uri: str, metadata: Spec, ids: Ids, **more: str) -> Spec:
    """Returns an artifact as KFP's driver hands it to a consumer: without its type."""
    return {
        "name": ids.next(),
        "type": {"instanceSchema": ""},
        "uri": uri,
        "metadata": {key: recorded(value) for key, value in metadata.items()} | more,
    }


def recorded(value: Any) -> Any:
    """Returns a property as ML Metadata gives it back."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, list):
        return {"list": value}
    if isinstance(value, dict):
        return {"struct": value}
    return value
