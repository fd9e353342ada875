import pytest
from kubeflow_cases.buckets import write
from kubeflow_cases.failed_runs import detail, explained, failed_run
from kubeflow_cases.fake_server import FakeServer
from tfx.dsl.io import fileio
from tfx_kubeflow.client.connection import Connection
from tfx_kubeflow.client.tasks import Task, TaskState


def test_a_failure_is_the_executors_own_last_words(server, connection):
    pod = "small-x-system-container-impl-1"
    server.logs[pod] = (
        "2026 INFO training\nTraceback ...\nTrainer failed: ValueError: loss is NaN\n"
        "F1122 07:16:23.000000 23 main.go:77] failed to execute component: exit status 1\n"
        'time="2026" level=info msg="sub-process exited"\n'
    )
    failed_run(
        server,
        [
            detail("", "FAILED", "nobody"),
            detail("root", "FAILED"),
            detail("executor", "FAILED", pod),
            detail("trainer", "FAILED", children=["small-x-system-container-driver-2", pod], end=5),
            detail("trainer", "FAILED", end=9),
            detail("pusher", "SKIPPED"),
        ],
    )
    (failure,) = explained(connection)
    assert failure.task == "trainer"
    assert failure.cause == "Trainer failed: ValueError: loss is NaN"
    assert failure.command == f"curl {server.url}/apis/v1alpha1/runs/run-1/nodes/{pod}/log"


LAUNCHER = "I1122 07:16:20.000000 23 launcher_v2.go:449] starts\n"


@pytest.mark.parametrize(
    ("log", "cause"),
    [
        (
            "step 7\nF1122 07:16:23.0 23 main.go:77] failed to execute component: signal: killed\n",
            "its process was stopped (signal: killed), perhaps for want of memory; "
            "its last line: step 7",
        ),
        (
            "step 7\n",  # the launcher went as well
            "its container was stopped from outside, perhaps for want of memory; "
            "its last line: step 7",
        ),
        ("no such file\nF1122 07:16:23.0 23 main.go:77] exit status 2\n", "no such file"),
        (
            "no such file\nF1122 07:16:23.0 23 main.go:77] exit status 1\n"
            'time=2026-11-26T18:25:47.760Z level=INFO msg="sub-process exited" argo=true\n'
            "Error: exit status 1\n",  # Argo's
            "no such file",
        ),
    ],
)
def test_a_process_without_last_words_is_told_from_one_that_failed(server, connection, log, cause):
    server.logs["pod"] = LAUNCHER + log
    failed_run(server, [detail("trainer", "FAILED", "pod")])
    assert explained(connection)[0].cause == cause


def test_a_failed_driver_is_told_from_the_task(server, connection):
    server.logs["small-x-3480062731"] = (
        'I1122 10:03:14.811000 16 main.go:90] input ComponentSpec:{\n  "a": 1\n}\n'
        "F1122 10:03:14.811525 16 main.go:127] KFP driver: driver.Container(pipelineName=p, "
        'component="comp-trainer") failed: failed to lookup existing execution: none\n'
        'time=2026-11-22T10:03:15.676Z level=ERROR msg="cannot save parameter"\n'
        "Error: exit status 1\n"
    )
    failed_run(
        server,
        [
            detail("trainer", None),
            detail("trainer-driver", "FAILED", children=["small-x-3480062731"]),
            detail("trainer-driver(0)", "FAILED", children=["small-x-1"]),
        ],
    )
    (failure,) = explained(connection)
    assert failure.task == "trainer"
    assert failure.cause == "KFP's driver: failed to lookup existing execution: none"


def test_a_task_without_log_names_its_driver_and_the_command(server, connection, monkeypatch):
    monkeypatch.delenv("MINIO_ENDPOINT", raising=False)
    failed_run(server, [detail("trainer", "FAILED")])
    (failure,) = explained(connection)
    assert "its driver failed, or its pod never started" in failure.cause
    assert "-l pipeline/runid=run-1" in failure.command


def test_tasks_of_inner_pods_are_followed(server, connection):
    server.logs["impl"] = "ValueError: deep\n"
    outer = detail("trainer", "FAILED")
    outer["child_tasks"] = [{"task_id": "id-inner"}]
    failed_run(server, [outer, detail("inner", "FAILED", "impl")])
    assert explained(connection)[0].cause == "ValueError: deep"


def test_a_run_whose_version_is_gone_is_explained_by_its_tasks(server, connection):
    failed_run(server, [detail("trainer", "FAILED", "pod"), detail("executor", "FAILED")])
    server.logs["pod"] = "bad\n"
    run = server.runs["run-1"]
    del run["pipeline_spec"]
    assert [failure.task for failure in explained(connection)] == ["trainer"]
    run["pipeline_version_reference"] = {"pipeline_id": "p", "pipeline_version_id": "gone"}
    assert [failure.task for failure in explained(connection)] == ["trainer"]


def test_a_task_that_failed_after_argo_compressed_the_nodes_is_explained(server, connection):
    server.logs["pod-2"] = "Pusher failed: OSError: disk full\n"
    failed_run(server, [detail("root", "RUNNING"), detail("trainer-driver", "RUNNING")])
    assert explained(connection) == []
    succeeded = Task("trainer", TaskState.SUCCEEDED)
    pusher = Task("pusher", TaskState.FAILED, "main: Error (exit code 1)", ("pod-1", "pod-2"))
    (failure,) = explained(connection, [succeeded, pusher])
    assert (failure.task, failure.cause) == ("pusher", "Pusher failed: OSError: disk full")
    assert "logs pod-2 -c main" in failure.command
    server.logs.clear()
    assert explained(connection, [pusher])[0].cause == "main: Error (exit code 1)"


DUMP = 'I1122 07:16:24.0 23 launcher_v2.go:1230] ExecutorOutput: {\n  "artifacts": {\n  }\n}\n'


@pytest.mark.parametrize(
    "message",
    [
        "failed to publish execution with error rpc error: code = Unavailable desc = connection "
        "error: dial tcp 10.0.0.1:8887: connect: connection refused",
        "failed to execute component: failed to pre-publish Pod info to ML Metadata: rpc error: "
        "code = Unavailable desc = EOF",
    ],
)
def test_a_launcher_that_could_not_record_is_the_cause(server, connection, message):
    fatal = f"F1122 07:16:25.000000 23 main.go:83] {message}\n"
    server.logs["pod"] = f"{LAUNCHER}step 7\n{DUMP}{fatal}"
    failed_run(server, [detail("trainer", "FAILED", "pod")])
    cause = explained(connection)[0].cause
    assert cause == (
        f"KFP's launcher: {message.removeprefix('failed to execute component: ')}. A service of "
        "Kubeflow Pipelines was away when the step was to be recorded; a new run takes what is "
        "done from the cache"
    )


def test_a_launcher_that_failed_for_another_reason_says_that_alone(server, connection):
    fatal = "F1122 07:16:25.0 23 main.go:83] failed to upload output artifact: access denied\n"
    server.logs["pod"] = f"{LAUNCHER}step 7\n{DUMP}{fatal}"
    failed_run(server, [detail("trainer", "FAILED", "pod")])
    assert explained(connection)[0].cause == (
        "KFP's launcher: failed to upload output artifact: access denied"
    )


def test_a_stored_log_is_looked_for_in_the_tasks_own_folder_only(
    server, connection, tmp_path, monkeypatch
):
    failed_run(server, [detail("trainer", "FAILED")])
    server.runs["run-1"]["runtime_config"]["pipeline_root"] = str(tmp_path)
    log = tmp_path / "small/run-1/trainer/attempt/executor-logs-0"
    log.parent.mkdir(parents=True)
    log.write_text("Trainer failed: ValueError: stored\n")
    walked, walk = [], fileio.walk
    monkeypatch.setattr(fileio, "walk", lambda place: walked.append(place) or walk(place))
    assert explained(connection)[0].cause == "Trainer failed: ValueError: stored"
    assert walked == [f"{tmp_path}/small/run-1/trainer"]


def test_a_failures_last_words_come_from_the_store_when_the_pod_is_gone(bucket, tmp_path):
    server = FakeServer()
    try:
        words = "INFO x\nTrainer failed: OSError: disk full\n"
        write(bucket, **{"root__small__run-1__trainer__try__executor-logs-0": words})
        failed_run(server, [detail("trainer", "FAILED", "gone")])
        server.runs["run-1"]["runtime_config"]["pipeline_root"] = f"{bucket}/root"
        (failure,) = explained(Connection(server.url))
    finally:
        server.close()
    assert failure.cause == "Trainer failed: OSError: disk full"
