"""Runs by name, with everything that came out of them."""

from __future__ import annotations

from collections.abc import Iterable

from tfx_pipeline.lineage.graph import Graph
from tfx_pipeline.lineage.records import Artifact, Execution, LineageError, Records, Run


class RunRecords:
    """What some runs did: three questions, and one more for each run.

    Args:
        records: The records.
        runs: The runs.
    """

    def __init__(self, records: Records, runs: Iterable[Run]) -> None:
        self.runs = list(runs)
        self.graph = Graph(records)
        self._executions: dict[str, list[Execution]] = {run.name: [] for run in self.runs}
        for execution in records.executions_of(self.runs):
            self._executions[execution.run].append(execution)
        self.graph.add_executions([one.id for group in self._executions.values() for one in group])

    def executions(self, run: str) -> list[Execution]:
        """Returns what components did in a run, oldest first."""
        return self._executions[run]

    def made(self, run: str, kind: str) -> tuple[Execution, Artifact] | None:
        """Returns the last artifact of a kind that came out of a run, and what made it, if any."""
        found = [
            (execution, artifact)
            for execution in self._executions[run]
            for artifact in self.graph.outputs(execution.id).values()
            if artifact.kind == kind
        ]
        return found[-1] if found else None


def named(records: Records, name: str) -> Run:
    """Returns a run.

    Args:
        records: The records.
        name: Its name, or the beginning of it.

    Raises:
        LineageError: There is none, or more than one.
    """
    runs = [run for run in records.runs() if run.name.startswith(name)]
    exact = [run for run in runs if run.name == name]
    if len(exact or runs) != 1:
        many = f"{len(runs)} runs are called so" if runs else "no such run"
        raise LineageError(f"{name}: {many}; `household-power lineage history` lists them")
    return (exact or runs)[0]
