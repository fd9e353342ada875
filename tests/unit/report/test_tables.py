"""The summary is readable for a person."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console

from tests.support.summary import evaluation, run_summary, step, verdict
from tfx_pipeline.report.summary import DataWarning, NodeSummary
from tfx_pipeline.report.tables import print_summary
from tfx_pipeline.serving.report import ServingReport


def shown(**values) -> str:
    output = io.StringIO()
    print_summary(run_summary(**values), Path("runs/1"), Console(file=output, width=200))
    return output.getvalue()


def test_a_failed_run_names_the_node_and_the_cause():
    node = NodeSummary(id="Trainer", state="failed", seconds=1.0, peak_rss_bytes=1)
    text = shown(state="failed", error="[it] broke", nodes=(node,), evaluation=None)
    assert "Trainer failed: [it] broke" in text
    assert "86,400 rows" in text
    assert "2 bad rows" in text
    assert "3 gaps, the longest 40 min from 2007-01-01 08:20 on" in text
    assert "28 of the 399,941 newest windows are not scored" in text
    assert "runs/1" in text
    assert "blessed" not in text


def test_warnings_are_shown():
    warning = DataWarning(rule="drift", where="train: Voltage", message="moved [a lot]")
    assert "warning: train: Voltage: moved [a lot]" in shown(warnings=(warning,))


def test_the_decision_is_shown_in_few_lines():
    verdicts = [verdict("MSE is fine", "passed"), verdict("coverage is off", "failed")]
    verdicts += [verdict(f"hour {hour}", "not applied") for hour in range(24)]
    text = shown(evaluation=evaluation(verdicts=tuple(verdicts)))
    assert "coverage is off: failed" in text
    assert "hour 1: not applied" in text
    assert "hour 3" not in text
    assert "21 more not applied" in text
    assert "not blessed" in text
    assert "0.04000" in text
    assert "Best naive forecast: persistence at every step" in text


@pytest.mark.parametrize(
    ("steps", "rows", "said"),
    [
        (5, [1, 2, 3, 4, 5], None),
        (15, list(range(1, 16)), None),
        (24, [1, *range(2, 25, 2)], "every 2nd"),
        (96, [1, *range(8, 97, 8)], "every 8th"),
        (168, [1, *range(12, 169, 12)], "every 12th"),
        (10_080, [1, *range(720, 10_081, 720)], "every 720th"),
    ],
)
def test_of_many_steps_some_are_shown(steps, rows, said):
    text = shown(evaluation=evaluation(per_step=tuple(map(step, range(1, steps + 1)))))
    lines = [line.split() for line in text.splitlines() if " 0.04000 " in line]
    assert [int(line[1]) for line in lines] == rows
    assert (said or "summary.json") in text
    assert ("and every" in text) == bool(said)


def test_steps_ahead_are_told_in_time():
    text = shown(evaluation=evaluation(cadence=timedelta(hours=10), unit="kWh"))
    assert " 10 h " in text
    assert " 20 h " in text
    assert "MSE kWh²" in text
    text = shown(evaluation=evaluation(cadence=timedelta(days=1, seconds=7)))
    assert " 1 d 7 s " in text


def test_large_figures_have_no_decimals():
    large = step(1).model_copy(update={"mse": 1234567.8})
    assert " 1,234,568 " in shown(evaluation=evaluation(per_step=(large,)))


def test_a_blessed_model_is_pushed_or_not():
    blessed = evaluation(blessed=True)
    assert "blessed, but not pushed" in shown(evaluation=blessed)
    report = ServingReport(reasons=("a fresh process crashed",))
    text = shown(evaluation=blessed, serving_check=report)
    assert "a fresh process crashed: failed" in text
    text = shown(evaluation=blessed, pushed_version="17")
    assert "/serving/household-power/17" in text
