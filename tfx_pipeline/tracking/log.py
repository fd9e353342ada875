"""Logs one run: the whole of it, its trials and fit, its files, its model and the alias."""

from __future__ import annotations

import fcntl
from pathlib import Path

from mlflow import MlflowClient

from tfx_pipeline.report.summary import REPORT_FILE, SUMMARY_FILE, read_summary
from tfx_pipeline.tracking import registry, store
from tfx_pipeline.tracking.job import PENDING_FILE, Job, Pending
from tfx_pipeline.tracking.records import of_fits, of_run


def log(job: Job) -> None:
    """Logs a run that is marked as not logged, and points the alias at the version that serves.

    Whatever breaks off in between, a second time completes it. Two at a time take turns.

    Args:
        job: What to log.
    """
    client = store.connect(job.uri)
    if job.folder is not None:
        _log_pending(client, job, job.folder)
    if job.serving is not None:
        registry.align(client, job.model, job.serving)


def _log_pending(client: MlflowClient, job: Job, folder: Path) -> None:
    path = folder / PENDING_FILE
    if not path.exists():
        return
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if path.exists():
            _log(client, job, folder, Pending.model_validate_json(file.read()))
            path.unlink()


def _log(client: MlflowClient, job: Job, folder: Path, pending: Pending) -> None:
    summary = read_summary(folder)
    experiment = pending.experiment or store.experiment(client, job.uri, summary.pipeline)
    run = store.open_run(client, experiment, of_run(summary, pending.began), pending.parent)
    began = run.info.start_time / 1000  # an attempt before may have had its own idea of it
    whole = of_run(summary, began)
    for record in of_fits(summary, began):
        fit = store.open_run(client, experiment, record, run.info.run_id)
        store.write(client, fit, record)
        store.close_run(client, fit, record)
    store.write(client, run, whole)
    store.write_files(client, run, (folder / name for name in (SUMMARY_FILE, REPORT_FILE)))
    if job.pushed:
        registry.register(client, job.model, run, job.pushed)
    store.close_run(client, run, whole)
