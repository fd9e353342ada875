"""Addresses of artifacts: in the object store, and where KFP's launcher mounts them.

The launcher moves inputs and outputs between `<scheme>://bucket/key` and `<mount>/bucket/key`; it
hands us the former and our executors work on the latter.
"""

import posixpath
from collections.abc import Iterable, Mapping
from typing import Any

from tfx_kubeflow.errors import StepError

MOUNTS = {"gs://": "/gcs/", "s3://": "/s3/", "minio://": "/minio/"}
NOTHING = "__none__"
"""Folder below the pipeline root that holds nothing: imported where a lookup found nothing."""


def to_local(address: str) -> str:
    """Returns where the launcher mounts an address; other addresses and paths as they are."""
    for scheme, mount in MOUNTS.items():
        if address.startswith(scheme):
            return mount + address.removeprefix(scheme)
    return address


def to_remote(path: str) -> str:
    """Returns the address behind a mounted path; other paths as they are."""
    for scheme, mount in MOUNTS.items():
        if path.startswith(mount):
            return scheme + path.removeprefix(mount)
    return path


def is_nothing(address: str) -> bool:
    """Says whether an address stands for an artifact that does not exist."""
    return f"/{NOTHING}/" in address


def nothing(output_file: str, key: str) -> str:
    """Returns the address that stands for no artifact.

    Args:
        output_file: The step's output file: `<root>/<pipeline>/<run>/<task>/<attempt>/<file>`.
        key: Output of the resolver.
    """
    folder = output_file
    for _ in range(4):
        folder = posixpath.dirname(folder)
    return to_remote(f"{folder}/{NOTHING}/{key}")


def mapped(value: Any, addresses: Mapping[str, str]) -> Any:
    """Replaces addresses wherever they stand in metadata, in texts and inside JSON.

    Args:
        value: A text, number, list or mapping.
        addresses: What to replace -> by what.
    """
    if isinstance(value, str):
        for old in _longest_first(addresses):
            value = value.replace(old, addresses[old])
        return value
    if isinstance(value, list):
        return [mapped(item, addresses) for item in value]
    if isinstance(value, dict):
        return {key: mapped(item, addresses) for key, item in value.items()}
    return value


def _longest_first(addresses: Iterable[str]) -> list[str]:
    return sorted(addresses, key=len, reverse=True)


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
