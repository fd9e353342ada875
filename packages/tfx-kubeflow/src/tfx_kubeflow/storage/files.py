"""Files below folders and URIs: listed, hashed, and copied without leaving their folder."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import posixpath
import shutil
import uuid
from collections.abc import Iterable
from pathlib import Path

from tfx_kubeflow.errors import StepError
from tfx_kubeflow.storage import filesystems, object_store, uris
from tfx_kubeflow.storage.retries import is_transient, retried

CHUNK = 1 << 20
"""Bytes."""
Stamp = tuple[tuple[str, int, int, int], ...]
"""Path, bytes, time of change and inode of each file: equal while nothing changes."""


@retried(is_transient)
def exists(path: str) -> bool:
    """Returns whether there is a file, a folder or an object of this name, or objects below it."""
    return bool(filesystems.of(path).exists(path))


@retried(is_transient)
def is_folder(path: str) -> bool:
    """Returns whether this is a folder, or there are objects below this name."""
    return bool(filesystems.of(path).isdir(path))


@retried(is_transient)
def names_below(folder: str) -> list[str]:
    """Returns the names of all files below a folder or URI, relative to it and sorted.

    They are as the store has them: one may be `../x`, see `copy_below`.
    """
    if object_store.is_ours(folder):
        return sorted(object_store.names_below(folder))
    top = folder.rstrip("/") + "/"
    paths = (
        posixpath.join(place, name)
        for place, _, names in filesystems.of(folder).walk(folder)
        for name in names
    )
    return sorted(path.removeprefix(top) for path in paths)


@retried(is_transient)
def size(path: str) -> int:
    """Returns how many bytes a file has."""
    return int(filesystems.of(path).stat(path).length)


@retried(is_transient)
def sha256(path: str) -> tuple[str, int]:
    """Returns the SHA-256 of what is in a file, and how many bytes that is."""
    digest, size = hashlib.sha256(), 0
    with filesystems.of(path).open(path, "rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size


def stamp(folder: Path) -> Stamp:
    """Returns what changes when something below a folder of this machine does.

    Raises:
        OSError: A file went while it was looked at.
    """
    states = ((path, path.stat()) for path in sorted(folder.rglob("*")))
    return tuple((str(p), one.st_size, one.st_mtime_ns, one.st_ino) for p, one in states)


def copy_below(source: str, names: Iterable[str], folder: Path) -> None:
    """Copies files below a folder or URI into a local folder, under the same names.

    Every copy of foreign names goes through here: whoever may write to the source shall not place
    a file elsewhere, or have one read from elsewhere.

    Args:
        source: Folder or URI.
        names: Names below it.
        folder: Where the copies go; made if missing.

    Raises:
        StepError: A name leads out of the folder, by itself or by a symbolic link, or cannot be
            that of a file here.
    """
    for name in names:
        path = posixpath.join(source, name)
        require_inside(source, name)
        try:
            download(path, folder / name)
        except (FileExistsError, IsADirectoryError, NotADirectoryError) as error:
            raise StepError(f"{path} is a file and a folder at once; remove one") from error
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                raise uris.no_name(source, name) from error
            raise


def copy_artifact(uri: str, folder: Path) -> int:
    """Copies what is at a URI into a local folder, but for files that are there with their size.

    So it goes on where an earlier copy was broken off: a file is there whole, or not at all.

    Args:
        uri: Of a folder or of a file.
        folder: Where the copies go; made if missing.

    Returns:
        How many files are there now, copied now or before.

    Raises:
        StepError: A name leads out of the folder; see `copy_below`.
    """
    if not exists(uri):
        return 0
    if is_folder(uri):
        source, names = uri, names_below(uri)
    else:
        source, name = posixpath.split(uri)
        names = [name]
    for name in names:
        path = folder / name
        if not path.is_file() or path.stat().st_size != size(posixpath.join(source, name)):
            copy_below(source, [name], folder)
    return len(names)


def copy_folder(source: Path, target: str) -> None:
    """Copies a folder of this machine; in a folder, all of it appears at once.

    Args:
        source: The folder.
        target: Folder or URI of the copy; what is there is replaced.
    """
    names = names_below(str(source))
    if "://" in target:
        for name in names:
            upload(source / name, posixpath.join(target, name))
        return
    draft = Path(target).parent / f".{uuid.uuid4().hex}"
    try:
        copy_below(str(source), names, draft)
        shutil.rmtree(target, ignore_errors=True)
        draft.rename(target)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def require_inside(source: str, name: str) -> None:
    """Refuses the name of a file that leaves its folder, by itself or by a symbolic link.

    Raises:
        StepError: It does.
    """
    uris.require_name(source, name)
    path = posixpath.join(source, name)
    if "://" not in source and not Path(path).resolve().is_relative_to(Path(source).resolve()):
        raise StepError(f"{path} is a symbolic link that leads out of {source}; remove it")


@retried(is_transient)
def download(uri: str, path: Path) -> None:
    """Copies an object to a local file, which is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.parent / f".{uuid.uuid4().hex}"
    try:
        with filesystems.of(uri).open(uri, "rb") as source, draft.open("wb") as target:
            shutil.copyfileobj(source, target, CHUNK)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


@retried(is_transient)
def upload(path: Path, uri: str) -> None:
    """Copies a local file to an object store, where it is there whole or not at all."""
    with path.open("rb") as source:
        try:
            with filesystems.of(uri).open(uri, "wb") as target:
                shutil.copyfileobj(source, target, CHUNK)
        except BaseException:  # closing the object has made what had arrived of it visible
            with contextlib.suppress(Exception):
                filesystems.of(uri).remove(uri)
            raise
