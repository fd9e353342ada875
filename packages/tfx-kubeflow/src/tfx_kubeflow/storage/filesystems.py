"""Whose file functions a path takes: Python's, an object store's, or TensorFlow's."""

from __future__ import annotations

from tfx.dsl.io import filesystem
from tfx.dsl.io.filesystem_registry import DEFAULT_FILESYSTEM_REGISTRY

from tfx_kubeflow.storage import object_store
from tfx_kubeflow.storage.local_files import LocalFiles


def of(path: str) -> type[filesystem.Filesystem]:
    """Returns the file functions of a path or URI.

    TFX's own choice (`fileio`) imports TensorFlow, which takes seconds, even for a folder.
    """
    if "://" not in path:
        return LocalFiles
    if object_store.is_ours(path):
        return object_store.ObjectFiles
    from tfx.dsl.io import fileio  # noqa: F401, it registers TensorFlow's

    found: type[filesystem.Filesystem]
    found = DEFAULT_FILESYSTEM_REGISTRY.get_filesystem_for_path(path)
    return found
