"""One run of the package for Kubeflow on this machine: compile -> KFP's local runner -> summary."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tfx.types.artifact import Artifact
from tfx_kubeflow.compiler import ir
from tfx_kubeflow.compiler.package import read_package
from tfx_kubeflow.local.runner import run_locally
from tfx_kubeflow.metadata.artifacts import make_artifact
from tfx_kubeflow.runner import KubeflowRunner

from tfx_pipeline.data.location import locate
from tfx_pipeline.local.show import show_run, show_step
from tfx_pipeline.local.terminal import Terminal, logged_to
from tfx_pipeline.pipeline import create_pipeline
from tfx_pipeline.report.run import COMPLETE, FAILED, NodeRun, Run
from tfx_pipeline.settings import Settings

FOLDER = "kubeflow-local"
OUR_WORDS = re.compile(
    r"\S+ \S+ (?P<level>INFO|WARNING) (?!tfx_pipeline\.kubeflow)(tfx_pipeline|modules)[\w.]*: "
    r"(?P<words>.*)"
)
"""What a step says of its own work, in the entrypoint's log format."""


def run_compiled(settings: Settings) -> int:
    """Compiles the pipeline for Kubeflow, runs the package here, and shows the summary.

    Args:
        settings: What to run. Everything is written below `<outputs>/kubeflow-local`, apart from
            what other local runs make.

    Returns:
        The exit code: 0 when every step ran, whatever the gate decided, 1 when one failed.
    """
    settings = _apart(settings)
    run = Run.begin(settings.root, ())
    with logged_to(run.folder / "log.txt") as terminal:
        package = compile_for_this_machine(settings, run.folder)
        steps = _Steps(run, package, terminal)
        try:
            run_locally(package, settings.root / "artifacts", start=steps.start)
        except RuntimeError as error:
            run.error = steps.error or error
    return show_run(settings, run)


def compile_for_this_machine(settings: Settings, folder: Path) -> Path:
    """Compiles the pipeline with this machine's places into a folder; returns the package."""
    runner = KubeflowRunner(settings.kubeflow, str(folder))
    runner.run(
        create_pipeline(
            settings,
            data=locate(settings.data.path),
            pipeline_root=settings.kubeflow.pipeline_root,
            serving_dir=str(settings.serving_dir),
        )
    )
    return runner.package_path(settings.name)


def _apart(settings: Settings) -> Settings:
    serving = settings.serving.model_copy(update={"base": None})
    outputs = str(Path(settings.outputs) / FOLDER)
    return settings.model_copy(update={"outputs": outputs, "serving": serving})


class _Steps:
    """Starts the steps of a package and keeps what became of them.

    Attributes:
        error: What a step failed of.
    """

    def __init__(self, run: Run, package: Path, terminal: Terminal) -> None:
        self.error: RuntimeError | None = None
        self._run = run
        self._terminal = terminal
        spec, _ = read_package(package)
        commands = [container["args"] for _, container in ir.containers(spec)]
        run.nodes += [NodeRun(_title(_argument(command, "--step"))) for command in commands]
        self._started = 0

    def start(self, command: Sequence[str]) -> int:
        """Runs a step; see kubeflow.local.Start."""
        step = _argument(command, "--step")
        node = self._next(_title(step))
        title = f"{self._started:2d}/{len(self._run.nodes)} {node.id}"
        begin = time.monotonic()
        with self._terminal.step(title):
            code, last, node.peak_rss_bytes = self._follow(command)
        node.seconds = time.monotonic() - begin
        node.state = FAILED if code else COMPLETE
        if code:
            self.error = RuntimeError(last.removeprefix(f"{step['node']} failed: "))
        else:
            node.outputs = _outputs(step, _argument(command, "--executor-input"))
        show_step(self._terminal, title, node)
        return code

    def _next(self, node_id: str) -> NodeRun:
        """Moves a node to where it is in the order of this run, which is KFP's to choose."""
        nodes = self._run.nodes
        node = next(node for node in nodes if node.id == node_id)
        nodes.remove(node)
        nodes.insert(self._started, node)
        self._started += 1
        return node

    def _follow(self, command: Sequence[str]) -> tuple[int, str, int]:
        """Runs a command; returns its exit code, its last line and its peak memory in bytes."""
        last = ""
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        )
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                sys.stdout.write(line)  # into the run's log
                last = line.strip() or last
                self._show(line)
        sys.stdout.flush()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return process.returncode, last, usage.ru_maxrss * 1024

    def _show(self, line: str) -> None:
        found = OUR_WORDS.match(line)
        if found and found["level"] == "INFO":
            self._terminal.say(found["words"])
        elif found:
            self._terminal.line(f"      {found['words']}", "yellow")


def _argument(command: Sequence[str], name: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(command[command.index(name) + 1])
    return value


def _title(step: dict[str, Any]) -> str:
    """The node of a step; the step that resolves an ExampleGen's span says so."""
    return f"{step['node']}-span" if step["kind"] == "driver" else str(step["node"])


def _outputs(step: dict[str, Any], executor_input: dict[str, Any]) -> dict[str, list[Artifact]]:
    """The artifacts that a step told of."""
    made = json.loads(Path(executor_input["outputs"]["outputFile"]).read_text("utf-8"))
    return {
        key: [
            make_artifact(step["outputs"][key], item["uri"], item["name"], item["metadata"])
            for item in group["artifacts"]
        ]
        for key, group in made.get("artifacts", {}).items()
    }
