"""Runs a compiled package on this machine, as KFP and Argo run it on a cluster.

Every step is the same entrypoint, executor and files as there, in a process of its own, one after
the other. Conditions, skipped steps, defaults, exit handlers and the form of what a step is handed
are KFP's; what is missing is the cache, ML Metadata and object stores.
"""

import datetime
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfx_kubeflow.compiler import ir
from tfx_kubeflow.compiler.package import read_package
from tfx_kubeflow.local.dag import Run
from tfx_kubeflow.local.process import Launch, in_subprocess
from tfx_kubeflow.local.progress import Progress, Silent
from tfx_kubeflow.local.record import RunRecord, State, StepRecord


class RunFailedError(RuntimeError):
    """A run that failed; the message names the step and the cause.

    Attributes:
        record: What became of the run.
    """

    def __init__(self, record: RunRecord) -> None:
        super().__init__(f"{record.cause}; what each step wrote is below {record.folder}")
        self.record = record


def run_locally(
    package: Path,
    root: Path,
    arguments: Mapping[str, Any] | None = None,
    launch: Launch = in_subprocess,
    progress: Progress | None = None,
) -> RunRecord:
    """Runs a package.

    Args:
        package: What the runner compiled.
        root: Folder of all artifacts; those of a run are in `<root>/<pipeline>/<run id>/`.
        arguments: Runtime parameters.
        launch: How a step runs.
        progress: Receives the events; None: nobody does.

    Returns:
        The record of the run, which is also in its folder, as `run.json`.

    Raises:
        RunFailedError: A step failed.
    """
    spec, _ = read_package(package)
    record = _begin(spec, root.absolute(), dict(arguments or {}))
    progress = progress or Silent()
    progress.begins(record)
    started = time.monotonic()
    try:
        record.state = Run(spec, record, root.absolute(), launch, progress).run()
    except BaseException:
        record.state = State.CANCELED
        raise
    finally:
        record.seconds = time.monotonic() - started
        record.write()
        progress.ends(record)
    if record.state is State.FAILED:
        raise RunFailedError(record)
    return record


def _begin(spec: ir.Spec, root: Path, arguments: dict[str, Any]) -> RunRecord:
    now = datetime.datetime.now().astimezone()
    run_id = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    name = spec["pipelineInfo"]["name"]
    folder = root / name / run_id
    folder.mkdir(parents=True)
    return RunRecord(
        pipeline=name,
        run_id=run_id,
        folder=str(folder),
        started_at=now,
        parameters=arguments,
        steps=[StepRecord(task=task.id) for task, _ in ir.containers(spec)],
    )
