"""However a step ends, its last words say so, and only a step that returned has succeeded."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kubeflow_cases.steps import executor_input, step
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx_kubeflow.protocol import encode
from tfx_kubeflow.steps import entrypoint

TESTS = Path(__file__).parents[1]


class Exits(BaseExecutor):
    CODE: object = None

    def Do(self, inputs, outputs, exec_properties):  # noqa: N802
        sys.exit(Exits.CODE)


class Stops(BaseExecutor):
    def Do(self, inputs, outputs, exec_properties):  # noqa: N802
        os.kill(os.getpid(), exec_properties["signal"])
        time.sleep(10)


def ended(capsys, cls, folder, **given):
    """The status of a step, and the last line of its log."""
    kinds = dict.fromkeys(given, "int")
    arguments = [
        *("--step", encode(step(cls, parameters=kinds))),
        *("--executor-input", json.dumps(executor_input(folder, **given))),
    ]
    status = entrypoint.main(arguments)
    return status, capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("code", [0, None, 3, "no data", False])
def test_an_executor_that_exits_has_not_succeeded(tmp_path, capsys, monkeypatch, code):
    monkeypatch.setattr(Exits, "CODE", code)
    last = f"Step failed: its code called sys.exit({code!r}); a component returns"
    assert ended(capsys, Exits, tmp_path) == (1, last)
    assert not list(tmp_path.rglob("output.json"))


@pytest.mark.parametrize(
    ("number", "status", "words"),
    [
        (signal.SIGTERM, 143, "it was stopped (SIGTERM), as when its run is terminated or its"),
        (signal.SIGINT, 130, "it was stopped (SIGINT)"),
    ],
)
def test_a_step_that_is_stopped_says_so(tmp_path, capsys, number, status, words):
    before = signal.getsignal(signal.SIGTERM)
    found, last = ended(capsys, Stops, tmp_path, signal=int(number))
    assert found == status
    assert last.startswith(f"Step failed: {words}")
    assert signal.getsignal(signal.SIGTERM) is before
    assert not list(tmp_path.rglob("output.json"))


@pytest.mark.slow
def test_a_process_that_is_stopped_says_so(tmp_path):
    waits = step(Waits, parameters={})
    command = [sys.executable, "-m", "tfx_kubeflow.steps.entrypoint", "--step", encode(waits)]
    path = os.pathsep.join([str(TESTS / "steps"), str(TESTS), os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        [*command, "--executor-input", json.dumps(executor_input(tmp_path))],
        env=os.environ | {"PYTHONPATH": path},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "its executor starts" in line:
            break
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=30)
    assert process.returncode == 143, log
    assert log.splitlines()[-1].startswith("Step failed: it was stopped (SIGTERM)")


class Waits(BaseExecutor):
    def Do(self, inputs, outputs, exec_properties):  # noqa: N802
        for _ in range(600):
            time.sleep(0.1)


class Breaks(BaseExecutor):
    def Do(self, inputs, outputs, exec_properties):  # noqa: N802
        print("working")
        raise ValueError("loss is\nNaN" if exec_properties else "")


@pytest.mark.parametrize(
    ("given", "last"),
    [({"a": 1}, "Step failed: ValueError: loss is NaN"), ({}, "Step failed: ValueError")],
)
def test_the_last_line_of_the_log_is_the_cause(tmp_path, capsys, given, last):
    arguments = [
        *("--step", encode(step(Breaks))),
        *("--executor-input", json.dumps(executor_input(tmp_path, **given))),
    ]
    assert entrypoint.main(arguments) == 1
    assert capsys.readouterr().err.splitlines()[-1] == last


class Idle(BaseExecutor):
    def Do(self, inputs, outputs, exec_properties):  # noqa: N802
        for key in exec_properties.get("say", ()):
            outputs[key][0].set_int_custom_property("said", 1)


def test_a_large_executor_input_may_come_as_a_file(tmp_path):
    (tmp_path / "input.json").write_text(json.dumps(executor_input(tmp_path)))
    arguments = ["--step", encode(step(Idle)), "--executor-input", f"@{tmp_path}/input.json"]
    assert entrypoint.main(arguments) == 0
    assert (tmp_path / "pipeline/run/task/try/output.json").exists()


@pytest.mark.slow
def test_the_entrypoint_imports_little_before_the_executors_own():
    code = (
        "import sys, tfx_kubeflow.steps.entrypoint; first = set(sys.modules);"
        "import tfx_kubeflow.steps.executor; print(*first, '|', *sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    light, loaded = (set(part.split()) for part in done.stdout.split("|"))
    assert not light & {"tfx", "tensorflow", "numpy", "google.protobuf"}
    # Of TFX only what any executor imports: no component, Beam or KFP.
    assert not loaded & {"tfx.components", "apache_beam", "kfp", "tfx.orchestration"}
