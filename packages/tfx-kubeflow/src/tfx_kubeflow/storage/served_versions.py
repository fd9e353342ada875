"""What is served at a push destination, read as TensorFlow Serving reads it."""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
import re
from pathlib import Path

from tfx.dsl.io import fileio

from tfx_kubeflow.errors import StepError
from tfx_kubeflow.storage import files
from tfx_kubeflow.storage.retries import is_transient, retried

MODEL_FILE = "saved_model.pb"
"""Servers take a version for complete when this file is there."""
FIRST, LAST = -(2**63), 2**63 - 1
"""Bounds of a version; servers ignore what lies beyond."""
NUMBER = re.compile(r"[ \t\n\v\f\r]*([+-]?0*[0-9]{1,19})[ \t\n\v\f\r]*")
"""What absl's SimpleAtoi takes for an integer, which is how servers read the names of versions."""


def destination(text: str | None) -> str | None:
    """Returns the folder that a push destination (JSON) names; None where it is no folder."""
    folder = json.loads(text or "{}").get("filesystem", {})
    base: str = folder.get("base_directory") or folder.get("baseDirectory") or ""
    return base.rstrip("/") or None


def numbered(base: str) -> dict[int, str]:
    """Returns what servers take for versions below a push destination: number -> name.

    That is every child whose name reads as an integer, be it incomplete, a file or a symbolic link.

    Args:
        base: Folder or address of the destination; it may not exist yet.

    Returns:
        Newest first; of two names of one number the one that servers load.
    """
    if not files.exists(base):
        return {}
    found = {}
    names = (name.rstrip("/") for name in retried(is_transient)(fileio.listdir)(base))
    for name in sorted(names, key=os.fsencode):
        number = NUMBER.fullmatch(name)
        if number and FIRST <= int(number[1]) <= LAST:
            found[int(number[1])] = name
    return dict(sorted(found.items(), reverse=True))


def versions(base: str) -> list[str]:
    """Returns the complete versions below a push destination; servers serve the first, the newest.

    Args:
        base: Folder or address of the destination; it may not exist yet.
    """
    names = numbered(base).values()
    return [name for name in names if files.exists(posixpath.join(base, name, MODEL_FILE))]


def next_version(base: str, wanted: int) -> str:
    """Returns a version that servers prefer to all that are there.

    Args:
        base: Folder or address of the destination.
        wanted: The version, unless one that is as high is taken: clocks differ, and half a version
            keeps its number.

    Raises:
        StepError: No version can be higher.
    """
    newest, name = next(iter(numbered(base).items()), (FIRST, ""))
    if newest == LAST:
        raise StepError(
            f"{posixpath.join(base, name)} has the highest number that TensorFlow Serving reads, "
            "so it would load no version after it; move it away"
        )
    return str(max(wanted, newest + 1))


def digest(folder: str) -> str:
    """Returns the SHA-256 over the names and contents of all files below a folder or address."""
    total = hashlib.sha256()
    for name in files.names_below(folder):
        content, _ = files.sha256(posixpath.join(folder, name))
        total.update(os.fsencode(f"{name}\0{content}\n"))
    return total.hexdigest()


def publish(staged: Path, base: Path, version: str) -> None:
    """Makes a folder a version of a destination on the same volume, atomically and for good.

    Args:
        staged: Folder with the whole model. The disk has all of it before it gets its name, so that
            a machine that stops leaves a whole version or none.
        base: The destination.
        version: Name of the version.
    """
    for path in (*staged.rglob("*"), staged):
        if not path.is_symlink():
            _sync(path)
    staged.rename(base / version)
    _sync(base)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
