"""A served model: which versions are loaded, and what became of the others.

`reconcile` compares what the folder wants with what is loaded. A new version is loaded and warmed
up before requests reach it; an old one goes when its last request has ended; what cannot be served
leaves the last good one where it is.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from tfx_kubeflow.storage import files

from tfx_pipeline.server.errors import Code, ServingError
from tfx_pipeline.server.loaded import LoadedVersion
from tfx_pipeline.server.routing import Routing
from tfx_pipeline.server.wanted import Candidate, Wanted

LOG = logging.getLogger(__name__)

MOST_ENDED = 10
"""Versions that serve no more, of which the status still tells."""


class State(Enum):
    """As TensorFlow Serving's ModelVersionStatus has it."""

    LOADING = "LOADING"
    AVAILABLE = "AVAILABLE"
    UNLOADING = "UNLOADING"
    END = "END"


@dataclass(frozen=True)
class VersionStatus:
    """What became of a version.

    Attributes:
        state: Whether it answers.
        code: Why it does not; OK where nothing is wrong.
        message: The same for people; empty where nothing is wrong.
    """

    state: State
    code: Code = Code.OK
    message: str = ""


class Source(Protocol):
    """Where versions are found."""

    def wanted(self) -> Wanted:
        """Returns what shall serve."""


class ServedModel:
    """A model by its name.

    Args:
        name: In requests.
        source: Where its versions are found.
        load: Makes a candidate answer.
        collect: Gives memory back after a version was dropped.
    """

    def __init__(
        self,
        name: str,
        source: Source,
        load: Callable[[Candidate], LoadedVersion],
        collect: Callable[[], None],
    ) -> None:
        self.name = name
        self.routing = Routing()
        self.problem = ""
        """What is wrong with the folder or its labels; empty where nothing is."""
        self.failures = 0
        """Loads that failed, ever."""
        self.statuses: dict[int, VersionStatus] = {}
        self.source = source
        self._load = load
        self._collect = collect
        self._seen: Any = None
        self._failed: dict[int, Any] = {}

    @property
    def ready(self) -> bool:
        """Whether a version answers."""
        return self.routing.stable is not None

    def reconcile(self) -> None:
        """Makes what the folder wants answer, as far as it can; does nothing if nothing changed.

        One thread at a time calls this; requests go on meanwhile.
        """
        try:
            wanted = self.source.wanted()
            stamps = {one: files.stamp(one.folder) for one in wanted.candidates}
        except Exception as error:  # a folder or labels that cannot be read: what serves stays
            self._report(str(error))
            return
        if (wanted, stamps) != self._seen:
            self._seen = (wanted, stamps)
            self._apply(wanted, stamps)

    def _report(self, problem: str) -> None:
        if problem and problem != self.problem:
            LOG.warning("%s: %s", self.name, problem)
        self.problem = problem

    def _apply(self, wanted: Wanted, stamps: Mapping[Candidate, files.Stamp]) -> None:
        before = self.routing
        answering = (self._answering(one, stamps[one]) for one in wanted.stable)
        stable = next(filter(None, answering), None) or before.stable
        new = wanted.canary
        canary = self._answering(new, stamps[new]) if new else None
        self.routing = Routing(stable, None if canary is stable else canary, wanted.percent)
        self._report(_shortfall(wanted, self.routing))
        for label, version in self.routing.labels.items():
            if before.labels.get(label) is not version:
                LOG.info("%s: version %d is %s", self.name, version.number, label)
        for number in before.versions.keys() - self.routing.versions.keys():
            self._drop(before.versions[number])
        named = {one.number for one in wanted.candidates}
        self._forget(named | self.routing.versions.keys())

    def _answering(self, candidate: Candidate, stamp: files.Stamp) -> LoadedVersion | None:
        """The candidate in memory; None where it cannot be loaded, or could not as it is now."""
        loaded = self.routing.versions.get(candidate.number)
        state = (candidate, stamp)
        if loaded is None and self._failed.get(candidate.number) == state:
            return None
        self._failed.pop(candidate.number, None)
        try:
            candidate.check()
        except Exception as error:
            self._failed[candidate.number] = state
            self._refuse(candidate, error, loaded)
            return loaded
        return loaded or self._loaded(candidate, state)

    def _loaded(self, candidate: Candidate, state: object) -> LoadedVersion | None:
        self.statuses[candidate.number] = VersionStatus(State.LOADING)
        LOG.info("%s: loading version %d", self.name, candidate.number)
        begin = time.monotonic()
        try:
            loaded = self._load(candidate)
        except Exception as error:  # what a broken model raises cannot be foreseen
            self._failed[candidate.number] = state
            self._refuse(candidate, error, None)
            return None
        seconds = time.monotonic() - begin
        LOG.info("%s: loaded version %d in %.1f s", self.name, candidate.number, seconds)
        self.statuses[candidate.number] = VersionStatus(State.AVAILABLE)
        return loaded

    def _refuse(self, candidate: Candidate, error: Exception, loaded: LoadedVersion | None) -> None:
        self.failures += 1
        code = error.code if isinstance(error, ServingError) else Code.INTERNAL
        message = str(error) or type(error).__name__
        if loaded:
            message += "; what was loaded before goes on answering"
        state = State.AVAILABLE if loaded else State.END
        self.statuses[candidate.number] = VersionStatus(state, code, message)
        LOG.warning("%s: version %d: %s", self.name, candidate.number, message)

    def _drop(self, version: LoadedVersion) -> None:
        self.statuses[version.number] = VersionStatus(State.UNLOADING)

        def ended() -> None:
            self.statuses[version.number] = VersionStatus(State.END)
            LOG.info("%s: dropped version %d", self.name, version.number)
            self._collect()

        version.retire(ended)

    def _forget(self, kept: set[int]) -> None:
        """Drops what is known of versions that serve no more and are not wanted."""
        for number in self._failed.keys() - kept:
            del self._failed[number]
        ended = [number for number in self.statuses if number not in kept]
        for number in sorted(ended)[:-MOST_ENDED]:
            del self.statuses[number]


def _shortfall(wanted: Wanted, routing: Routing) -> str:
    """What of a folder's wishes is not fulfilled, for people; empty where all is."""
    if routing.stable is None:
        return "no version can be loaded" if wanted.stable else "holds no version"
    if not wanted.stable:
        return f"holds no version any more; {routing.stable.number} goes on answering"
    if routing.stable.number != wanted.stable[0].number:
        return f"{wanted.stable[0].number} cannot be served; {routing.stable.number} answers"
    if wanted.canary and routing.canary is None and wanted.canary.number != routing.stable.number:
        return f"canary {wanted.canary.number} cannot be served; stable answers all requests"
    return ""
