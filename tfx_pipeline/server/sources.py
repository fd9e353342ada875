"""Which models a folder holds: of several layouts that people and KServe have."""

from __future__ import annotations

from pathlib import Path

from tfx_kubeflow.storage import served_versions

from tfx_pipeline.server.model import Source
from tfx_pipeline.server.wanted import Folder, Single


class Sources:
    """Models by name below a folder, looked up anew each time.

    Args:
        folder: It is one SavedModel; or it holds the versions of one model; or models by name.
        name: Of the one model to serve; None: every model that is there, by its folder's name.
        version: Of the model where the folder is one SavedModel.
    """

    def __init__(self, folder: Path, name: str | None, version: int = 1) -> None:
        self.folder = folder
        self._name = name
        self._version = version

    def find(self) -> dict[str, Source]:
        """Returns where each model's versions are found.

        Raises:
            OSError: The folder cannot be read.
        """
        one = self._name or self.folder.resolve().name
        if (self.folder / served_versions.MODEL_FILE).is_file():
            return {one: Single(self.folder, self._version)}
        if _has_versions(self.folder):
            return {one: Folder(self.folder)}
        if self._name:
            return {self._name: Folder(self.folder / self._name)}
        children = sorted(self.folder.iterdir()) if self.folder.is_dir() else []
        return {path.name: Folder(path) for path in children if _has_versions(path)}


def _has_versions(folder: Path) -> bool:
    return folder.is_dir() and bool(served_versions.versions(str(folder)))
