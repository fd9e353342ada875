"""What became of a run and of its nodes."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from tfx.types.artifact import Artifact

from tfx_pipeline.report.summary import State

COMPLETE: Final = "complete"
CACHED: Final = "cached"
FAILED: Final = "failed"
NOT_RUN: Final = "not run"


@dataclass
class NodeRun:
    """What became of one node.

    Attributes:
        id: Node id.
        state: complete, cached, failed or not run.
        seconds: Wall time.
        peak_rss_bytes: Largest resident size of this process while the node ran.
        started_seconds: When it began, since the process began.
        cpu_seconds: Processor time, of child processes included.
        execution_id: In ML Metadata; None where there is none.
        inputs: Artifacts by input key.
        outputs: Artifacts by output key.
    """

    id: str
    state: State = NOT_RUN
    seconds: float = 0.0
    peak_rss_bytes: int = 0
    outputs: dict[str, list[Artifact]] = field(default_factory=dict)
    started_seconds: float | None = None
    cpu_seconds: float | None = None
    execution_id: int | None = None
    inputs: dict[str, list[Artifact]] = field(default_factory=dict)


@dataclass
class Run:
    """What became of a run.

    Attributes:
        id: Run id, its start in local time.
        folder: Holds `log.txt`; the summary belongs there too.
        nodes: In topological order.
        total_seconds: Wall time since the process began, imports included.
        peak_rss_bytes: Of the largest process.
        error: Why it failed; None when it did not.
    """

    id: str
    folder: Path
    nodes: list[NodeRun]
    total_seconds: float = 0.0
    peak_rss_bytes: int = 0
    error: BaseException | None = None

    @classmethod
    def begin(cls, pipeline_folder: Path, node_ids: Iterable[str]) -> Self:
        """Returns a run that begins now and has not reached any of its nodes."""
        now = datetime.datetime.now().isoformat(timespec="milliseconds").replace(":", "-")
        return cls(now, pipeline_folder / "runs" / now, [NodeRun(name) for name in node_ids])

    def output(self, node_id: str, key: str) -> Artifact | None:
        """Returns a node's only artifact under a key; None when there is none."""
        for node in self.nodes:
            if node.id == node_id and node.outputs.get(key):
                return node.outputs[key][0]
        return None
