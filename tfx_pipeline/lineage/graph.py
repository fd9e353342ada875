"""A part of the records: artifacts, and the executions that they went into and came out of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

from tfx_pipeline.lineage.records import Artifact, Link, Records

OTHER_MODELS = frozenset({"baseline_model", "previous_statistics"})
"""Inputs that something is only compared with: their data is not the data of what comes out."""


class Graph:
    """Grows by whole levels: each takes three questions to the records, whatever there is in it.

    An execution that was cached made nothing: the maker of an artifact is the first that it came
    out of.

    Args:
        records: Where from.
    """

    def __init__(self, records: Records) -> None:
        self.records = records
        self.artifacts: dict[int, Artifact] = {}
        self._inputs: defaultdict[int, dict[str, int]] = defaultdict(dict)
        self._outputs: defaultdict[int, dict[str, int]] = defaultdict(dict)
        self._makers: dict[int, int] = {}
        self._users: defaultdict[int, set[int]] = defaultdict(set)

    def add_around(self, artifacts: Collection[int]) -> None:
        """Adds artifacts, the executions they came out of or went into, and all around those."""
        executions = {link.execution for link in self._add(self.records.links(artifacts=artifacts))}
        self.add_executions(executions, artifacts)

    def add_executions(self, executions: Collection[int], artifacts: Collection[int] = ()) -> None:
        """Adds executions, with what went into them and came out, and further artifacts."""
        links = self._add(self.records.links(executions=executions))
        unknown = {link.artifact for link in links} | set(artifacts)
        found = self.records.artifacts(unknown - self.artifacts.keys())
        self.artifacts |= {artifact.id: artifact for artifact in found}

    def maker(self, artifact: Artifact) -> int | None:
        """Returns the execution that made an artifact; None for what was imported or is unknown."""
        return self._makers.get(artifact.id)

    def users(self, artifact: Artifact) -> list[int]:
        """Returns the executions that an artifact went into, oldest first."""
        return sorted(self._users[artifact.id])

    def inputs(self, execution: int | None) -> dict[str, Artifact]:
        """Returns what went into an execution, by key."""
        return self._known(self._inputs[execution]) if execution else {}

    def outputs(self, execution: int | None) -> dict[str, Artifact]:
        """Returns what came out of an execution, by key."""
        return self._known(self._outputs[execution]) if execution else {}

    def made_of(self, artifact: Artifact, kind: str, key: str = "") -> Iterator[Artifact]:
        """Yields what was made of an artifact, each once and oldest first.

        Args:
            artifact: What went in.
            kind: Of what came out.
            key: As which input; any, unless given, that something is not only compared with.
        """
        seen = set()
        for execution in self.users(artifact):
            keys = {
                name for name, number in self._inputs[execution].items() if number == artifact.id
            }
            if not (key in keys if key else keys - OTHER_MODELS):
                continue
            for made in self.outputs(execution).values():
                if made.kind == kind and made.id not in seen:
                    seen.add(made.id)
                    yield made

    def _known(self, keys: dict[str, int]) -> dict[str, Artifact]:
        return {key: self.artifacts[one] for key, one in keys.items() if one in self.artifacts}

    def _add(self, links: Iterable[Link]) -> list[Link]:
        links = list(links)
        for link in links:
            if link.output:
                self._outputs[link.execution][link.key] = link.artifact
                first = self._makers.get(link.artifact, link.execution)
                self._makers[link.artifact] = min(first, link.execution)
            else:
                self._inputs[link.execution][link.key] = link.artifact
                self._users[link.artifact].add(link.execution)
        return links
