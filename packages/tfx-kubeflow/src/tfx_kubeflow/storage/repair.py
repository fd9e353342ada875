"""Versions whose bytes are not those that were pushed, and how they become whole again."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from tfx_kubeflow.errors import StepError
from tfx_kubeflow.storage import files, labels, served_versions

SERVED = "Format-Serving"
"""Folder of a Model artifact that is pushed."""


def damaged(base: str) -> list[str]:
    """Returns the damaged versions below a push destination, newest first.

    Those that have a label count where they are incomplete or gone as well; others then are not
    there yet, or not for servers.

    Args:
        base: Folder or URI of the destination.

    Raises:
        LabelsError: The labels cannot be read.
    """
    found = labels.read(base)
    named = (found.stable, found.canary, found.previous) if found else ()
    wanted = {one.version for one in named if one} | set(served_versions.versions(base))
    newest_first = sorted(wanted, key=int, reverse=True)
    return [version for version in newest_first if served_versions.is_damaged(base, version)]


def repair(base: str, version: str, sources: Iterable[str]) -> str | None:
    """Replaces a damaged version by the files that were pushed, from where they still are.

    What replaces it was copied and compared with the digest of the push before. In a folder, it
    does so at once; in an object store, no server takes the version for complete meanwhile.

    Args:
        base: Folder or URI of the push destination.
        version: The version.
        sources: Folders and URIs, in this order: of a SavedModel, of a Model artifact, or of
            another base. One that cannot be read is passed by.

    Returns:
        Where the files come from; None where they are nowhere.

    Raises:
        StepError: Nobody recorded what the version should hold.
        OSError: It cannot be written.
    """
    expected = served_versions.expected_digests(base, version)
    if not expected:
        raise StepError(f"{posixpath.join(base, version)}: nobody recorded what it should hold")
    place = served_versions.destination_of(base)
    for source in _places(sources, version):
        if _digest(source) not in expected:
            continue
        with place.turn(), place.draft(source) as draft:
            if served_versions.digest(str(draft)) in expected:
                place.replace(draft, version, served_versions.MODEL_FILE)
                return source
    return None


def _places(sources: Iterable[str], version: str) -> Iterator[str]:
    for source in dict.fromkeys(sources):
        yield source
        yield posixpath.join(source, SERVED)
        yield posixpath.join(source, version)


def _digest(source: str) -> str | None:
    try:
        if files.exists(posixpath.join(source, served_versions.MODEL_FILE)):
            return served_versions.digest(source)
    except (OSError, StepError):  # another place may have it
        return None
    return None
