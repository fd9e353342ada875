"""Local files behind TFX's file functions, without TensorFlow."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterator
from typing import Any

from tfx.dsl.io.filesystem import NotFoundError
from tfx.dsl.io.plugins.local import LocalFilesystem

from tfx_kubeflow.storage.object_store import FileStat


class LocalFiles(LocalFilesystem):
    """TFX's own, which differs from TensorFlow's in ways that the rest of TFX would notice."""

    @staticmethod
    def glob(pattern: Any) -> list[Any]:
        """Returns what matches, names that begin with a dot included."""
        return sorted(glob.glob(pattern, include_hidden=True))  # noqa: PTH207, also of bytes

    @staticmethod
    def stat(path: Any) -> Any:
        """Returns size and modification time, called `length` and `mtime_nsec`."""
        try:
            found = os.stat(path)  # noqa: PTH116, also of bytes
        except FileNotFoundError as error:
            raise NotFoundError(path) from error
        return FileStat(found.st_size, found.st_mtime_ns)

    @staticmethod
    def walk(
        top: Any, topdown: bool = True, onerror: Callable[..., None] | None = None
    ) -> Iterator[tuple[Any, list[Any], list[Any]]]:
        """Walks the folders below, links to folders included."""
        yield from os.walk(top, topdown, onerror, followlinks=True)
