"""What a store of MLflow holds, and the job that fills it."""

from __future__ import annotations

from pathlib import Path

from mlflow import MlflowClient
from tfx_kubeflow.storage import served_versions

from tests.support.tracking import NAME
from tfx_pipeline.tracking import store
from tfx_pipeline.tracking.job import Job, Pushed


def empty_store(folder: Path) -> Path:
    """A store with its tables, which take seconds to make."""
    file = folder / "mlflow.sqlite"
    store.connect(f"sqlite:///{file}").search_experiments()
    return file


def job_of(folder: Path, uri: str, served: Path, version: str = "1700000000") -> Job:
    """The job to log a run that has pushed a version, which serves."""
    model = served / version
    pushed = Pushed(version=model.name, folder=model, sha256=served_versions.digest(str(model)))
    return Job(uri=uri, timeout=None, model=NAME, serving=model.name, folder=folder, pushed=pushed)


def content(uri: str) -> dict:
    """All that a store holds, without ids of its own and times that are not the run's."""
    client = MlflowClient(uri, uri)
    names = {one.experiment_id: one.name for one in client.search_experiments()}
    runs = {run.info.run_id: run for run in client.search_runs(list(names))}
    found = {}
    for run in runs.values():
        tags = dict(run.data.tags)
        parent = runs.get(tags.pop("mlflow.parentRunId", None))
        history = {
            key: sorted(
                (one.step, one.value, one.timestamp)
                for one in client.get_metric_history(run.info.run_id, key)
            )
            for key in run.data.metrics
        }
        found[tags["household_power.key"]] = {
            "experiment": names[run.info.experiment_id],
            "parent": parent and parent.info.run_name,
            "params": run.data.params,
            "metrics": history,
            "tags": tags,
            "info": (run.info.run_name, run.info.status, run.info.start_time, run.info.end_time),
            "files": sorted(files(client, run.info.run_id)),
        }
    assert len(found) == len(runs), "each of our runs is there once"
    models = [
        (one.name, int(one.version), one.tags, runs[one.run_id].info.run_name)
        for one in client.search_model_versions("")
    ]
    aliases = {
        (model.name, alias): int(version)
        for model in client.search_registered_models()
        for alias, version in model.aliases.items()
    }
    return {"runs": found, "models": models, "aliases": aliases}


def files(client: MlflowClient, run: str, path: str = "") -> list[str]:
    """The artifacts of a run."""
    listed = client.list_artifacts(run, path)
    below = [name for one in listed if one.is_dir for name in files(client, run, one.path)]
    return [one.path for one in listed if not one.is_dir] + below
