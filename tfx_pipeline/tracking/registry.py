"""Versions of the served model in MLflow's registry, and the alias of the one that serves."""

from __future__ import annotations

import tempfile
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from tfx_pipeline.tracking.job import Pushed
from tfx_pipeline.tracking.saved_model import save
from tfx_pipeline.tracking.store import EXISTS

CHAMPION = "champion"
"""Alias of the version that serves."""
VERSION = "household_power.version"
"""Tag: the number under which it is, or was, served."""
SHA256 = "household_power.sha256"
"""Tag: over the names and contents of its SavedModel's files."""
FOLDER = "model"
"""Of the model, among the artifacts of its run."""


def register(client: MlflowClient, name: str, run: Run, pushed: Pushed) -> None:
    """Registers a pushed model, unless its version is registered.

    Args:
        client: Of the store.
        name: Of the model.
        run: That made it.
        pushed: What was pushed.
    """
    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != EXISTS:
            raise
    if _registered(client, name, pushed.version) is not None:
        return
    with tempfile.TemporaryDirectory() as folder:
        save(pushed.folder, Path(folder) / FOLDER)
        client.log_artifacts(run.info.run_id, folder)
    client.create_model_version(
        name,
        source=f"{run.info.artifact_uri}/{FOLDER}",
        run_id=run.info.run_id,
        tags={VERSION: pushed.version, SHA256: pushed.sha256},
    )


def align(client: MlflowClient, name: str, serving: str) -> None:
    """Points the alias at the version that serves: a push moves it, and a rollback moves it back.

    Args:
        client: Of the store.
        name: Of the model.
        serving: The version that serves; where it is not registered, nothing has the alias.
    """
    models = client.search_registered_models(f"name = '{name}'")
    if not models:
        return
    now = models[0].aliases.get(CHAMPION)
    found = _registered(client, name, serving)
    if found is None and now is not None:
        client.delete_registered_model_alias(name, CHAMPION)
    elif found is not None and str(now) != str(found.version):
        client.set_registered_model_alias(name, CHAMPION, found.version)


def _registered(client: MlflowClient, name: str, version: str) -> ModelVersion | None:
    """The registered version of a served one; a lost answer may have left a second, which goes."""
    found = client.search_model_versions(f"name = '{name}' and tags.`{VERSION}` = '{version}'")
    if not found:
        return None
    first, *others = sorted(found, key=lambda one: int(one.version))
    for other in others:
        client.delete_model_version(name, other.version)
    return first
