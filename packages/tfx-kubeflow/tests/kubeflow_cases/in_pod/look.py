"""Says what a run left behind: `python -c THIS '{"run": id, "serving": URI}'`.

Prints one line, `E2E` and JSON:
    steps: task -> state in ML Metadata, such as COMPLETE or CACHED
    artifacts: "task/output" -> {"uri", "type", "objects" (in the store), "properties"}
    inputs: "task/input" -> uri
    ancestors: types of all that the pushed model came from
    versions: what is served, newest first
    answer: what the newest version says when asked, if a trainer recorded requests with it
"""

import json
import os
import posixpath
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import ml_metadata
from google.protobuf import json_format
from ml_metadata.proto import metadata_store_pb2 as protos
from tfx.dsl.io import fileio
from tfx_kubeflow.storage import object_store, served_versions
from tfx_kubeflow.storage.files import copy_below, names_below
from tfx_kubeflow.storage.uris import is_null

OUTPUT = protos.Event.OUTPUT


def files(uri):
    return [posixpath.join(folder, name) for folder, _, names in fileio.walk(uri) for name in names]


def value_of(value):
    kind = value.WhichOneof("value")
    found = getattr(value, kind)
    return json_format.MessageToDict(found) if kind == "struct_value" else found


def properties(record):
    both = [*record.properties.items(), *record.custom_properties.items()]
    return {name: value_of(value) for name, value in both if value.WhichOneof("value")}


def key(event):
    return event.path.steps[0].key


def ask(version):
    if find_spec("tfx_pipeline") is None:  # the image is another pipeline's
        return None
    from tfx_pipeline.model_contract import REQUESTS_FILE
    from tfx_pipeline.serving.answer import check

    with tempfile.TemporaryDirectory() as folder:
        copy_below(version, names_below(version), Path(folder))
        if not (Path(folder) / REQUESTS_FILE).exists():
            return None
        return check(Path(folder)).model_dump(mode="json")


given = json.loads(sys.argv[1])
object_store.register()
store = ml_metadata.MetadataStore(
    protos.MetadataStoreClientConfig(
        host=os.environ["METADATA_GRPC_SERVICE_HOST"],
        port=int(os.environ["METADATA_GRPC_SERVICE_PORT"]),
    )
)
context = store.get_context_by_type_and_name("system.PipelineRun", given["run"])
executions = {item.id: item for item in store.get_executions_by_context(context.id)}
task = {number: properties(item).get("task_name", "") for number, item in executions.items()}
steps = {
    task[number]: protos.Execution.State.Name(item.last_known_state)
    for number, item in executions.items()
    if item.type == "system.ContainerExecution" and task[number]
}
events = store.get_events_by_execution_ids(list(executions))
records = {item.id: item for item in store.get_artifacts_by_id([e.artifact_id for e in events])}
containers = {n for n, item in executions.items() if item.type != "system.DAGExecution"}
artifacts, inputs, made_by, used_by = {}, {}, {}, {}
for event in events:
    if event.execution_id not in containers:
        continue
    record = records[event.artifact_id]
    name = f"{task[event.execution_id]}/{key(event)}"
    if event.type == OUTPUT:
        made_by[record.id] = event.execution_id
        artifacts[name] = {
            "uri": record.uri,
            "type": record.type,
            "objects": 0 if is_null(record.uri) else len(files(record.uri)),
            "properties": properties(record),
        }
    else:
        used_by.setdefault(event.execution_id, set()).add(record.id)
        inputs[name] = record.uri

ancestors = set()
waiting = [number for number, record in records.items() if record.type == "tfx.PushedModel"]
while waiting:
    number = waiting.pop()
    ancestors.add(records[number].type)
    if number in made_by:
        waiting += used_by.pop(made_by[number], ())

versions = served_versions.versions(given["serving"])
newest = posixpath.join(given["serving"], versions[0]) if versions else None
report = {
    "steps": steps,
    "artifacts": artifacts,
    "inputs": inputs,
    "ancestors": sorted(ancestors),
    "versions": versions,
    "answer": ask(newest) if newest else None,
}
print("E2E", json.dumps(report))
