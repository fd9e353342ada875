"""What is served at a push destination."""

from __future__ import annotations

import hashlib
import json
import posixpath

from tfx.dsl.io import fileio

from tfx_pipeline.kubeflow.pod import stores

MODEL_FILE = "saved_model.pb"
"""Servers take a version for complete when this file is there."""


def destination(text: str | None) -> str | None:
    """Returns the folder that a push destination (JSON) names; None where it is no folder."""
    folder = json.loads(text or "{}").get("filesystem", {})
    base: str = folder.get("base_directory") or folder.get("baseDirectory") or ""
    return base.rstrip("/") or None


def serving_version(base: str) -> str | None:
    """Returns the newest complete version below a push destination: the one that servers serve."""
    if not stores.retried(fileio.exists)(base):
        return None
    names = [name.rstrip("/") for name in fileio.listdir(base)]
    numbers = sorted((name for name in names if name.isdigit()), key=int, reverse=True)
    for name in numbers:
        if fileio.exists(posixpath.join(base, name, MODEL_FILE)):
            return name
    return None


def contents(folder: str) -> dict[str, str]:
    """Returns the files below a folder, each with the SHA-256 of what is in it."""
    found = {}
    for place, _, names in fileio.walk(folder):
        for name in names:
            path = posixpath.join(place, name)
            with fileio.open(path, "rb") as file:
                digest = hashlib.sha256(file.read()).hexdigest()
            found[posixpath.relpath(path, folder)] = digest
    return found
