"""Object stores behind TFX's file functions: s3:// and minio:// through pyarrow.

TensorFlow 2.21 reads neither. gs:// stays with TensorFlow.
"""

from __future__ import annotations

import fnmatch
import functools
import io
import posixpath
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow.fs as pafs
from tfx.dsl.io import filesystem, filesystem_registry

from tfx_kubeflow.storage import connection, uris


def is_ours(uri: str) -> bool:
    """Returns whether a URI is in a store that TensorFlow does not read."""
    return uri.startswith(connection.SCHEMES)


def connect(uri: str) -> tuple[pafs.FileSystem, str]:
    """Returns the store of a URI and the path in it.

    See `connection.connection` for how it is reached.
    """
    return _filesystem(connection.connection(uri)), uri.split("://", 1)[1].rstrip("/")


@functools.cache
def _filesystem(given: connection.Connection) -> pafs.S3FileSystem:
    options: dict[str, Any] = {}
    if given.endpoint:
        scheme, _, host = given.endpoint.rpartition("://")
        options |= {"endpoint_override": host.rstrip("/"), "scheme": scheme or "https"}
    if given.key and given.secret:
        options |= {"access_key": given.key, "secret_key": given.secret}
        options["session_token"] = given.token
    if given.region:
        options["region"] = given.region
    return pafs.S3FileSystem(
        request_timeout=connection.REQUEST_TIMEOUT,
        connect_timeout=connection.CONNECT_TIMEOUT,
        allow_bucket_creation=False,
        **options,
    )


class ObjectFiles(filesystem.Filesystem):
    """TFX's file functions on s3:// and minio:// URIs."""

    SUPPORTED_SCHEMES = list(connection.SCHEMES)

    @staticmethod
    def open(name: str, mode: str = "r") -> Any:
        """Opens an object."""
        store, path = connect(name)
        if "w" in mode:
            stream = store.open_output_stream(path)
        else:
            try:
                stream = store.open_input_file(path)
            except FileNotFoundError as error:
                raise filesystem.NotFoundError(name) from error
        return stream if "b" in mode else io.TextIOWrapper(stream, encoding="utf-8")

    @staticmethod
    def copy(src: str, dst: str, overwrite: bool = False) -> None:
        """Copies an object within a store."""
        if not overwrite and ObjectFiles.exists(dst):
            raise OSError(f"{dst} exists")
        with ObjectFiles.open(src, "rb") as source, ObjectFiles.open(dst, "wb") as target:
            shutil.copyfileobj(source, target)

    @staticmethod
    def exists(path: str) -> bool:
        """Returns whether there is an object of this name or below it."""
        return _info(path).type is not pafs.FileType.NotFound

    @staticmethod
    def isdir(path: str) -> bool:
        """Returns whether there are objects below this name."""
        return _info(path).type is pafs.FileType.Directory

    @staticmethod
    def glob(pattern: str) -> list[str]:
        """Returns the objects and folders that match, part by part.

        Raises:
            StepError: One of them has a name that is no file's; the store's client would read
                another object than that.
        """
        scheme, rest = pattern.split("://", 1)
        parts = rest.split("/")
        wild = next((n for n, part in enumerate(parts) if set("*?[") & set(part)), len(parts))
        if wild == len(parts):
            return [pattern] if ObjectFiles.exists(pattern) else []
        found = []
        for info in _below(f"{scheme}://{'/'.join(parts[:wild])}", recursive=True):
            names = info.path.split("/")
            if len(names) == len(parts) and all(map(fnmatch.fnmatchcase, names, parts)):
                uris.require_name(f"{scheme}://{parts[0]}", "/".join(names[1:]))
                found.append(f"{scheme}://{info.path}")
        return sorted(found)

    @staticmethod
    def listdir(path: str) -> list[str]:
        """Returns the names directly below."""
        if not ObjectFiles.isdir(path):
            raise filesystem.NotFoundError(path)
        return sorted(info.base_name for info in _below(path, recursive=False))

    @staticmethod
    def makedirs(path: str) -> None:
        """Does nothing: object stores have no folders."""

    mkdir = makedirs

    @staticmethod
    def remove(path: str) -> None:
        """Removes an object."""
        store, name = connect(path)
        store.delete_file(name)

    @staticmethod
    def rename(src: str, dst: str, overwrite: bool = False) -> None:
        """Copies an object and removes the first: object stores have no rename."""
        ObjectFiles.copy(src, dst, overwrite)
        ObjectFiles.remove(src)

    @staticmethod
    def rmtree(path: str) -> None:
        """Removes everything below."""
        store, name = connect(path)
        store.delete_dir(name)

    @staticmethod
    def stat(path: str) -> Any:
        """Returns size and modification time, called `length` and `mtime_nsec` as TFX does."""
        info = _info(path)
        if info.type is pafs.FileType.NotFound:
            raise filesystem.NotFoundError(path)
        return FileStat(info.size or 0, info.mtime_ns or 0)

    @staticmethod
    def walk(
        top: str, topdown: bool = True, onerror: Callable[..., None] | None = None
    ) -> Iterator[tuple[str, list[str], list[str]]]:
        """Walks the folders below."""
        del onerror
        infos = _below(top, recursive=False)
        folders = [info.base_name for info in infos if info.type is pafs.FileType.Directory]
        files = [info.base_name for info in infos if info.type is pafs.FileType.File]
        if topdown:
            yield top, folders, files
        for folder in folders:
            yield from ObjectFiles.walk(posixpath.join(top, folder), topdown)
        if not topdown:
            yield top, folders, files


class FileStat:
    """Size and modification time under TFX's names."""

    def __init__(self, length: int, mtime_nsec: int) -> None:
        self.length = length
        self.mtime_nsec = mtime_nsec


def names_below(uri: str) -> list[str]:
    """Returns the names of all objects below a URI, relative to it, as the store has them."""
    _, path = connect(uri)
    infos = _below(uri, recursive=True)
    return [info.path.removeprefix(f"{path}/") for info in infos if info.type is pafs.FileType.File]


def _info(uri: str) -> pafs.FileInfo:
    store, path = connect(uri)
    return store.get_file_info(path)


def _below(uri: str, recursive: bool) -> list[pafs.FileInfo]:
    store, path = connect(uri)
    selector = pafs.FileSelector(path, recursive=recursive, allow_not_found=True)
    infos: list[pafs.FileInfo] = store.get_file_info(selector)
    return infos


def register() -> None:
    """Gives TFX's file functions the stores that TensorFlow lacks."""
    # Before TensorFlow's own, which claims s3:// and then cannot read it.
    filesystem_registry.DEFAULT_FILESYSTEM_REGISTRY.register(ObjectFiles, priority=1)
