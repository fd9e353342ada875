"""The record of a run on this machine: `run.json` in the run's folder."""

import datetime
import os
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

FILE = "run.json"


class State(StrEnum):
    """What became of a step or a run, by KFP's names where it has one."""

    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    """Its condition is false, or it follows a step that was skipped."""
    NOT_RUN = "NOT_RUN"
    """Another step failed before."""
    CANCELED = "CANCELED"
    """Interrupted."""


class Part(BaseModel):
    """Unknown keys are refused; described by its docstrings."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class ArtifactRecord(Part):
    """An artifact that a step made."""

    uri: str
    metadata: dict[str, Any]


class StepRecord(Part):
    """What became of one step."""

    task: str
    """As KFP's user interface names it."""
    state: State = State.NOT_RUN
    seconds: float = 0.0
    peak_memory_bytes: int | None = None
    """Largest resident size of its process; null: not known, as for a container."""
    cause: str = ""
    """Why it failed or was skipped."""
    log: str = ""
    """File with everything that it wrote."""
    parameters: dict[str, Any] = {}
    """Output parameters."""
    artifacts: dict[str, ArtifactRecord] = {}
    """Output artifacts."""


class RunRecord(Part):
    """What became of a run."""

    version: int = 1
    """Of this record's form."""
    pipeline: str
    run_id: str
    folder: str
    """Holds this record, and a folder for each step."""
    started_at: datetime.datetime
    parameters: dict[str, Any]
    """Runtime parameters as the run was given them."""
    state: State = State.RUNNING
    cause: str = ""
    """Why it failed: of the first step that did."""
    seconds: float = 0.0
    steps: list[StepRecord] = []
    """In the order in which they ran."""

    def step(self, task: str) -> StepRecord:
        """Returns a step.

        Raises:
            KeyError: There is none of this name.
        """
        for step in self.steps:
            if step.task == task:
                return step
        raise KeyError(task)

    def write(self) -> Path:
        """Writes the record into the run's folder, whole; returns its path."""
        path = Path(self.folder) / FILE
        fresh = path.with_name(f".{FILE}.{os.getpid()}")
        fresh.write_text(self.model_dump_json(indent=2), encoding="utf-8")
        return fresh.replace(path)


def read_record(folder: Path) -> RunRecord:
    """Reads the record in a run's folder back."""
    return RunRecord.model_validate_json((folder / FILE).read_text(encoding="utf-8"))
