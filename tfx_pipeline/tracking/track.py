"""Has a run logged when it has ended, in a process of its own and within a given time.

What is not logged by then is still on disk, and marked; `replay` logs it later.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tfx_kubeflow.storage import files, served_versions

from tfx_pipeline.report.summary import RunSummary, read_summary
from tfx_pipeline.settings import TrackingSettings
from tfx_pipeline.tracking.job import PENDING_FILE, Job, Pending, Pushed, mark, without_login

FILE_TIMEOUT = 60.0
"""Seconds to wait for an SQLite file: making its tables takes five to twenty."""

IMPORTS = 60.0
"""Seconds that the process may take to start: one to three, on a busy machine ten."""

REPLAY = "`household-power tracking replay` logs it later"

CALM = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # A request that was answered too late is not made a second time; the replay looks first.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # Else it puts the pyproject.toml of the current folder beside the model.
    "MLFLOW_UV_AUTO_DETECT": "false",
    "GIT_PYTHON_REFRESH": "quiet",
}
"""How MLflow behaves in the process that logs."""


def track(summary: RunSummary, folder: Path, settings: TrackingSettings) -> str | None:
    """Logs a run that has ended. Whatever happens, it returns, and in time.

    Where MLFLOW_RUN_ID is set, as in a pod that Kubeflow's plugin has prepared, the run is nested
    below that one, on its server.

    Args:
        summary: Of the run, which is also in the folder.
        folder: Of the run; holds the mark of what is pending.
        settings: Where to, and how long to wait.

    Returns:
        A line for people: where it is, or why it is not; None where tracking is off.
    """
    if settings.uri is None:
        return None
    parent = os.environ.get("MLFLOW_RUN_ID")
    uri = (os.environ.get("MLFLOW_TRACKING_URI") if parent else None) or settings.uri
    experiment = os.environ.get("MLFLOW_EXPERIMENT_ID") if parent else None
    timeout = FILE_TIMEOUT if uri.startswith("sqlite:") else settings.timeout
    try:
        began = time.time() - summary.total_seconds
        mark(folder, Pending(began=began, parent=parent, experiment=experiment))
        reason = _deliver(summary, folder, uri, timeout)
    except Exception as error:  # whatever it is, the run is not to fail of it
        reason = str(error)
    line = f"not logged to {uri}: {reason}; {REPLAY}" if reason else f"logged to {uri}"
    return without_login(line)


def pending_folders(outputs: Path) -> list[Path]:
    """Returns the folders of the runs that are not logged yet, oldest first."""
    return sorted(path.parent for path in outputs.glob(f"*/runs/*/{PENDING_FILE}"))


def replay(folder: Path, uri: str) -> str | None:
    """Logs a run that is pending; returns why it still is, None where it is logged."""
    try:
        return _deliver(read_summary(folder), folder, uri, timeout=None)
    except Exception as error:  # the next run may have what this one lacks
        return without_login(str(error))


def follow(uri: str, model: str, serving_dir: str) -> str | None:
    """Points the alias at the version that serves, as after a rollback; returns why it does not."""
    serving = served_versions.serving(serving_dir)
    return _logged(Job(uri=uri, timeout=None, model=model, serving=serving))


def _deliver(summary: RunSummary, folder: Path, uri: str, timeout: float | None) -> str | None:
    """Has a run logged; returns why it is not."""
    serving = served_versions.serving(summary.serving_dir)
    with _pushed(summary) as pushed:
        job = Job(
            uri=uri,
            timeout=timeout,
            model=summary.pipeline,
            serving=serving,
            folder=folder.absolute(),
            pushed=pushed,
        )
        return _logged(job)


def _logged(job: Job) -> str | None:
    """Has a process do a job; returns why it is not done."""
    here = {"MLFLOW_TRACKING_URI": job.uri, "MLFLOW_REGISTRY_URI": job.uri}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tfx_pipeline.tracking"],
            input=job.model_dump_json(),
            env={**os.environ, **CALM, **here},
            timeout=job.timeout and job.timeout + IMPORTS,
            capture_output=True,
            text=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"the process did not start within {IMPORTS:g} s"
    if done.returncode == 0:
        return None
    if done.returncode == -signal.SIGALRM:
        return f"it took more than {job.timeout:g} s"
    return done.stdout.strip() or f"the process ended with status {done.returncode}"


@contextmanager
def _pushed(summary: RunSummary) -> Iterator[Pushed | None]:
    """The model that a run pushed, as files of this machine; None where there is none any more."""
    version, base = summary.pushed_version, summary.serving_dir
    if version is None or version not in served_versions.versions(base):
        yield None
        return
    uri = f"{base}/{version}"
    with tempfile.TemporaryDirectory() as copy:
        folder = Path(uri)
        if "://" in uri:
            folder = Path(copy)
            files.copy_below(uri, files.names_below(uri), folder)
        yield Pushed(version=version, folder=folder, sha256=served_versions.digest(str(folder)))
