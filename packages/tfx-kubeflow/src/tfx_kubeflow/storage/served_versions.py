"""The versions of a served model: `<base>/<number>/`, in a folder or an object store.

TensorFlow Serving takes every child of the base whose name is an integer for a version, and loads
the newest that is complete; `labels` may say otherwise. All that lists, numbers, publishes and
removes versions is here. Beside a version lies a file `.<version>.<digest>`, which records what was
published: it tells a damaged version from a whole one, and keeps its number from another model.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import posixpath
import re
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tfx_kubeflow.errors import StepError
from tfx_kubeflow.storage import documents, files, filesystems, labels, push_records
from tfx_kubeflow.storage.destinations import Destination, Folder, ObjectPrefix
from tfx_kubeflow.storage.push_records import Origin, PushRecord
from tfx_kubeflow.storage.retries import is_transient, retried

log = logging.getLogger(__name__)

MODEL_FILE = "saved_model.pb"
"""Servers take a version for complete when this file is there."""
FIRST, LAST = -(2**63), 2**63 - 1
"""Bounds of a version; servers ignore what lies beyond."""
NUMBER = re.compile(r"[ \t\n\v\f\r]*([+-]?0*[0-9]{1,19})[ \t\n\v\f\r]*")
"""What absl's SimpleAtoi takes for an integer, which is how servers read the names of versions."""

ATTEMPTS, MOST_SKIPPED = 50, 8
"""Attempts of a push at a number of its own, and numbers it may skip after one."""


@dataclass(frozen=True)
class Published:
    """Where a model is served from.

    Attributes:
        version: Seconds since 1970 of the push, or one more than the version before it.
        uri: `<base>/<version>`.
        new: False where that version was already there with the very same files.
        damaged: The version in whose place this one was pushed, since its files are no longer those
            published.
        stable: The version that goes on serving, where labels say so; None: this one serves.
    """

    version: str
    uri: str
    new: bool
    damaged: str | None = None
    stable: str | None = None


read_labels = retried(is_transient)(labels.read)


def destination(text: str | None) -> str | None:
    """Returns the folder that a push destination (JSON) names; None where it is no folder."""
    folder = json.loads(text or "{}").get("filesystem", {})
    base: str = folder.get("base_directory") or folder.get("baseDirectory") or ""
    return base.rstrip("/") or None


def numbered(base: str) -> dict[int, str]:
    """Returns what servers take for versions below a push destination: number -> name.

    That is every child whose name reads as an integer, be it incomplete, a file or a symbolic link.

    Args:
        base: Folder or URI of the destination; it may not exist yet.

    Returns:
        Newest first; of two names of one number the one that servers load.
    """
    found = {}
    for name in sorted(_children(base), key=os.fsencode):
        number = NUMBER.fullmatch(name)
        if number and FIRST <= int(number[1]) <= LAST:
            found[int(number[1])] = name
    return dict(sorted(found.items(), reverse=True))


def versions(base: str) -> list[str]:
    """Returns the complete versions below a push destination, newest first.

    Args:
        base: Folder or URI of the destination; it may not exist yet.
    """
    names = numbered(base).values()
    return [name for name in names if files.exists(posixpath.join(base, name, MODEL_FILE))]


def serving(base: str) -> str | None:
    """Returns the version that answers: the stable one, or without labels the newest complete one.

    Args:
        base: Folder or URI of the push destination.

    Returns:
        None where there is none, or the stable one is not complete.

    Raises:
        LabelsError: The labels cannot be read.
    """
    found = read_labels(base)
    if found is None:
        return next(iter(versions(base)), None)
    stable = found.stable.version
    return stable if files.exists(posixpath.join(base, stable, MODEL_FILE)) else None


def next_version(base: str, requested: int) -> str:
    """Returns a version that servers prefer to all that are there.

    Args:
        base: Folder or URI of the destination.
        requested: The version, unless one that is as high is taken: clocks differ, and half a
            version keeps its number.

    Raises:
        StepError: No version can be higher.
    """
    newest, name = next(iter(numbered(base).items()), (FIRST, ""))
    if newest == LAST:
        raise StepError(
            f"{posixpath.join(base, name)} has the highest number that TensorFlow Serving reads, "
            "so it would load no version after it; move it away"
        )
    return str(max(requested, newest + 1))


def digest(folder: str) -> str:
    """Returns the SHA-256 over the names and contents of all files below a folder or URI."""
    total = hashlib.sha256()
    for name in files.names_below(folder):
        content, _ = files.sha256(posixpath.join(folder, name))
        total.update(os.fsencode(f"{name}\0{content}\n"))
    return total.hexdigest()


def published_digests(base: str, version: str, names: Sequence[str] | None = None) -> set[str]:
    """Returns the digests that were recorded when a version was published.

    Args:
        base: Folder or URI of the push destination.
        version: Name of the version.
        names: What is in the folder, where that is known already.

    Returns:
        One digest; none where another tool made the version; more where several pushes requested
        the same number.
    """
    record = re.compile(re.escape(_record(version, "")) + "([0-9a-f]{64})")
    found = map(record.fullmatch, _children(base) if names is None else names)
    return {match[1] for match in found if match}


def expected_digests(base: str, version: str) -> set[str]:
    """Returns the digests that a version may have: as published, else as it was when labelled.

    Returns:
        Nothing where neither is known.
    """
    found = published_digests(base, version)
    labelled = None if found else read_labels(base)
    if labelled:
        named = (labelled.stable, labelled.canary, labelled.previous)
        found = {one.digest for one in named if one and one.version == version}
    return found


def is_damaged(base: str, version: str) -> bool:
    """Returns whether a version is incomplete, or does not hold the files that were published."""
    uri = posixpath.join(base, version)
    if not files.exists(posixpath.join(uri, MODEL_FILE)):
        return True
    expected = expected_digests(base, version)
    return bool(expected) and digest(uri) not in expected


def publish(
    model: Path,
    base: str,
    clock: Callable[[], float] = time.time,
    origin: Origin | None = None,
) -> Published:
    """Makes a SavedModel the newest version below a push destination, whole or not at all.

    Where no label says what serves, it serves from then on, and what serves already is left alone.
    Where labels do, they stay, and a model that is there already, whatever its label, is not pushed
    again: so what was rolled back does not come back by itself.

    Pushes into one folder wait for each other; in an object store, each has a number of its own.
    What a killed push leaves is nothing that servers load.

    Args:
        model: Folder of the SavedModel; all of it is copied.
        base: Folder or URI of the destination; made if missing.
        clock: Seconds since 1970.
        origin: What to record of the model; None: nothing.

    Raises:
        FileNotFoundError: `model` holds no SavedModel.
        StepError: No version can follow those below `base`, or its labels cannot be read.
        OSError: The copy failed; what was served before still is.
    """
    if not (model / MODEL_FILE).is_file():
        raise FileNotFoundError(f"{model}: holds no {MODEL_FILE} to push")
    own, place = digest(str(model)), destination_of(base)
    with place.turn():
        labelled = read_labels(base)
        stable = labelled.stable.version if labelled else None
        there = _of_the_same_model(base, own) if labelled else versions(base)[:1]
        for name in there:
            uri = posixpath.join(base, name)
            if digest(uri) == own:
                return Published(name, uri, new=False, stable=stable)
        damaged = next((name for name in there if is_damaged(base, name)), None)
        now = max(int(clock()), 1)
        version = _reserved(place, base, now, own)
        if origin is not None:
            told = PushRecord(version=version, digest=own, pushed_at=now, **dict(origin))
            _tell(base, told)
        place.add(model, version, last=MODEL_FILE)
    uri = posixpath.join(base, version)
    return Published(version, uri, new=True, damaged=damaged, stable=stable)


def remove(base: str, version: str) -> None:
    """Removes a version; without labels, servers go back to the newest that is left.

    No other model gets its number: the record of its digest stays. What the push told of it goes.

    Args:
        base: Folder or URI of the destination.
        version: Name of the version.

    Raises:
        StepError: There is no such version, or it has a label.
    """
    place = destination_of(base)
    with place.turn():
        found = list(numbered(base).values())
        if version not in found:
            raise StepError(
                f"{base} has no version {version!r}, it has {', '.join(found) or 'none'}"
            )
        labelled = read_labels(base)
        if labelled and (names := labelled.of(version)):
            raise StepError(f"{base}: version {version} is {' and '.join(names)}, so it stays")
        place.remove(version, first=MODEL_FILE)
        place.unmark(push_records.name(version))


def _tell(base: str, told: PushRecord) -> None:
    try:
        push_records.write(base, told)
    except (OSError, documents.Conflict) as error:  # nothing is decided by it
        log.warning("%s is not written: %s", push_records.path(base, told.version), error)


def _of_the_same_model(base: str, own: str) -> list[str]:
    """The complete versions that were published with a digest, or that no record tells of."""
    names = _children(base)
    ours = {name: published_digests(base, name, names) for name in versions(base)}
    return [name for name, published in ours.items() if own in published or not published]


def destination_of(base: str) -> Destination:
    """Returns how versions come and go below a folder or URI."""
    return ObjectPrefix(base) if "://" in base else Folder(Path(base))


def _reserved(place: Destination, base: str, requested: int, own: str) -> str:
    """Records the digest with a number that no other push has.

    Each push first writes its record and then looks for others', and stores show what was written
    before: of several pushes that want one number, at most one sees itself alone.
    """
    for _ in range(ATTEMPTS):
        version = next_version(base, requested)
        place.mark(_record(version, own))
        taken = int(version) in numbered(base)
        if not taken and published_digests(base, version) == {own}:
            return version
        requested = int(version) + 1 + secrets.randbelow(MOST_SKIPPED)
    raise StepError(f"{base} gives no number that no other push has; is it listed as it is?")


def _record(version: str, content: str) -> str:
    return f".{version}.{content}"


def _children(base: str) -> list[str]:
    if not files.exists(base):
        return []
    return [name.rstrip("/") for name in retried(is_transient)(filesystems.of(base).listdir)(base)]
