"""The summary: complete for a full run, honest for a failed one, readable for a person."""

import io
import json

import pytest
from rich.console import Console
from tfx.types import standard_artifacts

from tfx_pipeline.report.run import COMPLETE, FAILED, NOT_RUN, NodeRun, Run
from tfx_pipeline.report.summary import explain, print_summary, summarize, write_summary
from tfx_pipeline.settings import load_settings

DATA = {
    "rows": 86400,
    "first": "2006-12-16 17:24",
    "last": "2007-02-14 17:23",
    "missing_fraction": {"Voltage": 0.01},
    "bad_rows": {"number": 2},
    "gaps": 3,
    "longest_gap": {
        "meter": "",
        "first": "2007-01-01 08:20",
        "last": "2007-01-01 08:59",
        "minutes": 40,
    },
    "splits": {"test": {"windows": 399_941, "unlabelled": 28}},
}


def example_gen() -> NodeRun:
    examples = standard_artifacts.Examples()
    examples.set_string_custom_property("data_summary", json.dumps(DATA))
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
    summary = summarize(load_settings([]), failed)
    assert summary["state"] == "failed"
    assert summary["error"] == "Trainer broke"
    assert summary["rows"] == 86400
    assert [node["state"] for node in summary["nodes"]] == ["complete", "failed", "not run"]
    assert summary["blessed"] is False
    assert summary["evaluation"] is None
    assert summary["pushed_version"] is None


def test_it_is_written_as_json_and_read_by_people(failed, tmp_path):
    summary = summarize(load_settings([]), failed)
    write_summary(summary, tmp_path)
    assert json.loads((tmp_path / "summary.json").read_text()) == summary
    assert [file.name for file in tmp_path.iterdir()] == ["summary.json"]
    text = shown(summary, tmp_path)
    assert "Trainer failed: Trainer broke" in text
    assert "86,400 rows" in text
    assert "2 bad rows" in text
    assert "3 gaps, the longest 40 minutes from 2007-01-01 08:20 on" in text
    assert "28 of the 399,941 newest windows are not scored" in text


def shown(summary, folder) -> str:
    output = io.StringIO()
    print_summary(summary, folder, Console(file=output, width=200))
    return output.getvalue()


def minute(number: int) -> dict:
    return {
        "minute": number,
        "mse_kw2": 0.04,
        "mae_kw": 0.06,
        "persistence_mse_kw2": 0.05,
        "persistence_mae_kw": 0.07,
        "coverage_p10_p90": None,
    }


def test_the_decision_is_told_with_few_words(failed, tmp_path):
    summary = summarize(load_settings([]), failed) | {"state": "complete", "error": None}
    summary["evaluation"] = {
        "examples": 1000,
        "per_minute": [minute(1), minute(2)],
        "mse_ratio": 0.8,
        "mae_ratio": 0.86,
        "coverage_p10_p90": None,
    }
    summary["reasons"] = ["MSE is fine: passed", "coverage is off: failed"]
    summary["reasons"] += [f"hour {hour}: not judged" for hour in range(24)]
    text = shown(summary, tmp_path)
    assert "coverage is off: failed" in text
    assert "22 more not judged" in text
    assert "not blessed" in text
    assert "0.0400" in text
    summary |= {"blessed": True}
    assert "blessed, but not pushed" in shown(summary, tmp_path)
    summary |= {"pushed_version": "17"}
    assert "/household-power/17" in shown(summary, tmp_path)


def test_the_cause_is_the_innermost_error():
    error = RuntimeError("outer")
    error.__cause__ = ValueError("line 7 [while running 'Write']")
    assert explain(error) == "line 7"
    assert explain(KeyError()) == "KeyError"
