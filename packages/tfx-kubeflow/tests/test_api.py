import kfp_server_api as api
import pytest
from kubeflow_cases import pipelines
from kubeflow_cases.failed_runs import detail, explained, failed_run
from kubeflow_cases.fake_server import FakeServer
from tfx import v1
from tfx_kubeflow.client.connection import Connection, ServerError
from tfx_kubeflow.client.pipelines import Pipelines
from tfx_kubeflow.client.runs import Runs, typed_parameters
from tfx_kubeflow.client.schedules import DUE, Schedule, Schedules, trigger
from tfx_kubeflow.command import main as command
from tfx_kubeflow.runner import KubeflowRunner
from tfx_kubeflow.settings import KubeflowSettings, NodeSettings, Volume


@pytest.fixture
def server():
    server = FakeServer()
    yield server
    server.close()


@pytest.fixture
def connection(server):
    return Connection(server.url)


def parameter(name, kind, default=None):
    return v1.dsl.experimental.RuntimeParameter(name, kind, default)


@pytest.fixture
def package(tmp_path):
    write = pipelines.Write(
        number=parameter("number", int, 1),
        name=parameter("scheduled_time", str, ""),
        share=0.5,
    )
    settings = KubeflowSettings(
        image="i",
        pipeline_root="s3://bucket/root",
        defaults=NodeSettings(volumes=(Volume(claim="c", mount_path="/c"),)),
    )
    runner = KubeflowRunner(settings, str(tmp_path))
    runner.run(pipelines.pipeline(write))
    return runner.package_path("small")


def test_versions_on_update_and_deletion_with_versions_first(server, connection, package):
    found = Pipelines(connection)
    pipeline_id = found.create("small", package)
    with pytest.raises(ServerError, match="exists; use `tfx pipeline update`"):
        found.create("small", package)
    assert found.update("small", package)[0] == pipeline_id
    assert len(server.versions) == 2
    assert found.newest(pipeline_id).display_name.startswith("small-2")
    assert [item.display_name for item in found.all()] == ["small"]
    assert found.delete("small") == 2
    assert not server.pipelines
    with pytest.raises(ServerError, match="no pipeline 'small'; there are: none"):
        found.id("small")


def test_a_pipeline_without_versions_says_what_to_do(server, connection, package):
    pipeline_id = Pipelines(connection).create("small", package)
    server.versions.clear()
    with pytest.raises(ServerError, match="use `tfx pipeline update`"):
        Pipelines(connection).newest(pipeline_id)


def test_everything_is_found_over_several_pages(server, connection, package):
    server.page = 2
    for number in range(5):
        Pipelines(connection).create(f"p{number}", package)
    assert Pipelines(connection).id("p4")
    assert len(Pipelines(connection).all()) == 5


def test_a_run_gets_root_and_typed_parameters(server, connection, package):
    Pipelines(connection).create("small", package)
    run = Runs(connection).create("small", {"number": "7"})
    body = server.runs[run.run_id]
    assert body["runtime_config"]["pipeline_root"] == "s3://bucket/root"
    assert body["runtime_config"]["parameters"] == {"number": 7}
    assert body["pipeline_version_reference"]["pipeline_version_id"] in server.versions
    assert [item.run_id for item in Runs(connection).of("small")] == [run.run_id]
    Runs(connection).terminate(run.run_id)
    assert Runs(connection).get(run.run_id).state == "CANCELING"
    Runs(connection).delete(run.run_id)
    with pytest.raises(ServerError, match=r"refused: Run .* not found"):
        Runs(connection).get(run.run_id)


SPEC = {
    "root": {
        "inputDefinitions": {
            "parameters": {
                "n": {"parameterType": "NUMBER_INTEGER", "defaultValue": 1},
                "x": {"parameterType": "NUMBER_DOUBLE", "isOptional": True},
                "must": {"parameterType": "STRING"},
            }
        }
    }
}


def test_parameters_are_checked_before_the_server_sees_them():
    assert typed_parameters(SPEC, {"n": "2", "x": "0.5", "must": "7"}) == {
        "n": 2,
        "x": 0.5,
        "must": "7",
    }
    for given, message in (
        ({"must": "a", "nn": "1"}, "no runtime parameter 'nn'; the pipeline has: must, n, x"),
        ({"must": "a", "n": "1.5"}, "n: '1.5' is no NUMBER_INTEGER"),
        ({}, "must: without a default"),
    ):
        with pytest.raises(ServerError, match=message):
            typed_parameters(SPEC, given)


def test_where_there_are_several_users_the_namespace_is_theirs(package):
    server = FakeServer(multi_user=True)
    try:
        connection = Connection(server.url, namespace="energy")
        Pipelines(connection).create("small", package)
        assert {item.namespace for item in server.experiments.values()} == {"energy"}
        assert Pipelines(connection).id("small")
    finally:
        server.close()


def test_a_server_that_is_down_says_how_to_name_another(monkeypatch):
    monkeypatch.setenv("KFP_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ServerError, match=r"127\.0\.0\.1:9.*--endpoint"):
        Connection(None)


# Failures


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


# Schedules


def test_a_schedule_from_creation_to_deletion(server, connection, package):
    Pipelines(connection).create("small", package)
    schedules = Schedules(connection)
    made = schedules.create(
        "small", Schedule("nightly", cron="15 3 * * *", parameters={"number": "2"})
    )
    body = server.recurring[made.recurring_run_id]
    assert body["trigger"]["cron_schedule"]["cron"] == "0 15 3 * * *"
    assert body["no_catchup"] is True
    assert int(body["max_concurrency"]) == 1
    assert body["runtime_config"]["parameters"] == {"number": 2, "scheduled_time": DUE}
    assert body["runtime_config"]["pipeline_root"] == "s3://bucket/root"
    with pytest.raises(ServerError, match="schedule 'nightly' exists"):
        schedules.create("small", Schedule("nightly", interval=3600))
    schedules.pause("small", "nightly")
    assert server.recurring[made.recurring_run_id]["status"] == "DISABLED"
    schedules.resume("small", made.recurring_run_id)
    assert server.recurring[made.recurring_run_id]["status"] == "ENABLED"
    again = schedules.replace(
        "small",
        Schedule(
            made.recurring_run_id,
            interval=3600,
            parameters={"scheduled_time": "at [[ScheduledTime]]"},
        ),
    )
    assert again.display_name == "nightly"
    assert set(server.recurring) == {again.recurring_run_id}
    body = server.recurring[again.recurring_run_id]
    assert body["runtime_config"]["parameters"] == {"scheduled_time": f"at {DUE}"}
    schedules.delete("small", "nightly")
    with pytest.raises(ServerError, match="no schedule 'nightly' of small; there are: none"):
        schedules.pause("small", "nightly")


def test_a_refused_replacement_leaves_the_old_schedule(server, connection, package):
    Pipelines(connection).create("small", package)
    made = Schedules(connection).create("small", Schedule("hourly", interval=3600))
    with pytest.raises(ServerError, match="at least 60 seconds"):
        Schedules(connection).replace("small", Schedule("hourly", interval=1))
    assert set(server.recurring) == {made.recurring_run_id}


def test_when_runs_start():
    assert trigger("*/5 * * * *", None) == {"cron_expression": "0 */5 * * * *"}
    assert trigger("30 */5 * * * *", None) == {"cron_expression": "30 */5 * * * *"}
    assert trigger(None, 60) == {"interval_second": 60}
    for cron, interval in ((None, None), ("* * * * *", 60), ("daily", None)):
        with pytest.raises(ServerError):
            trigger(cron, interval)


def test_the_fake_speaks_kfps_own_shapes(server, connection):
    healthy = connection.client.get_kfp_healthz()
    assert isinstance(healthy, api.V2beta1GetHealthzResponse)


def test_the_schedule_command(server, connection, package, capsys):
    Pipelines(connection).create("small", package)

    def run(*arguments, code=0):
        assert command.main(["schedule", *arguments, f"--endpoint={server.url}"]) == code
        done = capsys.readouterr()
        return done.err if code else done.out

    assert run("list", "small") == "small: no schedule\n"
    out = run("create", "small", "nightly", "--cron=15 3 * * *", "-p", "number=3")
    assert out.startswith("nightly: cron '0 15 3 * * *' UTC, ENABLED, id recurring-")
    ((recurring_id, body),) = server.recurring.items()
    assert body["runtime_config"]["parameters"]["number"] == 3
    assert run("pause", "small", "nightly") == "nightly: paused\n"
    assert "DISABLED" in run("list", "small")
    assert run("resume", "small", "nightly") == "nightly: resumed\n"
    assert "every 3600 s" in run("replace", "small", "nightly", "--every=3600")
    assert recurring_id not in server.recurring
    assert run("delete", "small", "nightly") == "nightly: deleted\n"
    assert "there are: none" in run("delete", "small", "nightly", code=1)
    wrong = run("create", "small", "x", "--every=3600", "-p", "number", code=1)
    assert "expected NAME=VALUE" in wrong
