"""The folder that TF Serving polls: `<base>/<version>/`, where whole versions appear at once.

TF Serving takes every child whose name is an integer for a version, and loads the largest. So a
version is copied under a name that is none, and becomes one in a single rename. Others may write to
the folder: nothing in it is followed, and nothing that is in the way stops a push.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import stat
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tfx_kubeflow.storage import files, served_versions
from tfx_kubeflow.storage.served_versions import MODEL_FILE, digest

log = logging.getLogger(__name__)

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

    version: str
    path: Path
    new: bool


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
      StepError: No version can follow those below `base`.
      OSError: The copy failed (no space, no permission); `base` serves what it served before.
    """
    if not (model / MODEL_FILE).is_file():
        raise FileNotFoundError(f"{model}: holds no {MODEL_FILE} to push")
    base.mkdir(parents=True, exist_ok=True)
    with _locked(base):
        _remove_leftovers(base)
        served = next(iter(served_versions.versions(str(base))), None)
        if served is not None and digest(str(base / served)) == digest(str(model)):
            return Published(served, base / served, new=False)
        # The clock may go backwards; TF Serving only ever takes the largest number.
        version = served_versions.next_version(str(base), max(int(clock()), 1))
        temporary = base / f"{_TEMPORARY}{uuid.uuid4().hex}"
        try:
            _copy(model, temporary)
            served_versions.publish(temporary, base, version)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        return Published(version, base / version, new=True)


@contextmanager
def _locked(base: Path) -> Iterator[None]:
    path = base / _LOCK
    # Neither follows a symbolic link, nor empties a file, nor waits for the other end of a pipe.
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        descriptor = os.open(path, flags, 0o666)
    except OSError as error:
        raise OSError(
            error.errno, f"no lock for pushes, remove it ({error.strerror})", str(path)
        ) from error
    # The kernel lets go of it when the process dies, however it dies.
    with os.fdopen(descriptor, "rb+", buffering=0):
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{path}: no lock for pushes, remove it (no regular file)")
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


def _remove_leftovers(base: Path) -> None:
    # Under the lock nobody else pushes, so all of these are dead.
    for leftover in base.glob(f"{_TEMPORARY}*"):
        try:
            if leftover.is_dir() and not leftover.is_symlink():
                shutil.rmtree(leftover)
            else:
                leftover.unlink()
        except OSError as error:
            log.warning("%s cannot be removed and stays: %s", leftover, error)


def _copy(source: Path, target: Path) -> None:
    target.mkdir()
    for name in files.names_below(str(source)):
        copied = target / name
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, copied)
