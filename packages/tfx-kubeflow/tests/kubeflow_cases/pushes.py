"""Models to push, and a push of one."""

import json

from kubeflow_cases.saved_models import saved_model
from kubeflow_cases.steps import BLESSING, MODEL, TYPES
from tfx.components.pusher import executor as pusher_executor
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.proto.orchestration import pipeline_pb2
from tfx_kubeflow.metadata.artifacts import make_artifact
from tfx_kubeflow.steps import push


def model(folder, weights="w"):
    saved_model(folder / "Format-Serving", weights=weights)
    return folder


def pushed(
    tmp_path, base, source, blessed=1, executor=pusher_executor.Executor, told=None, **properties
):
    told = told or {"blessed": blessed}
    archive = make_artifact(f"{TYPES}PushedModel", str(tmp_path / "out"), "p", {})
    outputs = {"pushed_model": [archive]}
    inputs = {
        "model": [make_artifact(MODEL, str(source), "1", {})],
        "model_blessing": [make_artifact(BLESSING, "/b", "2", told)],
    }
    destination = {"filesystem": {"base_directory": str(base)}}
    context = BaseExecutor.Context(
        tmp_dir=str(tmp_path),
        unique_id="1",
        pipeline_info=pipeline_pb2.PipelineInfo(id="taxi"),
        pipeline_run_id="run-1",
    )
    properties["push_destination"] = json.dumps(destination)
    push.push(executor(context), inputs, outputs, properties)
    return outputs["pushed_model"][0]
