"""Which versions of the served model are there, as far as their folder is on this machine.

Nothing of TFX is imported for it, which takes seconds; a push writes by `served_versions`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from tfx_kubeflow.storage import labels

from tfx_pipeline.lineage.answers import ServedState

MODEL_FILE = "saved_model.pb"
"""Servers take a version for complete when this file is there."""


def state(destination: str) -> ServedState:
    """Returns what became of a version.

    Args:
        destination: Folder or URI of the version.
    """
    folder = Path(destination)
    if "://" in destination or not folder.parent.is_dir():
        return "unknown"
    if not (folder / MODEL_FILE).is_file():
        return "removed"
    return "serves" if serving(folder.parent) == folder.name else "kept"


@cache
def serving(base: Path) -> str | None:
    """Returns the version that answers: the stable one, or without labels the newest complete one.

    Raises:
        LabelsError: The labels cannot be read.
    """
    if labelled := labels.read(str(base)):
        return labelled.stable.version
    numbers = [path for path in base.glob("*") if path.name.isdecimal()]
    complete = [path.name for path in numbers if (path / MODEL_FILE).is_file()]
    return max(complete, key=int, default=None)
