"""The folder that TF Serving polls: `<base>/<version>/`, where whole versions appear at once.

TF Serving takes every child whose name is an integer for a version, and loads the largest. So a
version is copied under a name that is none, and becomes one in a single rename.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_LOCK = ".push.lock"
_TEMPORARY = ".pushing-"


@dataclass(frozen=True)
class Published:
    """Where a model is served from.

    Attributes:
        version: Seconds since 1970 of the push, or one more than the version before it.
        path: `<base>/<version>`.
        new: False where that version was already there with the very same files.
    """

    version: int
    path: Path
    new: bool


def versions(base: Path) -> list[int]:
    """Complete versions below `base`, oldest first: those that TF Serving can load."""
    return [number for number in _taken(base) if (base / str(number) / "saved_model.pb").is_file()]


def publish(model: Path, base: Path, clock: Callable[[], float] = time.time) -> Published:
    """Makes a SavedModel the newest version below `base`, all at once or not at all.

    What is already the newest version is left alone. A push that was killed leaves a folder that
    TF Serving ignores, and the next push removes it. Pushes into one base wait for each other.

    Args:
      model: Folder of the SavedModel; all of it is copied.
      base: Push destination, `<base>/<name>` of TF Serving's configuration; made if missing.
      clock: Seconds since 1970.

    Raises:
      FileNotFoundError: `model` holds no SavedModel.
      OSError: The copy failed (no space, no permission); `base` serves what it served before.
    """
    if not (model / "saved_model.pb").is_file():
        raise FileNotFoundError(f"{model}: holds no saved_model.pb to push")
    base.mkdir(parents=True, exist_ok=True)
    with _locked(base):
        _remove_leftovers(base)
        complete = versions(base)
        if complete and digest(base / str(complete[-1])) == digest(model):
            return Published(complete[-1], base / str(complete[-1]), new=False)
        # The clock may go backwards; TF Serving only ever takes the largest number.
        version = max(int(clock()), *(number + 1 for number in _taken(base)), 1)
        temporary = base / f"{_TEMPORARY}{version}"
        try:
            _copy(model, temporary)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        target = base / str(version)
        temporary.rename(target)
        _sync(base)
        return Published(version, target, new=True)


def digest(folder: Path) -> str:
    """SHA-256 over the relative paths and contents of all files below `folder`."""
    total = hashlib.sha256()
    for path in _files(folder):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        total.update(f"{path.relative_to(folder).as_posix()}\0{content}\n".encode())
    return total.hexdigest()


def _taken(base: Path) -> list[int]:
    """Every version number that is in use, complete or not, smallest first."""
    return sorted(int(child.name) for child in base.iterdir() if _is_version(child.name))


def _is_version(name: str) -> bool:
    # TF Serving reads names as signed 64-bit integers and ignores what does not fit.
    return name.isascii() and name.isdecimal() and int(name) < 2**63


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@contextmanager
def _locked(base: Path) -> Iterator[None]:
    # The kernel lets go of it when the process dies, however it dies.
    with (base / _LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _remove_leftovers(base: Path) -> None:
    # Under the lock nobody else pushes, so all of these are dead.
    for leftover in base.glob(f"{_TEMPORARY}*"):
        shutil.rmtree(leftover)


def _copy(source: Path, target: Path) -> None:
    """Copies a tree and waits until the disk has it, so that the rename cannot overtake it."""
    target.mkdir()
    folders = {target}
    for path in _files(source):
        copied = target / path.relative_to(source)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copied)
        _sync(copied)
        folders.add(copied.parent)
    for folder in folders:
        _sync(folder)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
