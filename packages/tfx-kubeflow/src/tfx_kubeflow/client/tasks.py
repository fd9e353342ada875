"""The tasks of a run, from Argo's Workflow: KFP's own record knows neither pods nor the cache."""

from __future__ import annotations

import base64
import datetime
import gzip
import json
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

DRIVER = "-driver"
"""Suffix of the task that KFP runs before each task: it resolves inputs and asks the cache."""
ATTEMPT = re.compile(r"\(\d+\)")
"""Marks an attempt in the names of Argo's nodes: `run-x(0).root(0).trainer(0).executor(0)`."""
POD_NAMES = "workflows.argoproj.io/pod-name-format"
TEMPLATES = {"system-container-executor", "system-importer"}
"""KFP's, of Argo's nodes that stand for tasks."""
FAILED = {"Failed", "Error"}
UNREMARKABLE = {"PodInitializing", "ContainerCreating"}
"""Messages of a pod that is well."""
WAITS_FOR_OTHERS = "a task that it needs failed or was skipped"
FALSE_CONDITION = "its condition is false"
Node = dict[str, Any]


class TaskState(StrEnum):
    """What became of a task, by KFP's names where it has one."""

    PENDING = "PENDING"
    STARTING = "STARTING"
    """KFP's driver looks at inputs and cache, or the pod waits for its node or its image."""
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    CACHED = "CACHED"
    SKIPPED = "SKIPPED"
    """Its condition is false, or it follows a task that failed or was skipped."""
    FAILED = "FAILED"

    @property
    def is_final(self) -> bool:
        """Whether it stays so."""
        return self not in (TaskState.PENDING, TaskState.STARTING, TaskState.RUNNING)


@dataclass(frozen=True)
class Task:
    """A task of a run.

    Attributes:
        name: As KFP's user interface names it.
        state: What became of it.
        message: Why it waits, was skipped or failed, by Argo; may be empty.
        pods: Names of the pods of its executor, one for each attempt.
        lost: Argo's message about the attempt before the latest; empty where there is none.
        seconds: Of its driver and its pods until now, or until its end.
    """

    name: str
    state: TaskState = TaskState.PENDING
    message: str = ""
    pods: tuple[str, ...] = ()
    lost: str = ""
    seconds: float = 0.0


def tasks(spec: dict[str, Any], workflow: dict[str, Any]) -> list[Task]:
    """Reads what became of each task.

    Args:
        spec: The run's PipelineSpec; empty where it is gone.
        workflow: Argo's Workflow as KFP recorded it; empty where nothing was recorded yet.

    Returns:
        The tasks that stand for containers and importers, those of inner DAGs as well; in the order
        in which they began, then by name.
    """
    by_task: dict[str, list[Node]] = defaultdict(list)
    for node in sorted(_nodes(workflow), key=lambda node: str(node.get("startedAt"))):
        *_, parent, name = ["", *ATTEMPT.sub("", node["name"]).split(".")]
        by_task[parent if name == "executor" else name].append(node)
    names = sorted(set(_leaves(spec, spec.get("root", {}))) or _executed(workflow))
    began = {name: str(_began(name, by_task)) for name in names}
    return [
        _task(name, by_task[name], by_task[name + DRIVER], workflow)
        for name in sorted(names, key=lambda name: began[name])
    ]


def _leaves(spec: dict[str, Any], component: dict[str, Any]) -> Iterable[str]:
    """Names of the tasks that are no DAGs."""
    for name, task in component.get("dag", {}).get("tasks", {}).items():
        inner = spec.get("components", {}).get(task.get("componentRef", {}).get("name"), {})
        if "dag" in inner:
            yield from _leaves(spec, inner)
        else:
            yield name


def _executed(workflow: dict[str, Any]) -> set[str]:
    """Names of the tasks that began, where the version that names them all is gone."""
    return {
        ATTEMPT.sub("", node["name"]).rpartition(".")[2]
        for node in _nodes(workflow)
        if node["templateName"].removeprefix("retry-") in TEMPLATES
    }


def _nodes(workflow: dict[str, Any]) -> list[Node]:
    """Argo's nodes; it compresses those of large runs."""
    status = workflow.get("status") or {}
    packed = status.get("compressedNodes")
    nodes = json.loads(gzip.decompress(base64.b64decode(packed))) if packed else status.get("nodes")
    return [*(nodes or {}).values()]


def _began(name: str, by_task: dict[str, list[Node]]) -> str:
    nodes = by_task[name + DRIVER] + by_task[name]
    return min((node["startedAt"] for node in nodes), default="~")  # after all dates


def _task(name: str, own: list[Node], drivers: list[Node], workflow: dict[str, Any]) -> Task:
    pods = [node for node in own if node["type"] == "Pod"]
    state, message = _state(own, drivers, pods)
    return Task(
        name,
        state,
        message,
        pods=tuple(_pod_name(node, workflow) for node in pods),
        lost=str(pods[-2].get("message") or "failed") if len(pods) > 1 else "",
        seconds=0.0 if state is TaskState.SKIPPED else _seconds(drivers + own),
    )


def _state(own: list[Node], drivers: list[Node], pods: list[Node]) -> tuple[TaskState, str]:
    executors = [node for node in own if ATTEMPT.sub("", node["name"]).endswith(".executor")]
    phases = {node["phase"] for node in own if node not in executors}
    if "Succeeded" in phases:
        cached = executors and all(node["phase"] == "Skipped" for node in executors)
        return (TaskState.CACHED if cached else TaskState.SUCCEEDED), ""
    if phases & {"Running", "Pending"}:
        started = pods and pods[-1]["phase"] != "Pending"
        return (TaskState.RUNNING if started else TaskState.STARTING), _message(pods[-1:])
    if phases & FAILED:
        return TaskState.FAILED, _message(pods or own)
    if "Skipped" in phases:
        return TaskState.SKIPPED, FALSE_CONDITION
    driver_phases = {node["phase"] for node in drivers}
    if driver_phases & FAILED:
        return TaskState.FAILED, f"KFP's driver: {_message(drivers)}"
    if "Omitted" in phases | driver_phases:
        return TaskState.SKIPPED, WAITS_FOR_OTHERS
    return (TaskState.STARTING if drivers else TaskState.PENDING), ""


def _message(nodes: list[Node]) -> str:
    messages = [str(node.get("message") or "") for node in nodes]
    messages = [message for message in messages if message and message not in UNREMARKABLE]
    return messages[-1] if messages else ""


def _pod_name(node: Node, workflow: dict[str, Any]) -> str:
    """Argo's rule for the names of pods, since version 3.4 with that of their template."""
    metadata = workflow["metadata"]
    if metadata.get("annotations", {}).get(POD_NAMES) == "v1":
        return str(node["id"])
    return f"{metadata['name']}-{node['templateName']}-{node['id'].rpartition('-')[2]}"


def _seconds(nodes: list[Node]) -> float:
    if not nodes:
        return 0.0
    now = datetime.datetime.now(datetime.UTC)
    begins = min(datetime.datetime.fromisoformat(node["startedAt"]) for node in nodes)
    ends = [
        datetime.datetime.fromisoformat(node["finishedAt"]) if node.get("finishedAt") else now
        for node in nodes
    ]
    return max(0.0, (max(ends) - begins).total_seconds())
