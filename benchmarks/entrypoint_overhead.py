"""What the entrypoint costs a step on Kubeflow, over a plain process that runs the same executor.

Runs the pipeline once as `tfx-kubeflow run-local` does, then each step's executor again and
again: through the entrypoint, and in a process that imports the executor and calls its `Do` with
the same artifacts, by turns, because machines are noisy. Prints the least seconds of each.
Arguments are settings, as for runner_local.py.
"""

import copy
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tfx_kubeflow.protocol import ExecutorStep, decode

PROJECT = Path(__file__).parent.parent
OUTPUTS = PROJECT / "outputs" / "bench" / "entrypoint"
ROUNDS = 3
# Little work: what a step costs beside it is the same, and easier to see.
SMALL = (
    "--profile=sample",
    "--data.rows=43200",
    "--model.steps=150",
    "--tuner.steps=20",
    "--gate.coverage_tolerance=0.2",
    f"--outputs={OUTPUTS}",
)
ENTRYPOINT = [sys.executable, "-m", "tfx_kubeflow.steps.entrypoint"]
DIRECT = [sys.executable, __file__, "--direct"]


def main() -> None:
    """Measures and prints one table."""
    shutil.rmtree(OUTPUTS, ignore_errors=True)
    commands = recorded_run([*SMALL, *sys.argv[1:]])
    with tempfile.TemporaryDirectory() as folder:
        pairs = {}
        for number, arguments in enumerate(commands):
            step = decode(arguments[arguments.index("--step") + 1])
            executor_input = argument(arguments)
            if isinstance(step, ExecutorStep):
                pairs[step.node] = pair(arguments, step, executor_input, Path(folder, f"{number}"))
        best = {name: [[float("inf")] * 2, [float("inf")] * 2] for name in pairs}
        for number in range(ROUNDS):
            for name, makers in pairs.items():
                for which, make in enumerate(makers):
                    used = measured(make(number))
                    best[name][which] = list(map(min, best[name][which], used))
    imports = [least([sys.executable, "-c", code]) for code in ("", "import " + ENTRYPOINT[2])]
    print("| step | entrypoint, s | executor alone, s | more, s | more, CPU s | more |")
    print("|---|---|---|---|---|---|")
    for name, ((wall, cpu), (plain, plain_cpu)) in best.items():
        more = wall - plain
        print(
            f"| {name} | {wall:.2f} | {plain:.2f} | {more:+.2f} | {cpu - plain_cpu:+.2f} "
            f"| {more / plain:+.1%} |"
        )
    print(f"\nImporting the entrypoint alone: {imports[1] - imports[0]:.2f} s")


def recorded_run(options: Sequence[str]) -> list[list[str]]:
    """Runs the pipeline; returns the arguments of its steps in their order."""
    from tfx_kubeflow.local.process import Command, Ended, in_subprocess
    from tfx_kubeflow.local.runner import run_locally
    from tfx_kubeflow.runner import KubeflowRunner

    from tfx_pipeline.data.raw.location import locate
    from tfx_pipeline.pipeline import create_pipeline
    from tfx_pipeline.settings import load_settings

    settings = load_settings(options)
    runner = KubeflowRunner(settings.kubeflow, str(OUTPUTS))
    pipeline = create_pipeline(
        settings,
        data=locate(settings.data_path),
        pipeline_root=settings.kubeflow.pipeline_root,
        serving_dir=str(settings.serving_dir),
    )
    runner.run(pipeline)
    found = []

    def launch(command: Command, say: Callable[[str], None]) -> Ended:
        found.append(list(command.arguments[len(ENTRYPOINT) :]))
        return in_subprocess(command, say)

    run_locally(runner.package_path(settings.name), OUTPUTS / "root", launch=launch)
    if not list(settings.serving_dir.glob("*/saved_model.pb")):
        sys.exit("the gate refused the model, so that two steps did nothing: give it more data")
    return found


def argument(arguments: Sequence[str], name: str = "--executor-input") -> dict[str, Any]:
    """Returns one of a step's JSON arguments."""
    found: dict[str, Any] = json.loads(arguments[arguments.index(name) + 1])
    return found


def pair(arguments: list[str], step: ExecutorStep, given: dict[str, Any], folder: Path) -> Any:
    """Returns what makes the two commands of a step; each run has output folders of its own."""

    def through_entrypoint(number: int) -> list[str]:
        moved = with_outputs_in(given, folder / f"entrypoint-{number}")
        at = arguments.index("--executor-input") + 1
        return [*ENTRYPOINT, *arguments[:at], json.dumps(moved), *arguments[at + 1 :]]

    def directly(number: int) -> list[str]:
        place = folder / f"direct-{number}"
        place.mkdir(parents=True)
        beam_args = arguments[arguments.index("--executor-input") + 2 :]
        write_call(step, with_outputs_in(given, place), beam_args, place)
        return [*DIRECT, str(place)]

    return through_entrypoint, directly


def with_outputs_in(given: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Returns an ExecutorInput whose outputs go to a folder."""
    moved = copy.deepcopy(given)
    old = os.path.dirname(moved["outputs"]["outputFile"])  # noqa: PTH120
    moved["outputs"] = json.loads(json.dumps(moved["outputs"]).replace(old, str(folder)))
    return moved


def write_call(
    step: ExecutorStep, given: dict[str, Any], beam_args: list[str], folder: Path
) -> None:
    """Writes what `Do` is called with, ready for use: to make it is the entrypoint's cost."""
    from tfx.utils import json_utils
    from tfx_kubeflow.metadata.artifacts import prepare_output, read_inputs
    from tfx_kubeflow.steps import example_gen_driver, executor

    parameters = dict(given["inputs"].get("parameterValues", {}))
    parameters = {k: v for k, v in parameters.items() if not k.endswith(executor.METADATA_INPUT)}
    outputs = executor._outputs(step.outputs, given)  # noqa: SLF001, measured from inside
    properties = executor._exec_properties(step, parameters, folder)  # noqa: SLF001
    if step.example_gen:
        example_gen_driver.prepare_example_gen(properties, outputs, folder)
    for artifacts in outputs.values():
        prepare_output(artifacts[0])
    call = (step.executor, read_inputs(step.inputs, given, {}), outputs, properties)
    (folder / "call.json").write_text(json_utils.dumps([*call, beam_args]))


def direct(folder: str) -> None:
    """The plain process: imports the executor and calls its `Do`."""
    import importlib

    from tfx.dsl.components.base.base_executor import BaseExecutor
    from tfx.utils import json_utils

    path, inputs, outputs, properties, beam_args = json_utils.loads(
        Path(folder, "call.json").read_text()
    )
    module, _, name = path.rpartition(".")
    executor_class = getattr(importlib.import_module(module), name)
    context = BaseExecutor.Context(tmp_dir=str(Path(folder, "tmp")), unique_id="0")
    beam = sys.modules.get("tfx.dsl.components.base.base_beam_executor")
    if beam and issubclass(executor_class, beam.BaseBeamExecutor):
        context = beam.BaseBeamExecutor.Context(
            beam_pipeline_args=beam_args, tmp_dir=str(Path(folder, "tmp")), unique_id="0"
        )
    executor_class(context).Do(inputs, outputs, properties)


def measured(command: list[str]) -> tuple[float, float]:
    """Runs a command; returns its seconds, and those of its CPU."""
    start = time.perf_counter()
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(command, stdout=words, stderr=words)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - start
        if process.returncode:
            words.seek(0)
            sys.exit(words.read().decode(errors="replace"))
    return seconds, usage.ru_utime + usage.ru_stime


def least(command: list[str]) -> float:
    """Returns the least seconds of a quick command."""
    return min(measured(command)[0] for _ in range(10))


if __name__ == "__main__":
    direct(sys.argv[2]) if sys.argv[1:2] == ["--direct"] else main()
