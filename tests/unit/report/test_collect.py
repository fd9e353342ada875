"""What is collected: complete for a full run, honest for a failed one."""

import json

import pytest
from tfx.types import standard_artifacts

from tests.support.summary import DATA
from tfx_pipeline.report.collect import collect
from tfx_pipeline.report.run import COMPLETE, FAILED, NOT_RUN, NodeRun, Run
from tfx_pipeline.serving.report import ServingReport
from tfx_pipeline.settings import load_settings


def example_gen() -> NodeRun:
    examples = standard_artifacts.Examples()
    examples.set_string_custom_property("data_summary", DATA.model_dump_json())
    return NodeRun("PowerExampleGen", COMPLETE, 2.0, 1 << 30, {"examples": [examples]})


@pytest.fixture
def failed(tmp_path):
    error = RuntimeError("Trainer broke [while running 'x']")
    return Run(
        "2026-01-01",
        tmp_path,
        [example_gen(), NodeRun("Trainer", FAILED, 1.0), NodeRun("Pusher", NOT_RUN)],
        total_seconds=12.5,
        peak_rss_bytes=1 << 30,
        error=error,
    )


def test_a_failed_run_says_what_it_reached(failed):
    summary = collect(load_settings([]), failed)
    assert summary.state == "failed"
    assert summary.error == "Trainer broke"
    assert summary.data == DATA
    assert [node.state for node in summary.nodes] == ["complete", "failed", "not run"]
    assert summary.blessed is False
    assert summary.evaluation is None
    assert summary.pushed_version is None


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
