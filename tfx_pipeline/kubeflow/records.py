"""A run on Kubeflow as the report knows runs, from ML Metadata or from a local run's record."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from tfx.dsl.io import fileio
from tfx.types.artifact import Artifact
from tfx_kubeflow.compiler.passes.names import task_name
from tfx_kubeflow.local.record import ArtifactRecord, RunRecord, StepRecord
from tfx_kubeflow.local.record import State as StepState
from tfx_kubeflow.metadata import values
from tfx_kubeflow.metadata.artifacts import make_artifact
from tfx_kubeflow.metadata.run_artifacts import RunArtifact, RunTask
from tfx_kubeflow.pod_logs import executors_last_line

from tfx_pipeline.report.run import CACHED, COMPLETE, FAILED, NOT_RUN, NodeRun, Run
from tfx_pipeline.report.summary import State

STATES: Final[dict[str, State]] = {"COMPLETE": COMPLETE, "CACHED": CACHED, "FAILED": FAILED}
LOCAL_STATES = {StepState.SUCCEEDED: "COMPLETE", StepState.FAILED: "FAILED"}
"""Of a step's record -> as ML Metadata calls it."""
LOGS = "executor-logs"
IMPORTER = "-importer"
CAUSE = re.compile(r".*? failed: (?:\w+Error: )?(.+)", re.DOTALL)
UNKNOWN = "no step says why; `tfx run status` may"
Classes = Mapping[str, Mapping[str, Mapping[str, str]]]
"""Node -> inputs, outputs -> key -> import path of the artifact class."""


class RunFailedError(RuntimeError):
    """A run on Kubeflow failed."""


def run_of(
    run_id: str, folder: Path, nodes: Classes, tasks: Sequence[RunTask], failed: bool
) -> Run:
    """Puts a run together.

    Args:
        run_id: KFP's id of it.
        folder: Where its summary goes.
        nodes: The pipeline's nodes, in its order.
        tasks: What became of the tasks that began.
        failed: Whether the run has failed.
    """
    begin = min((task.began for task in tasks), default=0.0)
    run = Run(run_id, folder, [_node(node, nodes[node], tasks, begin) for node in nodes])
    run.total_seconds = max((task.ended for task in tasks), default=begin) - begin
    if failed:
        run.error = RunFailedError(_cause(tasks))
    return run


def tasks_of(record: RunRecord) -> list[RunTask]:
    """The tasks of a run on this machine, which has no ML Metadata."""
    began = record.started_at.timestamp()
    return [
        RunTask(
            name=step.task,
            id=0,
            state=LOCAL_STATES.get(step.state, str(step.state)),
            began=began,
            ended=began + step.seconds,
            inputs=[],
            outputs=[
                RunArtifact(step.task, key, "", made.uri, False, 0, values.metadata(made.metadata))
                for key, made in (step.artifacts | _log_of(step)).items()
            ],
        )
        for step in record.steps
        if step.state not in (StepState.NOT_RUN, StepState.RUNNING)
    ]


def _log_of(step: StepRecord) -> dict[str, ArtifactRecord]:
    return {LOGS: ArtifactRecord(uri=step.log, metadata={})} if step.log else {}


def _node(
    node: str, classes: Mapping[str, Mapping[str, str]], tasks: Sequence[RunTask], begin: float
) -> NodeRun:
    """A node from its task, and from the importers of what it looked up."""
    name = task_name(node)
    own = next((task for task in tasks if task.name == name), None)
    if own is None:
        return NodeRun(node)
    outputs = _artifacts(own.outputs, classes["outputs"])
    for task in tasks:
        if task.name.startswith(f"{name}-") and task.name.endswith(IMPORTER):
            key = task.name.removeprefix(f"{name}-").removesuffix(IMPORTER).replace("-", "_")
            cls = classes["outputs"].get(key)
            found = [_artifact(cls, item) for item in task.outputs] if cls else []
            outputs |= {key: found} if found else {}
    return NodeRun(
        id=node,
        state=STATES.get(own.state, NOT_RUN),
        seconds=own.ended - own.began,
        started_seconds=own.began - begin,
        execution_id=own.id or None,
        inputs=_artifacts(own.inputs, classes["inputs"]),
        outputs=outputs,
    )


def _artifacts(
    found: Sequence[RunArtifact], classes: Mapping[str, str]
) -> dict[str, list[Artifact]]:
    made: dict[str, list[Artifact]] = {}
    for item in found:
        if item.name in classes:
            made.setdefault(item.name, []).append(_artifact(classes[item.name], item))
    return made


def _artifact(cls: str, item: RunArtifact) -> Artifact:
    return make_artifact(cls, item.uri, str(item.id), item.properties)


def _cause(tasks: Sequence[RunTask]) -> str:
    """What the first step that failed logged last."""
    for text in _logs(task for task in tasks if task.state == "FAILED"):
        found = CAUSE.fullmatch(executors_last_line(text))
        if found:
            return found[1]
    return UNKNOWN


def _logs(failed: Iterator[RunTask]) -> Iterator[str]:
    for task in failed:
        for item in task.outputs:
            if item.name == LOGS and fileio.exists(item.uri):
                with fileio.open(item.uri, "rb") as file:
                    yield bytes(file.read()).decode(errors="replace")
