"""What runs recorded, as questions see it, whatever keeps it: the only thing they know of a store.

Kubeflow Pipelines is to replace ML Metadata; what comes then is another `Records`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

RUN_PROPERTY, ERROR_PROPERTY = "run_id", "error"
"""Custom properties that local runs record with an execution: its run; why it failed."""


class LineageError(ValueError):
    """A question that has no answer; the message says why, and what to do about it."""


@dataclass(frozen=True)
class Run:
    """One run of the pipeline.

    Attributes:
        id: Of the store.
        name: Of a local run its start in local time; on Kubeflow its id.
        started: UTC.
    """

    id: int
    name: str
    started: datetime


@dataclass(frozen=True)
class Execution:
    """What one component did in one run, or was given by the cache.

    Attributes:
        id: Of the store; later ones have higher numbers.
        component: Name of the component, such as Trainer.
        state: complete, cached, failed, running or canceled.
        run: Name of its run; empty where it was not requested.
        started: UTC.
        parameters: Its execution properties.
        error: Why it failed, where that was recorded.
    """

    id: int
    component: str
    state: str
    run: str
    started: datetime
    parameters: Mapping[str, Any]
    error: str | None


@dataclass(frozen=True)
class Artifact:
    """Something that a component made.

    Attributes:
        id: Of the store.
        kind: Name of its type, such as Model.
        uri: Where it is.
        created: UTC.
        properties: All of them by name, custom ones included.
    """

    id: int
    kind: str
    uri: str
    created: datetime
    properties: Mapping[str, Any]


@dataclass(frozen=True)
class Link:
    """An artifact that went into an execution or came out of it.

    Attributes:
        execution: Its id.
        artifact: Its id.
        key: Name of the input or output.
        output: Whether it came out: made, or taken from the cache.
    """

    execution: int
    artifact: int
    key: str
    output: bool


class Records(Protocol):
    """Reads records; each call asks the store a few questions, however many records they are of."""

    def runs(self) -> list[Run]:
        """Returns the runs of the pipeline, oldest first."""

    def executions_of(self, runs: Collection[Run]) -> list[Execution]:
        """Returns what components did in some runs, oldest first; one question for each run."""

    def executions(self, ids: Collection[int]) -> list[Execution]:
        """Returns executions with their runs."""

    def artifacts_of(self, kind: str) -> list[Artifact]:
        """Returns all artifacts of a kind, oldest first."""

    def artifacts(self, ids: Collection[int]) -> list[Artifact]:
        """Returns artifacts."""

    def links(
        self, *, executions: Collection[int] = (), artifacts: Collection[int] = ()
    ) -> list[Link]:
        """Returns what went into executions and came out, or where artifacts came from and went."""
