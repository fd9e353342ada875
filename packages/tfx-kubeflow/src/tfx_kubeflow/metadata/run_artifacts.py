"""What a run made, from ML Metadata."""

from __future__ import annotations

import json
from collections.abc import Iterable
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
OUTPUT = metadata_store_pb2.Event.OUTPUT
CACHED = metadata_store_pb2.Execution.CACHED


@dataclass(frozen=True)
class RunArtifact:
    """An artifact that a run made, or took from the cache.

    Attributes:
        task: KFP's name of the task that made it.
        name: Key of the task's output.
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


def run_artifacts(store: mlmd.MetadataStore, run_id: str) -> list[RunArtifact]:
    """Finds what a run made.

    Args:
        store: KFP's ML Metadata; see `metadata_store`.
        run_id: Id of the run.

    Returns:
        The outputs of its tasks, in the order in which these began; of a step that found nothing,
        none.
    """
    context = store.get_context_by_type_and_name(RUN_CONTEXT, run_id)
    if context is None:
        return []
    executions = {item.id: item for item in store.get_executions_by_context(context.id)}
    events = sorted(
        (item for item in _events(store, executions) if item.type == OUTPUT),
        key=lambda item: (item.execution_id, item.artifact_id),
    )
    known = {event.artifact_id for event in events}
    records = {item.id: item for item in store.get_artifacts_by_id(sorted(known))} if known else {}
    return [
        _artifact(executions[event.execution_id], event, records[event.artifact_id])
        for event in events
        if not uris.is_null(records[event.artifact_id].uri)
    ]


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


def _events(store: mlmd.MetadataStore, ids: Iterable[int]) -> list[metadata_store_pb2.Event]:
    found: list[metadata_store_pb2.Event] = store.get_events_by_execution_ids(sorted(ids))
    return found


def _artifact(
    execution: metadata_store_pb2.Execution,
    event: metadata_store_pb2.Event,
    record: metadata_store_pb2.Artifact,
) -> RunArtifact:
    properties = recorded_properties(record)
    kinds = json.loads(properties.pop(values.KINDS, "{}"))
    return RunArtifact(
        task=str(recorded_properties(execution).get(TASK, "")),
        name=next((step.key for step in event.path.steps if step.key), ""),
        type=record.type,
        uri=record.uri,
        cached=execution.last_known_state == CACHED,
        id=record.id,
        properties={key: values.decoded(v, kinds.get(key)) for key, v in properties.items()},
    )
