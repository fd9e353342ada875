"""Steps of a package on this machine: what people see of them, and what is kept."""

import io
import json
import sys

import pytest
from kubeflow_cases import pipelines
from rich.console import Console
from tfx_kubeflow.runner import KubeflowRunner
from tfx_kubeflow.settings import KubeflowSettings

from tfx_pipeline.local.kubeflow import _apart, _Steps
from tfx_pipeline.local.terminal import Terminal
from tfx_pipeline.report.run import COMPLETE, FAILED, NOT_RUN, Run
from tfx_pipeline.settings import load_settings

WRITE = {
    "kind": "executor",
    "node": "Write",
    "outputs": {"report": "kubeflow_cases.pipelines.Report"},
}


@pytest.fixture
def run(tmp_path):
    return Run.begin(tmp_path, ())


@pytest.fixture
def shown():
    return io.StringIO()


@pytest.fixture
def steps(tmp_path, run, shown):
    runner = KubeflowRunner(KubeflowSettings(image="i"), str(tmp_path))
    write = pipelines.Write(number=1, name="a", share=0.5)
    runner.run(pipelines.pipeline(pipelines.Count(start=1), write))
    return _Steps(run, runner.package_path("small"), Terminal(Console(file=shown, width=200)))


def command(folder, code):
    """A step's command that runs some Python instead."""
    given = {"outputs": {"outputFile": str(folder / "output.json")}}
    arguments = ["--step", json.dumps(WRITE), "--executor-input", json.dumps(given)]
    return [sys.executable, "-c", code, *arguments]


def test_what_a_step_made_is_kept_in_the_order_of_the_run(steps, run, tmp_path):
    report = {"uri": "/r", "name": "report", "metadata": {"lines": 3.0, "custom:by": "me"}}
    made = json.dumps({"artifacts": {"report": {"artifacts": [report]}}})
    code = f"import pathlib; pathlib.Path({str(tmp_path / 'output.json')!r}).write_text({made!r})"
    assert steps.start(command(tmp_path, code)) == 0
    assert [(node.id, node.state) for node in run.nodes] == [
        ("Write", COMPLETE),
        ("Count", NOT_RUN),
    ]
    assert run.output("Write", "report").lines == 3
    assert run.nodes[0].peak_rss_bytes > 1e6


def test_a_failure_is_the_steps_last_word(steps, run, shown, tmp_path, capfd):
    log = "2026-11-22 10:00:00,000"
    words = [
        "W0000 cuda",
        f"{log} INFO absl: noise",
        f"{log} INFO tfx_kubeflow.steps.resolver: model: /x",
        f"{log} INFO modules.training: step 1/2",
        f"{log} WARNING tfx_pipeline.components.data_gate: careful",
        "Write failed: ValueError: no [disk]",
        "",
    ]
    code = f"import sys; print(*{words!r}, sep=chr(10)); sys.exit(1)"
    assert steps.start(command(tmp_path, code)) == 1
    assert str(steps.error) == "ValueError: no [disk]"
    assert run.nodes[0].state == FAILED
    lines = [line.strip() for line in shown.getvalue().splitlines()]
    assert lines[:2] == ["step 1/2", "careful"]
    assert lines[2].startswith("1/2 Write")
    assert len(lines) == 3
    assert capfd.readouterr().out == "\n".join(words) + "\n", "the log has it all"


def test_it_keeps_apart_from_other_local_runs(tmp_path):
    settings = load_settings([f"--outputs={tmp_path}", f"--serving.base={tmp_path}/served"])
    apart = _apart(settings)
    assert apart.serving_dir == tmp_path / "kubeflow-local/serving" / settings.name
    assert apart.root == tmp_path / "kubeflow-local" / settings.name
