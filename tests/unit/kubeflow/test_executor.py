"""The reporting step, on what a real Kubeflow Pipelines recorded of a run that was rejected."""

import datetime
import json
import re
from pathlib import Path

import ml_metadata as mlmd
import pytest
from kubeflow_cases.buckets import bucket, endpoint, write  # noqa: F401, fixtures
from kubeflow_cases.recorded_runs import RecordedRun
from kubeflow_cases.records import Recorded
from ml_metadata.proto import metadata_store_pb2
from tfx.types import standard_artifacts
from tfx.types.artifact import Artifact
from tfx_kubeflow.artifacts import Html, Metrics
from tfx_kubeflow.compiler.compile import compile_pipeline
from tfx_kubeflow.local.record import ArtifactRecord, RunRecord, StepRecord
from tfx_kubeflow.metadata.run_artifacts import RunArtifact, RunTask

from tests.support.summary import DATA, run_summary
from tfx_pipeline.data.raw.location import Location
from tfx_pipeline.data.summary import DATA_SUMMARY_FILE
from tfx_pipeline.kubeflow import executor as module
from tfx_pipeline.kubeflow.component import RunReport
from tfx_pipeline.kubeflow.executor import Executor, figures
from tfx_pipeline.kubeflow.records import UNKNOWN, run_of
from tfx_pipeline.pipeline import create_pipeline
from tfx_pipeline.report.run import NodeRun, Run
from tfx_pipeline.report.summary import SUMMARY_FILE, read_summary, write_summary
from tfx_pipeline.settings import load_settings

RUN = RecordedRun("rejected")
CREDENTIAL = "http://user:passw0rd@example.test/data.csv"  # pragma: allowlist secret


@pytest.fixture(scope="module")
def settings():
    return load_settings(["--profile=sample", "--kubeflow.serving_base=minio://b/serving"])


@pytest.fixture(scope="module")
def pipeline(settings):
    return create_pipeline(settings, Location("/data", "*.csv"), "", "minio://b/serving/power")


@pytest.fixture(scope="module")
def component(settings, pipeline):
    return RunReport(settings, pipeline)


@pytest.fixture
def given(component):
    """Exec properties as the step gets them, of a run that failed."""
    status = {"state": "FAILED", "pipelineJobUuid": RUN.id, "pipelineTaskName": "tfx-dag"}
    known = component.exec_properties
    return {key: known[key] for key in ("settings", "nodes")} | {"status": json.dumps(status)}


@pytest.fixture
def outputs(tmp_path):
    report, metrics = Html(), Metrics()
    folder = tmp_path / "power/run/run-report/1"
    report.uri, metrics.uri = str(folder / "report"), str(folder / "metrics")
    (folder / "metrics").mkdir(parents=True)
    return report, metrics


@pytest.fixture
def store():
    config = metadata_store_pb2.ConnectionConfig()
    config.fake_database.SetInParent()
    return mlmd.MetadataStore(config)


@pytest.fixture
def recorded(store, monkeypatch, tmp_path):
    """KFP's ML Metadata, and the log of the step that failed in the store."""
    RUN.put_into(store)
    monkeypatch.setattr(module, "metadata_store", lambda: store)
    log = tmp_path / "log"
    log.write_text(RUN.log("data-gate", 1e6))
    found = module.run_tasks

    def here(*arguments):
        return [_with_log(task, str(log)) for task in found(*arguments)]

    monkeypatch.setattr(module, "run_tasks", here)
    monkeypatch.setattr(module.files, "copy_artifact", lambda uri, folder: folder.mkdir())
    monkeypatch.setattr(module.files, "download", _gone)
    monkeypatch.setattr("tfx_pipeline.report.provenance._digest", lambda path: "0" * 16)


def _gone(uri, path):
    raise FileNotFoundError(uri)


def _with_log(task, log):
    if task.name != "data-gate":
        return task
    (item,) = task.outputs
    return RunTask(**{**vars(task), "outputs": [RunArtifact(**{**vars(item), "uri": log})]})


def reported(given, outputs):
    report, metrics = outputs
    Executor().Do({}, {"report": [report], "metrics": [metrics]}, given)
    return report.read()


def test_a_rejected_run_has_a_report_that_says_why(recorded, given, outputs):
    page = reported(given, outputs)
    assert page.startswith("<!doctype html>")
    assert "the data was rejected, nothing was trained on it" in page
    summary = read_summary(_folder(outputs))
    assert (summary.run_id, summary.state) == (RUN.id, "failed")
    assert summary.error.startswith("the data was rejected, nothing was trained on it: error:")
    states = {node.id: node.state for node in summary.nodes}
    assert states["CuratedSchema"] == "cached"
    assert states["StatisticsGen"] == "complete"
    assert states["DataGate"] == "failed"
    assert states["Trainer"] == states["Pusher"] == "not run"
    assert summary.serving_dir == f"minio://b/serving/{summary.pipeline}"


def test_nodes_have_what_their_tasks_and_importers_made_under_its_own_uri(recorded, given, outputs):
    reported(given, outputs)
    nodes = {node.id: node for node in read_summary(_folder(outputs)).nodes}
    (schema,) = nodes["CuratedSchema"].outputs
    assert schema.uri.startswith("minio://mlpipeline/v2/artifacts/e2e-60baf431/")
    (previous,) = nodes["PreviousStatistics"].outputs
    assert (previous.key, previous.type) == ("previous", "ExampleStatistics")


def test_of_the_examples_the_summary_alone_is_copied(bucket, tmp_path):  # noqa: F811
    write(bucket, **{"examples__Split-train__shard": "gigabytes"})
    for there in (False, True):
        if there:
            write(bucket, **{f"examples__{DATA_SUMMARY_FILE}": "{}"})
        examples = standard_artifacts.Examples()
        examples.uri = f"{bucket}/examples"
        node = NodeRun("PowerExampleGen", "complete", outputs={"examples": [examples]})
        remote = module._fetch(Run("r", tmp_path, [node]), tmp_path)  # noqa: SLF001
        assert remote == {examples.uri: f"{bucket}/examples"}
        copied = [path.name for path in tmp_path.rglob("*") if path.is_file()]
        assert copied == [DATA_SUMMARY_FILE] * there


def test_figures_are_what_kfp_shows(recorded, given, outputs):
    reported(given, outputs)
    assert _figures(outputs) == {"blessed": 0.0, "pushed": 0.0}


def test_figures_of_a_run_that_pushed():
    pushed = run_summary().model_copy(update={"pushed_version": "1"})
    found = figures(pushed)
    assert found["pushed"] == 1.0
    assert found["mse_ratio"] == pushed.evaluation.mse_ratio


def test_the_last_pushed_run_is_found_by_its_figures(recorded, store, given, outputs, tmp_path):
    known = Recorded(store, pipeline=load_settings(["--profile=sample"]).name)
    for name, pushed in (("old", 1.0), ("newer", 1.0), ("rejected", 0.0), (RUN.id, 1.0)):
        folder = tmp_path / f"earlier/{name}/metrics"
        folder.mkdir(parents=True)
        write_summary(run_summary().model_copy(update={"run_id": name}), folder)
        known.artifact("system.Metrics", str(folder), pushed=pushed)
    reported(given, outputs)
    assert read_summary(_folder(outputs)).since_blessed.run_id == "newer"


def test_what_goes_wrong_is_no_failure_of_the_run(given, outputs, monkeypatch):
    def away():
        raise OSError("<no answer>")

    monkeypatch.setattr(module, "metadata_store", away)
    assert "No report was made: &lt;no answer&gt;" in reported(given, outputs)
    assert _figures(outputs) == {}


def test_a_run_on_this_machine_has_its_record_instead_of_ml_metadata(given, outputs, monkeypatch):
    monkeypatch.setattr(module, "metadata_store", lambda: None)
    folder = Path(outputs[1].uri).parents[2]
    made = {"examples": ArtifactRecord(uri=str(folder), metadata={})}
    (folder / DATA_SUMMARY_FILE).write_text(DATA.model_dump_json())
    cause = "DataGate failed: DataRejectedError: the data was rejected"
    log = folder / "data-gate.txt"
    log.write_text(f"{cause}\n")
    steps = [
        StepRecord(task="power-example-gen", state="SUCCEEDED", seconds=2.0, artifacts=made),
        StepRecord(task="data-gate", state="FAILED", cause=cause, log=str(log)),
        StepRecord(task="trainer"),
        StepRecord(task="run-report", state="RUNNING"),
    ]
    now = datetime.datetime(2026, 11, 26, tzinfo=datetime.UTC)
    RunRecord(
        pipeline="power",
        run_id=RUN.id,
        folder=str(folder),
        started_at=now,
        parameters={},
        steps=steps,
    ).write()
    page = reported(given, outputs)
    assert "the data was rejected" in page
    summary = read_summary(_folder(outputs))
    assert summary.error == "the data was rejected"
    assert summary.data == DATA
    states = {node.id: node.state for node in summary.nodes}
    assert (states["PowerExampleGen"], states["DataGate"]) == ("complete", "failed")
    assert states["Trainer"] == "not run"


def test_a_run_that_no_step_explains_says_so(tmp_path):
    run = run_of("r", tmp_path, {"Trainer": {"inputs": {}, "outputs": {}}}, [], failed=True)
    assert str(run.error) == UNKNOWN
    assert [node.state for node in run.nodes] == ["not run"]


def test_the_package_holds_no_path_of_this_machine_and_no_credential(settings, pipeline, tmp_path):
    mine = load_settings(
        [
            *("--profile=sample", f"--outputs={tmp_path}", f"--serving.base={tmp_path}"),
            "--kubeflow.serving_base=minio://b/serving",
            f"--data.path={tmp_path}/data.csv",
        ]
    )
    text = RunReport(mine, pipeline).exec_properties["settings"]
    assert str(tmp_path) not in text
    pods = mine.kubeflow.model_copy(update={"data": CREDENTIAL})
    held = mine.model_copy(update={"kubeflow": pods})
    given = json.loads(RunReport(held, pipeline).exec_properties["settings"])
    assert "passw0rd" not in json.dumps(given["data"])


def test_it_is_the_exit_handler_of_the_package(settings, pipeline, component):
    spec, _ = compile_pipeline(pipeline, settings.kubeflow, component, None)
    root = spec["root"]["dag"]["tasks"]
    assert set(root) == {"tfx-dag", "run-report"}
    kinds = spec["components"]["comp-run-report"]["outputDefinitions"]["artifacts"]
    titles = {
        re.search("title: (.*)", kind["artifactType"]["instanceSchema"])[1]
        for kind in kinds.values()
    }
    assert titles == {"system.HTML", "system.Metrics"}


def _folder(outputs):
    folder = Path(outputs[1].uri)
    assert [path.name for path in folder.iterdir()] == [SUMMARY_FILE]
    return folder


def _figures(outputs: tuple[Artifact, ...]) -> dict[str, float]:
    properties = outputs[1].mlmd_artifact.custom_properties
    return {key: value.double_value for key, value in properties.items()}
