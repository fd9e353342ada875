"""What Argo's nodes say of tasks; the shapes are those of recorded runs."""

import base64
import gzip
import json

import pytest
from kubeflow_cases.recorded_runs import RecordedRun
from tfx_kubeflow.client.tasks import FALSE_CONDITION, WAITS_FOR_OTHERS, Task, TaskState, tasks

NAMES = iter(range(10**6))
DAGS = {"trainer": "DAG", "executor": "Retry"}


def node(name, phase, kind="Pod", template="system-container-impl", message="", begin=0, end=None):
    number = next(NAMES)
    return {
        "id": f"run-x-{number}",
        "name": f"run-x(0).root(0).{name}",
        "type": kind,
        "templateName": template,
        "phase": phase,
        "message": message,
        "startedAt": f"2026-11-26T03:00:{begin:02}Z",
        "finishedAt": None if end is None else f"2026-11-26T03:00:{end:02}Z",
    }


def workflow(*nodes, **annotations):
    metadata = {"name": "run-x", "annotations": annotations}
    return {"metadata": metadata, "status": {"nodes": {item["id"]: item for item in nodes}}}


def only(*nodes, name="trainer"):
    (task,) = tasks({"root": {"dag": {"tasks": {name: {}}}}}, workflow(*nodes))
    return task


DRIVER = node("trainer-driver(0)", "Succeeded", template="system-container-driver", end=3)
RUNS = node("trainer(0)", "Running", "DAG", begin=3)


def test_nothing_is_known_of_a_run_that_was_not_reported_yet():
    assert tasks({"root": {"dag": {"tasks": {"trainer": {}}}}}, {}) == [Task("trainer")]
    assert tasks({}, {}) == []


def test_a_pod_that_waits_for_a_node_says_so():
    pod = node("trainer(0).executor(0)", "Pending", message="Unschedulable: 1 Insufficient cpu")
    task = only(DRIVER, RUNS, pod)
    assert (task.state, task.message) == (TaskState.STARTING, "Unschedulable: 1 Insufficient cpu")


def test_another_attempt_after_a_deleted_pod():
    lost = node("trainer(0).executor(0)", "Error", message="pod deleted", begin=4, end=9)
    again = node("trainer(0).executor(1)", "Running", begin=10)
    task = only(DRIVER, RUNS, again, lost)
    assert (task.state, task.message, task.lost) == (TaskState.RUNNING, "", "pod deleted")
    assert task.pods == tuple(
        f"run-x-system-container-impl-{item['id'].rpartition('-')[2]}" for item in (lost, again)
    )


def test_a_deleted_pod_of_the_driver_is_the_cause():
    driver = node("trainer-driver(0)", "Error", message="pod deleted")
    omitted = node("trainer", "Omitted", "Skipped", message="omitted: depends condition not met")
    task = only(driver, omitted)
    assert (task.state, task.message) == (TaskState.FAILED, "KFP's driver: pod deleted")


@pytest.mark.parametrize(
    ("phase", "cause"), [("Skipped", FALSE_CONDITION), ("Omitted", WAITS_FOR_OTHERS)]
)
def test_a_skipped_task_says_why_and_takes_no_time(phase, cause):
    task = only(DRIVER, node("trainer", phase, "Skipped"))
    assert (task.state, task.message, task.seconds) == (TaskState.SKIPPED, cause, 0.0)


def test_pods_have_the_names_that_an_older_argo_gives_them():
    pod = node("trainer(0).executor(0)", "Running")
    old = {"workflows.argoproj.io/pod-name-format": "v1"}
    (task,) = tasks({"root": {"dag": {"tasks": {"trainer": {}}}}}, workflow(RUNS, pod, **old))
    assert task.pods == (pod["id"],)


def test_an_exit_handler_is_a_task_although_argo_runs_it_as_a_hook():
    hook = "tfx-dag.onExit(0).trainer"
    task = only(
        node(f"{hook}(0)", "Succeeded", "DAG", end=9),
        node(f"{hook}(0).executor(0)", "Succeeded", end=8),
    )
    assert task.state is TaskState.SUCCEEDED
    assert len(task.pods) == 1


def test_of_a_run_whose_version_is_gone_the_tasks_are_those_that_began():
    run = RecordedRun("rejected")
    whole = tasks(run.spec, run.workflow(1e6))
    assert tasks({}, run.workflow(1e6)) == [
        task for task in whole if task.state is not TaskState.PENDING
    ]


def test_the_nodes_of_a_large_run_are_compressed():
    run = RecordedRun("rejected")
    plain = run.workflow(1e6)
    nodes = json.dumps(plain["status"]["nodes"]).encode()
    packed = base64.b64encode(gzip.compress(nodes)).decode()
    compressed = {**plain, "status": {"phase": "Failed", "compressedNodes": packed}}
    assert tasks(run.spec, compressed) == tasks(run.spec, plain)
    assert len(tasks(run.spec, plain)) == 17
