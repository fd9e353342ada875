"""Runs a compiled package on this machine under KFP's own local runner.

Every step is the same entrypoint, executor and files as on a cluster, as a subprocess. What KFP's
local runner lacks is the driver's and the launcher's part: caching, conditions, ML Metadata, object
stores. Conditions are looked at in the step (local_step), before its own entrypoint.
"""

import copy
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from tfx_kubeflow.compiler import ir
from tfx_kubeflow.compiler.package import package_text, read_package
from tfx_kubeflow.protocol import ENTRYPOINT

Start = Callable[[Sequence[str]], int]
"""Runs a step's command to its end and returns its exit code."""
STEP = ["-m", "tfx_kubeflow.local.step"]
LOCAL_COMMAND = [sys.executable, *STEP]


def run_locally(
    package: Path,
    root: Path,
    arguments: Mapping[str, Any] | None = None,
    runner: Any = None,
    start: Start = subprocess.call,
) -> None:
    """Runs a package.

    Args:
        package: What the runner compiled.
        root: Folder of all artifacts.
        arguments: Runtime parameters.
        runner: One of KFP's local runners; None: subprocesses with this Python.
        start: Runs a step, where steps are subprocesses.

    Raises:
        RuntimeError: A step failed, or a container cannot run as a subprocess.
    """
    from kfp import components, local
    from kfp.local import subprocess_task_handler

    spec, _ = read_package(package)
    python = "python" if runner else sys.executable
    local.init(
        runner=runner or local.SubprocessRunner(use_venv=False),
        pipeline_root=str(root),
        raise_on_error=True,
    )
    text = package_text(for_local_runner(spec, python), {})
    handler = _subprocess_handler(start)
    with mock.patch.object(subprocess_task_handler, "SubprocessTaskHandler", handler):
        components.load_component_from_text(text)(**(arguments or {}))


def _subprocess_handler(start: Start) -> Callable[..., Any]:
    """What makes KFP's local runner start a step, in the place of its own.

    Its own writes this Python's path over every `python3` in the arguments, and so into any path
    of data or artifacts that holds the word.
    """
    from kfp.local.status import Status

    def handler(image: str, full_command: list[str], pipeline_root: str, runner: Any) -> Any:
        if full_command[: len(LOCAL_COMMAND)] != LOCAL_COMMAND:
            raise RuntimeError(
                f"{image}: a container component does not run as a subprocess; give run_locally "
                "KFP's DockerRunner"
            )
        return SimpleNamespace(
            run=lambda: Status.SUCCESS if start(full_command) == 0 else Status.FAILURE
        )

    return handler


def for_local_runner(spec: ir.Spec, python: str) -> ir.Spec:
    """Returns the package as KFP's local runner takes it.

    Args:
        spec: The compiled PipelineSpec.
        python: The interpreter of the steps.
    """
    spec = copy.deepcopy(spec)
    for task, container in ir.containers(spec):
        if container.get("command") != ENTRYPOINT:
            continue
        condition = task.body.pop("triggerPolicy", {}).get("condition")
        container["command"] = [python, *STEP]
        if condition:
            container["args"] += ["--condition", condition]
    return spec
