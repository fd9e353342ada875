"""What a run did and made, from ML Metadata."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import ml_metadata as mlmd
from google.protobuf import json_format
from ml_metadata.proto import metadata_store_pb2

from tfx_kubeflow.metadata import values
from tfx_kubeflow.storage import uris

RUN_CONTEXT = "system.PipelineRun"
"""Type of the contexts in which KFP keeps runs, by their ids."""
TASK = "task_name"
CACHED = "CACHED"


@dataclass(frozen=True)
class RunArtifact:
    """An artifact that a run made, or took from the cache.

    Attributes:
        task: KFP's name of the task that made it, or reads it.
        name: Key of the task's output or input.
        type: Such as tfx.Model, system.HTML.
        uri: Where it is.
        cached: Whether an earlier run made it.
        id: In ML Metadata.
        properties: As the executor set them.
    """

    task: str
    name: str
    type: str
    uri: str
    cached: bool
    id: int
    properties: dict[str, Any]


@dataclass(frozen=True)
class RunTask:
    """A task of a run, as ML Metadata has it.

    Attributes:
        name: KFP's name of it.
        id: Of its execution in ML Metadata.
        state: COMPLETE, CACHED, FAILED, CANCELED (its condition was false), or RUNNING, also for a
            DAG for ever, and for a pod that died without a word.
        began: When KFP's driver recorded it, seconds since 1970.
        ended: When it was recorded the last time.
        inputs: Artifacts that it read.
        outputs: Artifacts that it made, or the cache for it; of one that failed, its log.
    """

    name: str
    id: int
    state: str
    began: float
    ended: float
    inputs: list[RunArtifact]
    outputs: list[RunArtifact]


def run_artifacts(store: mlmd.MetadataStore, run_id: str) -> list[RunArtifact]:
    """Finds what a run made.

    Args:
        store: KFP's ML Metadata; see `metadata_store`.
        run_id: Id of the run.

    Returns:
        The outputs of its tasks, in the order in which these began.
    """
    return [artifact for task in run_tasks(store, run_id) for artifact in task.outputs]


def run_tasks(store: mlmd.MetadataStore, run_id: str) -> list[RunTask]:
    """Finds what became of the tasks of a run that began, DAGs among them.

    Args:
        store: KFP's ML Metadata; see `metadata_store`.
        run_id: Id of the run.

    Returns:
        The tasks in the order in which they began; without the artifacts that stand for none.
    """
    context = store.get_context_by_type_and_name(RUN_CONTEXT, run_id)
    if context is None:
        return []
    executions = sorted(store.get_executions_by_context(context.id), key=lambda item: item.id)
    events = _events(store, [execution.id for execution in executions])
    known = sorted({event.artifact_id for event in events})
    records = {item.id: item for item in store.get_artifacts_by_id(known)} if known else {}
    events = [event for event in events if not uris.is_null(records[event.artifact_id].uri)]
    return [_task(execution, events, records) for execution in executions]


def recorded_properties(
    record: metadata_store_pb2.Artifact | metadata_store_pb2.Execution,
) -> dict[str, Any]:
    """Returns the properties of a record, without those that KFP adds for itself."""
    raw: dict[str, Any] = {}
    for group in (record.properties, record.custom_properties):
        for key, value in group.items():
            kind = value.WhichOneof("value")
            if kind == "struct_value":
                raw[key] = json_format.MessageToDict(value.struct_value)
            elif kind is not None:
                raw[key] = getattr(value, kind)
    return values.metadata(raw)


def _events(store: mlmd.MetadataStore, ids: list[int]) -> list[metadata_store_pb2.Event]:
    events = store.get_events_by_execution_ids(ids)
    return sorted(events, key=lambda event: event.artifact_id)


def _task(
    execution: metadata_store_pb2.Execution,
    events: list[metadata_store_pb2.Event],
    records: dict[int, metadata_store_pb2.Artifact],
) -> RunTask:
    name = str(recorded_properties(execution).get(TASK, ""))
    state = metadata_store_pb2.Execution.State.Name(execution.last_known_state)

    def artifacts(kind: int) -> list[RunArtifact]:
        return [
            _artifact(name, state, event, records[event.artifact_id])
            for event in events
            if event.execution_id == execution.id and event.type == kind
        ]

    return RunTask(
        name,
        execution.id,
        state,
        execution.create_time_since_epoch / 1000,
        execution.last_update_time_since_epoch / 1000,
        artifacts(metadata_store_pb2.Event.INPUT),
        artifacts(metadata_store_pb2.Event.OUTPUT),
    )


def _artifact(
    task: str, state: str, event: metadata_store_pb2.Event, record: metadata_store_pb2.Artifact
) -> RunArtifact:
    properties = recorded_properties(record)
    kinds = json.loads(properties.pop(values.KINDS, "{}"))
    return RunArtifact(
        task=task,
        name=next((step.key for step in event.path.steps if step.key), ""),
        type=record.type,
        uri=record.uri,
        cached=state == CACHED,
        id=record.id,
        properties={key: values.decoded(v, kinds.get(key)) for key, v in properties.items()},
    )
