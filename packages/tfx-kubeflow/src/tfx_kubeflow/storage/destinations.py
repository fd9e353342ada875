"""Push destinations, a folder or an object store: how a version appears there, and goes."""

from __future__ import annotations

import contextlib
import logging
import os
import posixpath
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from tfx_kubeflow.storage import files, filesystems, lock
from tfx_kubeflow.storage.documents import sync
from tfx_kubeflow.storage.lock import HIDDEN
from tfx_kubeflow.storage.retries import is_transient, retried
from tfx_kubeflow.storage.swap import exchange

log = logging.getLogger(__name__)


class Destination(Protocol):
    """Where versions of a model are served from."""

    def turn(self) -> AbstractContextManager[None]:
        """Holds the destination, where two writers could disturb each other."""

    def mark(self, name: str) -> None:
        """Makes a small file, unless it is there."""

    def unmark(self, name: str) -> None:
        """Removes a small file, if it is there."""

    def add(self, model: Path, version: str, last: str) -> None:
        """Copies a model; `last` is the file that makes servers take it for complete."""

    def draft(self, source: str) -> AbstractContextManager[Path]:
        """Copies what is below a folder or URI to where it can replace a version."""

    def replace(self, draft: Path, version: str, last: str) -> None:
        """Puts a draft in the place of a version, which may be gone; `last` as for `add`."""

    def remove(self, version: str, first: str) -> None:
        """Removes a version; `first` is the file without which servers do not load it."""


class Folder:
    """A folder on a volume, where a rename is atomic.

    Others may write to it: nothing in it is followed, and nothing that is in the way stops a push.

    Args:
        base: The folder; made if missing.
    """

    def __init__(self, base: Path) -> None:
        self._base = base

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Holds the folder's lock, and removes what killed pushes left."""
        self._base.mkdir(parents=True, exist_ok=True)
        with lock.held(self._base):
            for leftover in self._base.glob(f"{HIDDEN}*"):  # nobody else pushes: these are dead
                _remove(leftover)
            yield

    def mark(self, name: str) -> None:
        """Makes an empty file, unless it is there."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self._base / name, flags, 0o666))

    def unmark(self, name: str) -> None:
        """Removes a file, if it is there."""
        with contextlib.suppress(FileNotFoundError):
            (self._base / name).unlink()

    def add(self, model: Path, version: str, last: str) -> None:
        """Copies a model under a hidden name; the disk has all of it before it gets its name.

        A machine that stops leaves a whole version or none.
        """
        del last  # a rename shows all files at once
        with self.draft(str(model)) as hidden:
            hidden.rename(self._base / version)
        sync(self._base)

    def replace(self, draft: Path, version: str, last: str) -> None:
        """Gives a draft the name of a version, at once and in the place of what has it."""
        del last
        if (self._base / version).exists():
            exchange(draft, self._base / version)
        else:
            draft.rename(self._base / version)
        sync(self._base)

    @contextmanager
    def draft(self, source: str) -> Iterator[Path]:
        """Copies what is below a folder or URI under a hidden name, which the disk has all of.

        What then still has that name is removed.
        """
        hidden = self._hidden()
        hidden.mkdir()
        try:
            files.copy_below(source, files.names_below(source), hidden)
            for path in (*hidden.rglob("*"), hidden):
                if not path.is_symlink():
                    sync(path)
            yield hidden
        finally:
            if hidden.exists():
                _remove(hidden)

    def remove(self, version: str, first: str) -> None:
        """Takes a version's name away, and then its files."""
        del first
        hidden = self._hidden()
        (self._base / version).rename(hidden)
        sync(self._base)
        _remove(hidden)

    def _hidden(self) -> Path:
        return self._base / f"{HIDDEN}{uuid.uuid4().hex}"


class ObjectPrefix:
    """A prefix in an object store, where a version becomes loadable with its last object.

    Args:
        base: URI of the prefix.
    """

    def __init__(self, base: str) -> None:
        self._base = base

    def turn(self) -> AbstractContextManager[None]:
        """Nothing: there are no locks; each push has a number of its own."""
        return contextlib.nullcontext()

    @retried(is_transient)
    def mark(self, name: str) -> None:
        """Makes a small object: of an empty one, TensorFlow's file functions make none."""
        uri = posixpath.join(self._base, name)
        with filesystems.of(uri).open(uri, "wb") as stream:
            stream.write(b"\n")

    def unmark(self, name: str) -> None:
        """Removes an object, if it is there."""
        uri = posixpath.join(self._base, name)
        if files.exists(uri):
            retried(is_transient)(filesystems.of(uri).remove)(uri)

    def add(self, model: Path, version: str, last: str) -> None:
        """Uploads a model, the file that completes it last."""
        for name in sorted(files.names_below(str(model)), key=lambda name: name == last):
            files.upload(model / name, posixpath.join(self._base, version, name))

    @contextmanager
    def draft(self, source: str) -> Iterator[Path]:
        """Copies what is below a folder or URI to this machine, for a while."""
        with tempfile.TemporaryDirectory(prefix="draft-") as folder:
            files.copy_below(source, files.names_below(source), Path(folder))
            yield Path(folder)

    def replace(self, draft: Path, version: str, last: str) -> None:
        """Uploads a draft over a version, which meanwhile lacks the file that completes it."""
        if files.exists(posixpath.join(self._base, version)):
            self.remove(version, first=last)
        self.add(draft, version, last)

    def remove(self, version: str, first: str) -> None:
        """Removes a version's objects, the file that completes it first."""
        uri = posixpath.join(self._base, version)
        self.unmark(posixpath.join(version, first))
        retried(is_transient)(filesystems.of(uri).rmtree)(uri)


def _remove(path: Path) -> None:
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    except OSError as error:
        log.warning("%s cannot be removed and stays: %s", path, error)
