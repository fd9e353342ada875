"""URIs of artifacts: in the object store, and where KFP's launcher mounts them.

The launcher moves inputs and outputs between `<scheme>://bucket/key` and `<mount>/bucket/key`; it
hands us the former and our executors work on the latter.
"""

import posixpath
from collections.abc import Iterable, Mapping
from typing import Any

from tfx_kubeflow.errors import StepError

MOUNTS = {"gs://": "/gcs/", "s3://": "/s3/", "minio://": "/minio/"}
NULL = "__none__"
"""Folder below the pipeline root of null artifacts: imported where a resolver step found none."""


def to_local(uri: str) -> str:
    """Returns where the launcher mounts a URI; other URIs and paths as they are."""
    for scheme, mount in MOUNTS.items():
        if uri.startswith(scheme):
            return mount + uri.removeprefix(scheme)
    return uri


def to_remote(path: str) -> str:
    """Returns the URI behind a mounted path; other paths as they are."""
    for scheme, mount in MOUNTS.items():
        if path.startswith(mount):
            return scheme + path.removeprefix(mount)
    return path


def is_null(uri: str) -> bool:
    """Returns whether a URI stands for an artifact that does not exist."""
    return f"/{NULL}/" in uri


def pipeline_folder(output_file: str) -> str:
    """Returns the URI of the pipeline's folder below its root.

    Args:
        output_file: A step's output file: `<root>/<pipeline>/<run>/<task>/<attempt>/<file>`.
    """
    folder = output_file
    for _ in range(4):
        folder = posixpath.dirname(folder)
    return to_remote(folder)


def pipeline_and_run(output_file: str) -> tuple[str, str]:
    """Returns the names of pipeline and run that an output file belongs to.

    Args:
        output_file: A step's output file: `<root>/<pipeline>/<run>/<task>/<attempt>/<file>`.
    """
    pipeline, run, *_ = output_file.split("/")[-5:]
    return pipeline, run


def null(output_file: str, key: str) -> str:
    """Returns the URI that stands for no artifact.

    Args:
        output_file: Of the step.
        key: Output of the resolver.
    """
    return f"{pipeline_folder(output_file)}/{NULL}/{key}"


def mapped(value: Any, uris: Mapping[str, str]) -> Any:
    """Replaces URIs wherever they stand in metadata, in texts and inside JSON.

    Args:
        value: A text, number, list or mapping.
        uris: What to replace -> by what.
    """
    if isinstance(value, str):
        for old in _longest_first(uris):
            value = value.replace(old, uris[old])
        return value
    if isinstance(value, list):
        return [mapped(item, uris) for item in value]
    if isinstance(value, dict):
        return {key: mapped(item, uris) for key, item in value.items()}
    return value


def _longest_first(uris: Iterable[str]) -> list[str]:
    return sorted(uris, key=len, reverse=True)


def require_name(folder: str, name: str) -> None:
    """Refuses what a store has below a folder under a name that leads elsewhere in a file system.

    Raises:
        StepError: The name is absolute, has empty parts, `.` or `..`, or ends too early.
    """
    if "\0" in name or not {"", ".", ".."}.isdisjoint(name.split("/")):
        raise no_name(folder, name)


def no_name(folder: str, name: str) -> StepError:
    """Returns the error of a name that no file here can have."""
    return StepError(
        f"{folder} holds {name!r}, which is no name of a file in a folder here; remove it"
    )
