"""Runs of a real Kubeflow Pipelines, replayed: as its API told of them while they ran."""

import datetime
import json
import re
from pathlib import Path
from typing import Any

from ml_metadata.proto import metadata_store_pb2

FOLDER = Path(__file__).parent
PHASES = {"Error": "FAILED", "Omitted": "SKIPPED"}

CLOCK = re.compile(
    r"(?:[IWEF](?!0000)\d{4}|\d{4}-\d\d-\d\d) (?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
)
"""Time of day at the begin of a line of a log."""


class RecordedRun:
    """A run of which everything is known, at any second of it.

    Args:
        name: Folder of the recording.
    """

    def __init__(self, name: str) -> None:
        self._folder = FOLDER / name
        self._workflow = json.loads((self._folder / "workflow.json").read_text())
        given = json.loads((self._folder / "spec.json").read_text())
        self.id: str = given["run_id"]
        self.spec: dict[str, Any] = given["pipeline_spec"]
        self.begin = _time(self._workflow["status"]["startedAt"])
        self.seconds = (_time(self._workflow["status"]["finishedAt"]) - self.begin).total_seconds()

    def log(self, task: str, second: float) -> str:
        """The log of a task's pod when so many seconds had passed."""
        now = self.begin + datetime.timedelta(seconds=second)
        written, shown = self.begin, ""
        for line in (self._folder / f"{task}.log").read_text().splitlines(keepends=True):
            clock = CLOCK.match(line)
            if clock:
                written = written.replace(**{k: int(v) for k, v in clock.groupdict().items()})
            shown += line if written <= now else ""
        return shown

    def workflow(self, second: float) -> dict[str, Any]:
        """Argo's Workflow when so many seconds had passed."""
        now = self.begin + datetime.timedelta(seconds=second)
        nodes = {
            key: _at(node, now)
            for key, node in self._workflow["status"]["nodes"].items()
            if _time(node["startedAt"]) <= now
        }
        phase = self._workflow["status"]["phase"] if second >= self.seconds else "Running"
        return {**self._workflow, "status": {"phase": phase, "nodes": nodes}}

    def details(self, second: float) -> list[dict[str, Any]]:
        """The tasks as KFP's own API lists them: one for each of Argo's nodes, without its id."""
        return [
            {
                "task_id": f"task-{number}",
                "display_name": node["displayName"],
                "state": PHASES.get(node["phase"], node["phase"].upper()),
                "end_time": node.get("finishedAt"),
                "child_tasks": [{"pod_name": child} for child in node.get("children", ())],
            }
            for number, node in enumerate(self.workflow(second)["status"]["nodes"].values())
        ]

    def put_into(self, store: Any) -> None:
        """Puts into ML Metadata what KFP put there."""
        recorded = json.loads((self._folder / "metadata.json").read_text())
        ids = {}
        for item in recorded["artifacts"]:
            kind = metadata_store_pb2.ArtifactType(name=item["type"])
            record = metadata_store_pb2.Artifact(
                type_id=store.put_artifact_type(kind), uri=item["uri"], state=item["state"]
            )
            _set_properties(record, item["properties"])
            (ids[item["id"]],) = store.put_artifacts([record])
        kind = metadata_store_pb2.ContextType(name="system.PipelineRun")
        context = metadata_store_pb2.Context(type_id=store.put_context_type(kind), name=self.id)
        (context_id,) = store.put_contexts([context])
        for item in recorded["executions"]:
            kind = metadata_store_pb2.ExecutionType(name=item["type"])
            record = metadata_store_pb2.Execution(
                type_id=store.put_execution_type(kind), last_known_state=item["state"]
            )
            _set_properties(record, item["properties"])
            (execution_id,) = store.put_executions([record])
            store.put_events(
                _output(execution_id, ids[made["artifact"]], made["key"])
                for made in item["outputs"]
            )
            link = metadata_store_pb2.Association(execution_id=execution_id, context_id=context_id)
            store.put_attributions_and_associations([], [link])


def _time(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)


def _at(node: dict[str, Any], now: datetime.datetime) -> dict[str, Any]:
    """A node as it was at a time."""
    if _time(node["finishedAt"]) <= now:
        return node
    running = {**node, "phase": "Running", "finishedAt": None}
    running.pop("message", None)
    return running


def _output(execution_id: int, artifact_id: int, key: str) -> metadata_store_pb2.Event:
    event = metadata_store_pb2.Event(
        execution_id=execution_id,
        artifact_id=artifact_id,
        type=metadata_store_pb2.Event.OUTPUT,
    )
    event.path.steps.add().key = key
    return event


def _set_properties(record: Any, properties: dict[str, Any]) -> None:
    for key, value in properties.items():
        target = record.custom_properties[key]
        if isinstance(value, str):
            target.string_value = value
        else:
            target.double_value = value
