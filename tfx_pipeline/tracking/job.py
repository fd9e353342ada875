"""What is to be logged of one run, and the mark that it is not logged yet."""

from __future__ import annotations

import re
from pathlib import Path

from tfx_pipeline.frozen import Frozen

PENDING_FILE = "tracking.pending"
"""In the folder of a run that is not in MLflow yet: a `Pending`."""

LOGIN = re.compile(r"(?<=://)[^/\s]*@")


class Pending(Frozen):
    """What a later attempt could not find out any more."""

    began: float
    """When the run began, seconds since 1970."""
    parent: str | None
    """MLflow's id of the run that ours is nested below, such as that of a task on Kubeflow."""
    experiment: str | None
    """MLflow's id of the experiment; null: the one named like the pipeline."""


class Pushed(Frozen):
    """The model that a run pushed."""

    version: str
    """Of the served model."""
    folder: Path
    """Its SavedModel, on this machine."""
    sha256: str
    """Over the names and contents of its files."""


class Job(Frozen):
    """What to log: a run, or nothing but which version serves."""

    uri: str
    """Of MLflow's server or file."""
    timeout: float | None
    """Seconds that it may take, imports apart; null: as long as it takes."""
    model: str
    """Name of the registered model."""
    serving: str | None
    """The version that serves now; null: nothing does, or it is not known here."""
    folder: Path | None = None
    """Of the run, with its summary, and maybe its report."""
    pushed: Pushed | None = None
    """Null where the run pushed nothing, or its version is gone."""


def mark(folder: Path, what: Pending) -> None:
    """Marks a run as not logged."""
    (folder / PENDING_FILE).write_text(what.model_dump_json() + "\n", encoding="utf-8")


def without_login(text: str) -> str:
    """Returns a text without the users and passwords of its URIs, as the environment may have."""
    return LOGIN.sub("", text)
