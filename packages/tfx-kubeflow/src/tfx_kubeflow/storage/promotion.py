"""Promotion: which version is stable, which is tried as the canary, and what may go.

Every verb can be given twice: what is as it was wanted stays, and no history is made of it.
"""

from __future__ import annotations

import posixpath
import time
from collections.abc import Callable
from typing import Any

from tfx_kubeflow.errors import StepError
from tfx_kubeflow.storage import labels, served_versions
from tfx_kubeflow.storage.labels import Canary, Event, Label, Labels, Name

PRUNE = "prune"
FEWEST = 2
"""Loadable versions that a prune leaves: one serves, and one can be gone back to."""

Clock = Callable[[], float]


def canary(base: str, version: str, percent: int, clock: Clock = time.time) -> Labels:
    """Has a version answer a part of the requests.

    Args:
        base: Folder or URI of the push destination.
        version: The version.
        percent: Of the requests that name no version and no label, 1 to 50.
        clock: Seconds since 1970.

    Raises:
        StepError: There is no such version, it is damaged, or it is stable.
    """

    def step(found: Labels | None) -> Labels:
        now = _now(base, found, clock)
        if version == now.stable.version:
            raise StepError(
                f"{base}: version {version} is stable; promote another, and try it as the canary "
                "against that one"
            )
        label = _label(base, version, now, clock)
        if now.canary and (now.canary.version, now.canary.digest) == (version, label.digest):
            label = now.canary
        wanted = Canary(**{**label.model_dump(), "percent": percent})
        if found and wanted == found.canary:
            return found
        return _recorded(now, "canary", version, clock, "canary", canary=wanted)

    return _changed(base, step)


def end_canary(base: str, clock: Clock = time.time) -> Labels | None:
    """Has stable answer all requests again; without labels, it does.

    Args:
        base: Folder or URI of the push destination.
        clock: Seconds since 1970.
    """

    def step(found: Labels | None) -> Labels:
        now = _now(base, found, clock)
        if now.canary is None:
            return now
        return _recorded(now, "end canary", now.canary.version, clock, None, canary=None)

    return labels.read(base) and _changed(base, step)


def promote(base: str, version: str | None = None, clock: Clock = time.time) -> Labels:
    """Makes a version stable, and what was stable the previous one.

    Args:
        base: Folder or URI of the push destination.
        version: The version; None: the canary.
        clock: Seconds since 1970.

    Raises:
        StepError: There is no such version, or it is damaged; or there is no canary.
    """

    def step(found: Labels | None) -> Labels:
        now = _now(base, found, clock)
        name = version or (now.canary.version if now.canary else None)
        if name is None:
            raise StepError(
                f"{base}: no version is the canary, so name the one to promote; there are "
                f"{_listed(served_versions.versions(base))}"
            )
        label = _label(base, name, now, clock)
        if found and (label.version, label.digest) == (found.stable.version, found.stable.digest):
            return found
        left = None if now.canary and now.canary.version == name else now.canary
        previous = now.previous if name == now.stable.version else now.stable
        return _recorded(
            now, "promote", name, clock, "stable", stable=label, canary=left, previous=previous
        )

    return _changed(base, step)


def rollback(base: str, clock: Clock = time.time) -> Labels:
    """Makes the previous version stable again, and ends the canary.

    Without labels, the newest whole version before the one that serves becomes stable. Where none
    is known to have been stable before, the canary alone ends. Given once more, it goes no further
    back: that is a promotion, which names its version.

    Args:
        base: Folder or URI of the push destination.
        clock: Seconds since 1970.

    Raises:
        StepError: There is nothing to go back to, or it is damaged.
    """

    def step(found: Labels | None) -> Labels:
        if found and not found.canary and _last(found) == "rollback":
            return found
        now = _now(base, found, clock)
        name = now.previous.version if now.previous else None
        if found is None:
            name = _whole_before(base, now.stable.version)
        if name is None and now.canary:
            return _recorded(now, "rollback", now.canary.version, clock, None, canary=None)
        if name is None:
            others = [one for one in served_versions.versions(base) if one != now.stable.version]
            raise StepError(
                f"{base}: no version is known to have been stable before {now.stable.version}; "
                f"promote one of {_listed(others)}"
            )
        label = _label(base, name, now, clock)
        return _recorded(
            now, "rollback", name, clock, "stable", stable=label, canary=None, previous=None
        )

    return _changed(base, step)


def prune(base: str, keep: int, dry_run: bool = False, clock: Clock = time.time) -> list[str]:
    """Removes old versions.

    The newest `keep` complete ones stay, those that have a label, and as many others as it takes
    for two that can be loaded. What is newer than the oldest of the newest stays as it is, be it
    incomplete: in an object store it may be a push that is under way.

    Args:
        base: Folder or URI of the push destination.
        keep: Number of complete versions, at least 2.
        dry_run: Whether nothing is removed.
        clock: Seconds since 1970.

    Returns:
        Those that were removed, or would be, newest first.
    """
    found: list[str] = []

    def step(now: Labels) -> Labels:
        found[:] = _superfluous(base, keep, now)
        known = {event.version for event in now.history if event.verb == PRUNE}
        for version in found:
            if version not in known:
                now = _recorded(now, PRUNE, version, clock, None)
        return now

    labelled = labels.read(base)
    if labelled is None or dry_run:
        found = _superfluous(base, keep, labelled)
    else:
        # Written before anything goes: in a store nothing else tells a promotion at this moment.
        _changed(base, lambda given: step(given or _now(base, None, clock)))
    for version in [] if dry_run else found:
        served_versions.remove(base, version)
    return found


def _superfluous(base: str, keep: int, labelled: Labels | None) -> list[str]:
    complete = served_versions.versions(base)
    if len(complete) <= keep:
        return []
    oldest = int(complete[keep - 1])
    older = [name for number, name in served_versions.numbered(base).items() if number < oldest]
    kept = {name for name in older if labelled and labelled.of(name)} | set(complete[:keep])
    loadable = 0
    for name in complete:
        if loadable < FEWEST and not served_versions.is_damaged(base, name):
            loadable += 1
            kept.add(name)
    return [name for name in older if name not in kept]


def _changed(base: str, step: Callable[[Labels | None], Labels]) -> Labels:
    if not served_versions.versions(base):
        raise StepError(f"{base}: no version is there; push a model first")
    return labels.change(base, step)


def _now(base: str, found: Labels | None, clock: Clock) -> Labels:
    """The labels that are there; without any, what they would say of what serves."""
    if found is not None:
        return found
    newest = served_versions.versions(base)[0]
    uri = posixpath.join(base, newest)
    label = Label(version=newest, digest=served_versions.digest(uri), since=int(clock()))
    return Labels(stable=label)


def _label(base: str, version: str, now: Labels, clock: Clock) -> Label:
    there = served_versions.versions(base)
    if version not in there:
        raise StepError(f"{base} has no complete version {version!r}, it has {_listed(there)}")
    if any((event.verb, event.version) == (PRUNE, version) for event in now.history):
        raise StepError(f"{base}: version {version} is being removed by a prune; take another")
    if served_versions.is_damaged(base, version):
        raise StepError(
            f"{base}: version {version} is damaged: its files are not those that were pushed; "
            "repair it, or take another"
        )
    digest = served_versions.digest(posixpath.join(base, version))
    return Label(version=version, digest=digest, since=int(clock()))


def _whole_before(base: str, serving: str) -> str | None:
    older = (one for one in served_versions.versions(base) if int(one) < int(serving))
    return next((one for one in older if not served_versions.is_damaged(base, one)), None)


def _recorded(
    now: Labels, verb: str, version: str, clock: Clock, label: Name | None, **changes: Any
) -> Labels:
    event = Event(at=int(clock()), verb=verb, version=version, label=label)
    return now.model_copy(update={**changes, "history": (*now.history, event)})


def _last(found: Labels) -> str | None:
    verbs = [event.verb for event in found.history if event.verb != PRUNE]
    return verbs[-1] if verbs else None


def _listed(versions: list[str]) -> str:
    return ", ".join(versions) or "none"
