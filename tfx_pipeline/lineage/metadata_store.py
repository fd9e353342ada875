"""Records in ML Metadata: as TFX writes them on one machine, and as Kubeflow Pipelines does."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from google.protobuf import json_format
from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2 as mlmd
from tfx_kubeflow.metadata import values
from tfx_kubeflow.storage import uris

from tfx_pipeline.lineage.records import (
    ERROR_PROPERTY,
    RUN_PROPERTY,
    Artifact,
    Execution,
    Link,
    Run,
)

TFX_RUN, KFP_RUN, KFP_PIPELINE = "pipeline_run", "system.PipelineRun", "system.Pipeline"
"""Types of contexts."""
KFP_STEP = "system.ContainerExecution"
"""Type of the executions of KFP that are steps of a pipeline."""
KFP_SPAN = "-span"
"""Ends the names of tasks that look up for an ExampleGen."""
TFX_PREFIX, CUSTOM_PREFIX = "tfx.", "custom:"
"""Of the types of TFX's own artifacts, and of custom properties beside declared ones, with KFP."""
PARENT, ROOT_NAME = "parent_dag_id", "run/"
"""Property of KFP's executions: the one around it; the name of the outermost, before the run's."""
IMPORTED = ("Model", "HyperParameters")
"""Kinds that a resolver step hands on: on Kubeflow an importer records them again."""
RESOLVER = "Resolver"
"""Ends the types of TFX's resolvers."""


class MetadataRecords:
    """Records of one pipeline; see Records.

    Args:
        store: ML Metadata.
        pipeline: Name of the pipeline; a local store has the records of one alone.
    """

    def __init__(self, store: MetadataStore, pipeline: str) -> None:
        self._store = store
        self._pipeline = pipeline
        context = store.get_context_by_type_and_name(KFP_PIPELINE, pipeline)
        self._context: int | None = context.id if context else None

    def runs(self) -> list[Run]:
        """Returns the runs of the pipeline, oldest first."""
        if self._context is None:
            contexts = self._store.get_contexts_by_type(TFX_RUN)
        else:
            contexts = self._store.get_children_contexts_by_context(self._context)
        runs = [Run(one.id, one.name, _time(one)) for one in contexts]
        return sorted(runs, key=lambda run: run.id)

    def executions_of(self, runs: Collection[Run]) -> list[Execution]:
        """Returns what components did in some runs, oldest first; one question for each run."""
        return sorted(
            (
                _execution(execution, run.name)
                for run in runs
                for execution in self._store.get_executions_by_context(run.id)
                if _is_step(execution)
            ),
            key=lambda execution: execution.id,
        )

    def executions(self, ids: Collection[int]) -> list[Execution]:
        """Returns executions with their runs; a question for each that names none."""
        found = self._store.get_executions_by_id(ids) if ids else []
        names = self._root_names(found)
        return [_execution(one, names.get(one.id) or self._run(one)) for one in found]

    def artifacts_of(self, kind: str) -> list[Artifact]:
        """Returns all artifacts of a kind, oldest first."""
        if self._context is None:
            found = self._store.get_artifacts_by_type(kind)
        else:
            found = self._store.get_artifacts_by_type(TFX_PREFIX + kind)
            # KFP puts what a run makes into <root>/<pipeline>/<run id>.
            found = [one for one in found if f"/{self._pipeline}/" in one.uri]
        originals = [one for one in found if one.id not in self._originals]
        return sorted(map(_artifact, originals), key=lambda artifact: artifact.id)

    def artifacts(self, ids: Collection[int]) -> list[Artifact]:
        """Returns artifacts, without those that stand for nothing."""
        found = map(_artifact, self._store.get_artifacts_by_id(ids) if ids else [])
        return [artifact for artifact in found if not uris.is_null(artifact.uri)]

    def links(
        self, *, executions: Collection[int] = (), artifacts: Collection[int] = ()
    ) -> list[Link]:
        """Returns what went into executions and came out, or where artifacts came from and went."""
        events: list[mlmd.Event] = []
        if executions:
            events += self._store.get_events_by_execution_ids(executions)
        if artifacts:
            copies = {copy for copy, one in self._originals.items() if one in artifacts}
            events += self._store.get_events_by_artifact_ids({*artifacts, *copies})
        directions = {mlmd.Event.INPUT: False, mlmd.Event.OUTPUT: True}
        return [
            Link(
                one.execution_id,
                self._originals.get(one.artifact_id, one.artifact_id),
                one.path.steps[0].key,
                directions[one.type],
            )
            for one in events
            if one.type in directions
        ]

    @cached_property
    def _originals(self) -> dict[int, int]:
        """What an importer recorded -> the first record of that URI, on Kubeflow."""
        found: dict[int, int] = {}
        first: dict[str, int] = {}
        for kind in IMPORTED if self._context is not None else ():
            records = self._store.get_artifacts_by_type(TFX_PREFIX + kind)
            for one in sorted(records, key=lambda record: record.id):
                original = first.setdefault(one.uri, one.id)
                if original != one.id:
                    found[one.id] = original
        return found

    def _root_names(self, executions: Iterable[mlmd.Execution]) -> dict[int, str]:
        """Execution -> run, by the DAG around it, on Kubeflow."""
        roots = {one.id: _parent(one) for one in executions if _parent(one)}
        found: dict[int, mlmd.Execution] = {}
        while unknown := set(roots.values()) - found.keys():
            found |= {one.id: one for one in self._store.get_executions_by_id(unknown)}
            roots = {one: _parent(found[dag]) or dag for one, dag in roots.items()}
        return {one: found[dag].name.removeprefix(ROOT_NAME) for one, dag in roots.items()}

    def _run(self, execution: mlmd.Execution) -> str:
        recorded: str = execution.custom_properties[RUN_PROPERTY].string_value
        if recorded:
            return recorded
        contexts = self._store.get_contexts_by_execution(execution.id)
        return next((one.name for one in contexts if one.type in (TFX_RUN, KFP_RUN)), "")


def _is_step(execution: mlmd.Execution) -> bool:
    if execution.type.startswith("system."):
        return execution.type == KFP_STEP and not _task(execution).endswith(KFP_SPAN)
    return not execution.type.endswith(RESOLVER)


def _execution(execution: mlmd.Execution, run: str) -> Execution:
    parameters = _properties(execution)
    error = parameters.pop(ERROR_PROPERTY, None)
    parameters.pop(RUN_PROPERTY, None)
    component = execution.type.rpartition(".")[2]
    if execution.type.startswith("system."):
        component = "".join(word.capitalize() for word in _task(execution).split("-"))
        parameters = parameters.get("inputs", {})
    state = mlmd.Execution.State.Name(execution.last_known_state).lower()
    return Execution(execution.id, component, state, run, _time(execution), parameters, error)


def _artifact(artifact: mlmd.Artifact) -> Artifact:
    kind = artifact.type.removeprefix(TFX_PREFIX)
    properties = _properties(artifact)
    properties |= {
        key.removeprefix(CUSTOM_PREFIX): value
        for key, value in properties.items()
        if key.startswith(CUSTOM_PREFIX)
    }
    return Artifact(artifact.id, kind, artifact.uri, _time(artifact), properties)


def _properties(record: mlmd.Execution | mlmd.Artifact) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for group in (record.properties, record.custom_properties):
        for key, value in group.items():
            kind = value.WhichOneof("value")
            if kind == "struct_value":
                found[key] = json_format.MessageToDict(value.struct_value)
            elif kind in ("string_value", "int_value", "double_value", "bool_value"):
                found[key] = getattr(value, kind)
    return values.metadata(found)


def _task(execution: mlmd.Execution) -> str:
    name: str = execution.custom_properties["task_name"].string_value
    return name


def _parent(execution: mlmd.Execution) -> int:
    number: int = execution.custom_properties[PARENT].int_value
    return number


def _time(record: Any) -> datetime:
    return datetime.fromtimestamp(record.create_time_since_epoch / 1000, UTC)
