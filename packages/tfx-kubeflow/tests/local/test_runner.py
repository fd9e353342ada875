"""Packages of small pipelines, whose executors run in this process unless the test says so."""

import io
import json
from contextlib import redirect_stderr
from pathlib import Path

import pytest
from kubeflow_cases import penguins, pipelines
from kubeflow_cases.endings import Content, Fail, Goodbye
from tfx import v1
from tfx.orchestration.kubeflow.decorators import FinalStatusStr
from tfx_kubeflow.local.process import Ended, in_subprocess
from tfx_kubeflow.local.record import State, read_record
from tfx_kubeflow.local.runner import RunFailedError, run_locally
from tfx_kubeflow.protocol import ENTRYPOINT
from tfx_kubeflow.runner import KubeflowRunner
from tfx_kubeflow.settings import KubeflowSettings
from tfx_kubeflow.steps.entrypoint import main as entrypoint
from tfx_kubeflow.storage import uris


def in_process(command, say):
    """Runs a step's own entrypoint, without the seconds that a process takes to import TFX."""
    arguments = list(command.arguments[len(ENTRYPOINT) :])
    with redirect_stderr(io.StringIO()) as words:
        code = entrypoint(arguments)
    for line in words.getvalue().splitlines():
        say(line)
    return Ended(code, 1)


def compiled(folder, *nodes, handler=None, **arguments):
    runner = KubeflowRunner(KubeflowSettings(image="python"), str(folder))
    if handler is not None:
        runner.set_exit_handler(handler)
    runner.run(pipelines.pipeline(*nodes, **arguments))
    return runner.package_path("small")


def ran(folder, *nodes, launch=in_process, values=None, **arguments):
    package = compiled(folder, *nodes, **arguments)
    try:
        return run_locally(package, folder / "root", values, launch)
    except RunFailedError as error:
        return error.record


def states(record):
    return {step.task: str(step.state) for step in record.steps}


def write(**changes):
    return pipelines.Write(**{"number": 1, "name": "a", "share": 0.5, **changes})


def said(node):
    return node.outputs["report"].future()[0].custom_property("said")


def test_a_run_is_recorded_beside_its_artifacts(tmp_path):
    number = v1.dsl.experimental.RuntimeParameter("number", int, 1)
    record = ran(tmp_path, write(number=number), values={"number": 3})
    assert read_record(tmp_path / "root/small" / record.run_id) == record
    (step,) = record.steps
    assert (record.state, step.state, step.peak_memory_bytes) == ("SUCCEEDED", "SUCCEEDED", 1)
    assert record.parameters == {"number": 3}
    artifact = step.artifacts["report"]
    assert artifact.metadata["said"] == "3 a 0.5"
    # As on a cluster: root, pipeline, run, task, attempt, output.
    assert artifact.uri == f"{record.folder}/write/1/report"


def test_a_default_holds_where_a_run_gives_no_value(tmp_path):
    number = v1.dsl.experimental.RuntimeParameter("number", int, 7)
    (step,) = ran(tmp_path, write(number=number)).steps
    assert step.artifacts["report"].metadata["said"] == "7 a 0.5"


@pytest.mark.parametrize(
    "name", ["it's me", "a && b || !(c)", r"C:\new", "{{workflow.name}}", "日本", "'"]
)
def test_a_condition_takes_any_text(tmp_path, name):
    first = write(name=name)
    with v1.dsl.Cond(said(first) == f"1 {name} 0.5"):
        second = pipelines.Read(report=first.outputs["report"])
    with v1.dsl.Cond(said(first) != f"1 {name} 0.5"):
        third = pipelines.Read(report=first.outputs["report"]).with_id("Third")
    found = states(ran(tmp_path, first, second, third))
    assert found == {"write": "SUCCEEDED", "read": "SUCCEEDED", "third": "SKIPPED"}


def test_what_follows_a_skipped_step_is_skipped_and_the_run_succeeds(tmp_path):
    first = write()
    with v1.dsl.Cond(said(first) == "nothing"):
        second = pipelines.Read(report=first.outputs["report"])
    third = write().with_id("Third")
    third.add_upstream_node(second)
    fourth = pipelines.Read(report=third.outputs["report"]).with_id("Fourth")
    record = ran(tmp_path, first, second, third, fourth)
    assert record.state is State.SUCCEEDED
    assert states(record) == {
        "write": "SUCCEEDED",
        "read": "SKIPPED",
        "third": "SKIPPED",
        "fourth": "SKIPPED",
    }
    assert record.step("third").cause == "follows read, which was skipped"


def test_a_property_that_is_missing_fails_the_run(tmp_path):
    first = write()
    with v1.dsl.Cond(first.outputs["report"].future()[0].custom_property("none") == 1):
        second = pipelines.Read(report=first.outputs["report"])
    record = ran(tmp_path, first, second)
    assert (record.state, states(record)["read"]) == ("FAILED", "FAILED")
    assert "no such key: none" in record.cause


def told(record):
    lines = Path(record.step("goodbye").log).read_text().splitlines()
    return next(json.loads(line) for line in lines if line.startswith("{"))


def test_an_exit_handler_is_told_of_a_success(tmp_path):
    record = ran(tmp_path, write(), handler=Goodbye(final_status=FinalStatusStr()))
    assert states(record) == {"write": "SUCCEEDED", "goodbye": "SUCCEEDED"}
    status = told(record)
    assert status["state"] == "SUCCEEDED"
    assert status["pipelineJobResourceName"] == record.run_id


def test_an_exit_handler_runs_after_a_failure_and_the_run_has_failed(tmp_path):
    fail = Fail(reason="no\nreason")
    after = write()
    after.add_upstream_node(fail)
    record = ran(tmp_path, fail, after, handler=Goodbye(final_status=FinalStatusStr()))
    assert states(record) == {"fail": "FAILED", "goodbye": "SUCCEEDED", "write": "NOT_RUN"}
    assert told(record)["state"] == "FAILED"
    assert record.state is State.FAILED
    assert record.cause == "fail failed: ValueError: no reason"


def test_a_failure_names_the_step_its_cause_and_the_logs(tmp_path):
    package = compiled(tmp_path, Fail(reason="because"))
    with pytest.raises(RunFailedError, match=r"fail failed: ValueError: because; .*root/small/"):
        run_locally(package, tmp_path / "root", launch=in_process)


def test_a_step_gets_an_artifact_under_each_of_its_names(tmp_path):
    first = write()
    compare = pipelines.Compare(first=first.outputs["report"], second=first.outputs["report"])
    record = ran(tmp_path, first, compare)
    assert Path(record.step("compare").artifacts["number"].uri).read_text() == "1"


def test_the_value_of_a_step_is_the_parameter_of_another(tmp_path):
    count = pipelines.Count(start=3)
    record = ran(tmp_path, count, write(number=count.outputs["number"].future()[0].value))
    assert record.step("write").artifacts["report"].metadata["said"] == "4 a 0.5"


def test_a_resolver_without_earlier_runs_finds_nothing(tmp_path):
    latest = v1.dsl.Resolver(
        strategy_class=v1.dsl.experimental.LatestArtifactStrategy,
        report=v1.dsl.Channel(type=pipelines.Report),
    ).with_id("Latest")
    record = ran(tmp_path, latest, Content(report=latest.outputs["report"]))
    assert states(record) == {"latest": "SUCCEEDED", "content": "SUCCEEDED"}


def test_a_container_needs_its_image(tmp_path):
    greet = v1.dsl.experimental.create_container_component("Greet", image="i", command=["true"])
    record = ran(tmp_path, greet(), launch=in_subprocess)
    assert record.cause.endswith("needs its image: run it with --docker")


def test_an_output_has_the_properties_that_the_pipeline_gives_it(tmp_path):
    first = write()
    first.outputs["report"].additional_custom_properties["stage"] = "beta"
    with v1.dsl.Cond(first.outputs["report"].future()[0].custom_property("stage") == "beta"):
        second = pipelines.Read(report=first.outputs["report"])
    record = ran(tmp_path, first, second)
    assert record.step("write").artifacts["report"].metadata["stage"] == "beta"
    assert states(record)["read"] == "SUCCEEDED"


def imported(source):
    found = v1.dsl.Importer(source_uri=source, artifact_type=pipelines.Report).with_id("Found")
    return found, pipelines.Read(report=found.outputs["result"])


def test_what_an_importer_cannot_find_fails_the_run(tmp_path):
    record = ran(tmp_path, *imported("s3://none/such"))
    assert states(record) == {"read": "NOT_RUN"}
    assert record.cause.startswith("found failed: a local run fetches nothing, and s3://none/")
    assert not Path("/s3/none").exists()


def test_an_importer_takes_what_is_where_kfp_puts_it(tmp_path, monkeypatch):
    monkeypatch.setitem(uris.MOUNTS, "s3://", f"{tmp_path}/s3/")
    (tmp_path / "s3/b/m").mkdir(parents=True)
    assert states(ran(tmp_path, *imported("s3://b/m"))) == {"read": "SUCCEEDED"}


def test_an_importer_takes_a_path_that_a_run_gives(tmp_path):
    where = v1.dsl.experimental.RuntimeParameter("where", str, "s3://b/m")
    record = ran(tmp_path, *imported(where), values={"where": str(tmp_path)})
    assert states(record) == {"read": "SUCCEEDED"}


def test_two_runs_keep_apart(tmp_path):
    package = compiled(tmp_path, write())
    one, other = (run_locally(package, tmp_path / "root", launch=in_process) for _ in range(2))
    assert one.step("write").artifacts["report"].uri != other.step("write").artifacts["report"].uri


def test_an_interrupt_ends_the_step_and_is_recorded(tmp_path):
    package = compiled(tmp_path, write())

    def interrupted(command, say):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_locally(package, tmp_path / "root", launch=interrupted)
    (folder,) = (tmp_path / "root/small").iterdir()
    record = read_record(folder)
    assert (record.state, states(record)) == ("CANCELED", {"write": "CANCELED"})


@pytest.mark.slow
@pytest.mark.integration
def test_tfx_penguin_runs_from_data_to_a_pushed_model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    serving = tmp_path / "serving"
    # The example's tuner_fn builds tf_keras models, which keras-tuner on Keras 3 refuses.
    pipeline = pipelines.penguin(
        penguins.write_penguins(tmp_path / "data"), serving, enable_tuning=False
    )
    KubeflowRunner(KubeflowSettings(image="python"), str(tmp_path)).run(pipeline)
    record = run_locally(tmp_path / "penguin.yaml", tmp_path / "lib/python3.11/root")
    (version,) = serving.glob("[0-9]*")
    assert version.name.isdigit()
    assert (version / "saved_model.pb").exists()
    pushed = record.step("pusher").artifacts["pushed_model"].metadata
    assert pushed["pushed"] == 1
    assert pushed["pushed_destination"] == str(version)
    assert record.step("evaluator").artifacts["blessing"].metadata["blessed"] == 1
