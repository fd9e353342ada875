"""What is served at a push destination."""

from __future__ import annotations

import hashlib
import json
import posixpath

from tfx.dsl.io import fileio

from tfx_kubeflow.storage import object_store

MODEL_FILE = "saved_model.pb"
"""Servers take a version for complete when this file is there."""


def destination(text: str | None) -> str | None:
    """Returns the folder that a push destination (JSON) names; None where it is no folder."""
    folder = json.loads(text or "{}").get("filesystem", {})
    base: str = folder.get("base_directory") or folder.get("baseDirectory") or ""
    return base.rstrip("/") or None


def versions(base: str) -> list[str]:
    """Returns the complete versions below a push destination; servers serve the first, the newest.

    Args:
        base: Folder or address of the destination; it may not exist yet.
    """
    return [name for name in numbers(base) if fileio.exists(posixpath.join(base, name, MODEL_FILE))]


def numbers(base: str) -> list[str]:
    """Returns the versions below a push destination, complete or not, newest first."""
    if not object_store.retried(fileio.exists)(base):
        return []
    names = (name.rstrip("/") for name in fileio.listdir(base))
    # TensorFlow Serving reads signed 64-bit integers and ignores what does not fit.
    return sorted((n for n in names if n.isdecimal() and int(n) < 2**63), key=int, reverse=True)


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
