"""Walking and changing KFP's intermediate form as a dictionary (the JSON of PipelineSpec)."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from tfx_kubeflow.errors import CompileError

Spec = dict[str, Any]

STRING, INTEGER, DOUBLE, BOOLEAN = "STRING", "NUMBER_INTEGER", "NUMBER_DOUBLE", "BOOLEAN"


class Task(NamedTuple):
    """A task and where it stands.

    Attributes:
        id: Its key among its neighbours.
        body: Its PipelineTaskSpec.
        siblings: All tasks of the same DAG, by id.
    """

    id: str
    body: Spec
    siblings: Spec


def dags(spec: Spec) -> Iterator[Spec]:
    """Yields the root DAG and those inside components."""
    yield spec["root"]["dag"]
    for component in spec.get("components", {}).values():
        if "dag" in component:
            yield component["dag"]


def tasks(spec: Spec) -> list[Task]:
    """Returns the tasks of all DAGs."""
    return [
        Task(task_id, body, dag["tasks"])
        for dag in dags(spec)
        for task_id, body in dag["tasks"].items()
    ]


def task(spec: Spec, task_id: str) -> Task:
    """Returns one task.

    Raises:
        KeyError: There is none of this id.
    """
    for dag in dags(spec):
        if task_id in dag["tasks"]:
            return Task(task_id, dag["tasks"][task_id], dag["tasks"])
    raise KeyError(task_id)


def component(spec: Spec, body: Spec) -> Spec:
    """Returns the component that a task refers to."""
    found: Spec = spec["components"][body["componentRef"]["name"]]
    return found


def executor(spec: Spec, body: Spec) -> Spec:
    """Returns the executor of a task; empty for a task that is a DAG of its own."""
    label = component(spec, body).get("executorLabel")
    found: Spec = spec["deploymentSpec"]["executors"][label] if label else {}
    return found


def containers(spec: Spec) -> list[tuple[Task, Spec]]:
    """Returns the tasks that run in a container, each with its container."""
    found = [(task, executor(spec, task.body).get("container")) for task in tasks(spec)]
    return [(task, container) for task, container in found if container is not None]


def depend(body: Spec, *producers: str) -> None:
    """Makes a task wait for others."""
    body["dependentTasks"] = sorted({*body.get("dependentTasks", ()), *producers})


def parameters(body: Spec) -> Spec:
    """Returns the parameter inputs of a task, to read or to add to."""
    found: Spec = body.setdefault("inputs", {}).setdefault("parameters", {})
    return found


def artifacts(body: Spec) -> Spec:
    """Returns the artifact inputs of a task, to read or to add to."""
    found: Spec = body.setdefault("inputs", {}).setdefault("artifacts", {})
    return found


def declare(definition: Spec, kind: str, side: str, name: str, what: Spec) -> None:
    """Adds an input or output to a component.

    Args:
        definition: The component.
        kind: "parameters" or "artifacts".
        side: "inputDefinitions" or "outputDefinitions".
        name: Key of the input or output.
        what: Its type.
    """
    definition.setdefault(side, {}).setdefault(kind, {})[name] = what


def add_component(spec: Spec, component_id: str, definition: Spec, purpose: str) -> None:
    """Adds a component that is no node of the pipeline, or a node's that is added late.

    Args:
        spec: The spec.
        component_id: Its key, and the id of its task.
        definition: The component.
        purpose: What it is for, for the message.

    Raises:
        CompileError: There is one of this id.
    """
    if component_id in spec["components"]:
        raise CompileError(
            component_id,
            f"it has the id of {purpose}",
            "Give one of the nodes another id with .with_id().",
        )
    spec["components"][component_id] = definition


def add_parameter(task: Spec, definition: Spec, name: str, kind: str, source: Spec) -> None:
    """Gives a task a parameter, and declares it.

    Args:
        task: The task.
        definition: Its component.
        name: Of the parameter.
        kind: Its type.
        source: Where its value comes from: an InputParameterSpec.
    """
    parameters(task)[name] = source
    declare(definition, "parameters", "inputDefinitions", name, {"parameterType": kind})


def output_parameter(producer: str, key: str) -> Spec:
    """Returns the reference to another task's output parameter."""
    return {"taskOutputParameter": {"producerTask": producer, "outputParameterKey": key}}


def output_artifact(producer: str, key: str) -> Spec:
    """Returns the reference to another task's output artifact."""
    return {"taskOutputArtifact": {"producerTask": producer, "outputArtifactKey": key}}


def tidy(spec: Spec) -> None:
    """Removes the empty groups that are left behind."""
    for _, body, _ in tasks(spec):
        body["inputs"] = {kind: group for kind, group in body.get("inputs", {}).items() if group}
        for optional in ("inputs", "dependentTasks"):
            if not body.get(optional):
                body.pop(optional, None)
