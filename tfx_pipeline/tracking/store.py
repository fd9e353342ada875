"""Writes records into MLflow, each of them once however often it is tried.

A run is looked up by its key before it is made; parameters and figures are written with the times
of their record, so that a second time changes nothing. A run has its final status when all of it
is there.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run, RunTag
from mlflow.exceptions import MlflowException
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

from tfx_pipeline.tracking.records import KEY, Record

SQLITE = "sqlite:///"
KIND = {"mlflow.experimentKind": "custom_model_development"}
"""Its pages then speak of training, not of agents."""
EXISTS = "RESOURCE_ALREADY_EXISTS"


def connect(uri: str) -> MlflowClient:
    """Returns the client of a server, or of an SQLite file, which is made if missing."""
    if uri.startswith(SQLITE):
        _file(uri).parent.mkdir(parents=True, exist_ok=True)
    return MlflowClient(uri, uri)


def experiment(client: MlflowClient, uri: str, name: str) -> str:
    """Returns the id of an experiment, which is made if missing.

    Args:
        client: Of the store.
        uri: Of the store; artifacts of an SQLite file lie in a folder beside it.
        name: Of the experiment.
    """
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    file = _file(uri) if uri.startswith(SQLITE) else None
    location = (file.parent / f"{file.stem}-artifacts" / name).as_uri() if file else None
    try:
        return client.create_experiment(name, artifact_location=location, tags=KIND)
    except MlflowException as error:
        found = client.get_experiment_by_name(name)  # another run was faster
        if error.error_code != EXISTS or found is None:
            raise
        return str(found.experiment_id)


def open_run(client: MlflowClient, experiment_id: str, record: Record, parent: str | None) -> Run:
    """Returns the run of a record, which is made if missing.

    A request may have made one although its answer never came; of several the first stays.

    Args:
        client: Of the store.
        experiment_id: Where it belongs.
        record: Of the run.
        parent: Id of the run that it is nested below.
    """
    found = client.search_runs([experiment_id], f"tags.`{KEY}` = '{record.key}'")
    if found:
        first, *others = sorted(found, key=lambda run: run.info.run_id)
        for other in others:
            client.delete_run(other.info.run_id)
        return first
    nested = {MLFLOW_PARENT_RUN_ID: parent} if parent else {}
    tags = {**record.tags, **nested, KEY: record.key}
    return client.create_run(experiment_id, record.start, tags, record.name)


def write(client: MlflowClient, run: Run, record: Record) -> None:
    """Writes parameters and figures."""
    client.log_batch(
        run.info.run_id,
        [Metric(one.key, one.value, one.at, one.step) for one in record.figures],
        [Param(name, value) for name, value in record.params.items()],
        [RunTag(name, value) for name, value in record.tags.items()],
    )


def write_files(client: MlflowClient, run: Run, files: Iterable[Path]) -> None:
    """Writes those of the files that are there as artifacts."""
    for file in files:
        if file.is_file():
            client.log_artifact(run.info.run_id, str(file))


def close_run(client: MlflowClient, run: Run, record: Record) -> None:
    """Gives a run its final status."""
    status = "FAILED" if record.failed else "FINISHED"
    client.set_terminated(run.info.run_id, status, record.end)


def _file(uri: str) -> Path:
    return Path(uri.removeprefix(SQLITE)).absolute()
