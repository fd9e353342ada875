"""What is collected: complete for a full run, honest for a failed one."""

import json
from pathlib import Path

import pytest
from tfx.types import standard_artifacts

from tests.support.summary import DATA, run_summary
from tfx_pipeline.data.summary import DATA_SUMMARY_FILE, Timeline
from tfx_pipeline.report.collect import collect
from tfx_pipeline.report.run import COMPLETE, FAILED, NOT_RUN, NodeRun, Run
from tfx_pipeline.serving.report import ServingReport
from tfx_pipeline.settings import load_settings
from tfx_pipeline.training_record import FitRecord, Progress, TrialRecord, trials_to_json

TIMELINE = Timeline(
    target="power",
    unit="kW",
    periods=("2006-12-16 17:24",),
    period_seconds=86_400,
    observed_fraction=(1.0,),
    mean=(1.25,),
)
OF_ALL = DATA.model_copy(update={"timeline": TIMELINE})


def example_gen(folder: Path) -> NodeRun:
    examples = standard_artifacts.Examples()
    examples.uri = str(folder)
    (folder / DATA_SUMMARY_FILE).write_text(OF_ALL.model_dump_json())
    return NodeRun("PowerExampleGen", COMPLETE, 2.0, 1 << 30, {"examples": [examples]})


@pytest.fixture
def failed(tmp_path):
    error = RuntimeError("Trainer broke [while running 'x']")
    return Run(
        "2026-01-01",
        tmp_path,
        [example_gen(tmp_path), NodeRun("Trainer", FAILED, 1.0), NodeRun("Pusher", NOT_RUN)],
        total_seconds=12.5,
        peak_rss_bytes=1 << 30,
        error=error,
    )


def test_a_failed_run_says_what_it_reached(failed):
    summary = collect(load_settings([]), failed)
    assert summary.state == "failed"
    assert summary.error == "Trainer broke"
    assert summary.data == OF_ALL
    assert [node.state for node in summary.nodes] == ["complete", "failed", "not run"]
    assert summary.blessed is False
    assert summary.evaluation is None
    assert summary.pushed_version is None


def test_without_examples_nothing_is_known_of_the_data(failed, tmp_path):
    (tmp_path / DATA_SUMMARY_FILE).unlink()
    assert collect(load_settings([]), failed).data is None


def test_the_gates_warnings_are_kept(failed):
    approval = standard_artifacts.String()
    finding = {"severity": "warning", "rule": "drift", "where": "train", "message": "moved"}
    approval.set_string_custom_property("findings", json.dumps([finding]))
    failed.nodes.append(NodeRun("DataGate", COMPLETE, outputs={"approval": [approval]}))
    (warning,) = collect(load_settings([]), failed).warnings
    assert (warning.rule, warning.where, warning.message) == ("drift", "train", "moved")


def test_the_serving_checks_report_is_kept(failed, tmp_path):
    blessing = standard_artifacts.InfraBlessing()
    blessing.uri = str(tmp_path)
    report = ServingReport(reasons=("it crashed",))
    (tmp_path / "serving_check.json").write_text(report.model_dump_json())
    failed.nodes.append(NodeRun("ServingCheck", COMPLETE, outputs={"blessing": [blessing]}))
    assert collect(load_settings([]), failed).serving_check == report


def test_the_decision_is_what_the_evaluator_wrote_down(failed, tmp_path):
    evaluation = standard_artifacts.ModelEvaluation()
    evaluation.uri = str(tmp_path)
    decided = run_summary().evaluation
    (tmp_path / "evaluation.json").write_text(decided.model_dump_json())
    failed.nodes.append(NodeRun("Evaluator", COMPLETE, outputs={"evaluation": [evaluation]}))
    assert collect(load_settings([]), failed).evaluation == decided


def test_fits_and_trials_are_read_from_their_artifacts(failed, tmp_path):
    progress = (Progress(step=10, loss=1.5, eval_mse=0.1, eval_mae=0.2),)
    fit = {"hyperparameters": {"units": 64}, "steps": 10, "seconds": 2.5, "progress": progress}
    trial = TrialRecord(**fit, score=0.7)
    (tmp_path / "fit.json").write_text(FitRecord(**fit).model_dump_json())
    (tmp_path / "trials.json").write_text(trials_to_json([trial]))
    tuned, trained = standard_artifacts.TunerResults(), standard_artifacts.ModelRun()
    tuned.uri = trained.uri = str(tmp_path)
    failed.nodes[1].outputs = {"model_run": [trained]}
    failed.nodes.append(NodeRun("Tuner", COMPLETE, outputs={"tuner_results": [tuned]}))
    summary = collect(load_settings([]), failed)
    assert summary.trials == (trial,)
    assert summary.fit == FitRecord(**fit)


def test_a_node_has_its_artifacts_times_and_execution(failed):
    model = standard_artifacts.Model()
    model.id, model.uri = 7, "/artifacts/Trainer/model/3"
    node = NodeRun("Evaluator", COMPLETE, 2.0, 1 << 30, inputs={"model": [model]})
    node.execution_id, node.started_seconds, node.cpu_seconds = 3, 12.3456, 4.0
    failed.nodes.append(node)
    found = collect(load_settings([]), failed).nodes[-1]
    assert (found.execution_id, found.started_seconds, found.cpu_seconds) == (3, 12.346, 4.0)
    [artifact] = found.inputs
    assert (artifact.key, artifact.id, artifact.type) == ("model", 7, "Model")
    assert artifact.uri == model.uri


@pytest.mark.parametrize(("version", "found"), [("17", "17"), ("", None)])
def test_a_version_is_pushed_or_there_is_none(failed, version, found):
    pushed = standard_artifacts.PushedModel()
    pushed.set_string_custom_property("pushed_version", version)
    failed.nodes[2] = NodeRun("Pusher", COMPLETE, outputs={"pushed_model": [pushed]})
    assert collect(load_settings([]), failed).pushed_version == found


def test_drift_is_kept_where_it_was_measured(failed):
    approval = standard_artifacts.String()
    measure = {"feature": "Voltage", "measure": "L_INFTY", "value": 0.01, "threshold": 0.1}
    approval.set_string_custom_property("findings", "[]")
    approval.set_string_custom_property("drift", json.dumps([measure]))
    failed.nodes.append(NodeRun("DataGate", COMPLETE, outputs={"approval": [approval]}))
    [found] = collect(load_settings([]), failed).drift
    assert found.model_dump() == measure


def test_it_is_compared_with_the_last_pushed_run(failed):
    found = collect(load_settings([]), failed, run_summary(run_id="earlier")).since_blessed
    assert found.run_id == "earlier"
    assert {one.of for one in found.changes} == {"settings", "code", "data", "metrics"}
