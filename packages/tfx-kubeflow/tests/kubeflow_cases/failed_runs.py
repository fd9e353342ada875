"""Runs of the fake server that failed."""

import datetime

from kubeflow_cases.fake_server import START
from tfx_kubeflow.client.failures import failures
from tfx_kubeflow.client.runs import Runs


def detail(name, state, pod="", children=(), end=0):
    return {
        "task_id": f"id-{name or pod}",
        "display_name": name,
        "state": state,
        "pod_name": pod,
        "end_time": (START + datetime.timedelta(seconds=end)).isoformat(),
        "child_tasks": [{"pod_name": child} for child in children],
    }


def failed_run(server, details, spec_tasks=("trainer", "pusher")):
    server.runs["run-1"] = {
        "run_id": "run-1",
        "experiment_id": "e",
        "display_name": "r",
        "state": "FAILED",
        "pipeline_spec": {
            "pipelineInfo": {"name": "small"},
            "root": {"dag": {"tasks": {name: {} for name in spec_tasks}}},
            "components": {},
        },
        "runtime_config": {"pipeline_root": "minio://mlpipeline/v2/artifacts"},
        "run_details": {"task_details": details},
    }


def explained(connection, tasks=()):
    run = Runs(connection).get("run-1")
    return failures(connection, run, Runs(connection).spec(run), tasks)
