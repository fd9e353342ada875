"""The summary of a run: what `summary.json` holds, and what every report of a run is made of.

`household-power summary --json-schema` prints its JSON schema.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import computed_field

from tfx_pipeline.data.summary import DataSummary
from tfx_pipeline.evaluation.results import Evaluation, Result
from tfx_pipeline.serving.report import ServingReport
from tfx_pipeline.training_record import FitRecord, TrialRecord
from tfx_pipeline.whole import write_whole

SUMMARY_FILE = "summary.json"
REPORT_FILE = "report.html"

Value = bool | int | float | str | None
"""Of a setting or a figure."""

State = Literal["complete", "cached", "failed", "not run"]


class DataWarning(Result):
    """Something that the data gate let pass, and noticed."""

    rule: str
    """TFDV's anomaly type, or the name of the gate's own rule."""
    where: str
    """Split and feature, or measurement."""
    message: str
    """What was seen and what is allowed."""


class DriftMeasure(Result):
    """How far a feature of the train split is from the data before."""

    feature: str
    """The feature."""
    measure: str
    """TFDV's name of the distance, such as JENSEN_SHANNON_DIVERGENCE."""
    value: float
    """The distance."""
    threshold: float
    """From which on the data gate notices it."""


class ArtifactSummary(Result):
    """An artifact, as a node has it among its inputs or outputs."""

    key: str
    """Name of the input or output."""
    id: int
    """In ML Metadata: the same artifact has the same number everywhere."""
    type: str
    """Such as Examples or Model."""
    uri: str
    """Where it is."""


class Provenance(Result):
    """What a run was made of."""

    release: str
    """Version of this project."""
    code: str
    """Fingerprint of all code of ours that the pipeline runs."""
    commit: str | None
    """Git commit, with `+` where files were changed since; null where it is not known."""
    packages: dict[str, str]
    """Package -> version, of those that figures depend on most."""
    settings: dict[str, Value]
    """Dotted name -> value in force; of what looks like a credential, three stars."""
    data_fingerprint: str | None
    """SHA-256 over the files that were read, or TFX's own fingerprint."""
    span: int | None
    """Number of the span that was read."""
    schema_digest: str | None
    """SHA-256 of the curated schema, 16 digits."""
    model_digest: str | None
    """SHA-256 over the files of the model that the gate evaluated."""


class Change(Result):
    """A value that is another one than in the run that is compared with."""

    of: Literal["data", "settings", "code", "metrics"]
    """What it belongs to."""
    name: str
    """Of the value."""
    before: Value
    """In the run that is compared with; null where there was none."""
    after: Value
    """In this run."""


class Changes(Result):
    """What is different from the last run whose model was blessed and pushed."""

    run_id: str
    """That run."""
    changes: tuple[Change, ...]
    """Empty where nothing is."""


class NodeSummary(Result):
    """What became of one node of the pipeline."""

    id: str
    """Node id."""
    state: State
    """What became of it."""
    seconds: float
    """Wall time."""
    peak_rss_bytes: int
    """Largest resident size of the run's process while the node ran."""
    started_seconds: float | None = None
    """When it began, since the process began."""
    cpu_seconds: float | None = None
    """Processor time, of child processes included."""
    execution_id: int | None = None
    """In ML Metadata."""
    inputs: tuple[ArtifactSummary, ...] = ()
    """Artifacts that it read, as far as they are known."""
    outputs: tuple[ArtifactSummary, ...] = ()
    """Artifacts that it made, or that the cache gave it."""


class RunSummary(Result):
    """What a run did; what a failed run did not reach is null."""

    schema_version: Literal[2] = 2
    """Raised when a field changes its meaning or goes. New fields, here and in what it holds, do
    not raise it and have defaults, so that an earlier summary is read."""
    run_id: str
    """Its start in local time."""
    profile: str
    """Of the settings."""
    pipeline: str
    """Name of the pipeline and of the served model."""
    state: Literal["complete", "failed"]
    """Whether every node ran or was cached; a model that is not blessed is no failure."""
    error: str | None
    """Why it failed."""
    data: DataSummary | None
    """What was read."""
    warnings: tuple[DataWarning, ...] | None
    """What the data gate noticed."""
    hyperparameters: dict[str, bool | int | float | str] | None
    """Of the trained network."""
    nodes: tuple[NodeSummary, ...]
    """In the order of the pipeline."""
    total_seconds: float
    """Wall time since the process began, imports included."""
    peak_rss_bytes: int
    """Of the largest process."""
    evaluation: Evaluation | None
    """What the gate found."""
    serving_check: ServingReport | None
    """How the model answered in a fresh process."""
    pushed_version: str | None
    """Version that serves this model; null where it was not pushed."""
    serving_dir: str
    """Folder of the served versions."""
    drift: tuple[DriftMeasure, ...] | None = None
    """Of the train split, against the data of the run before; null where there were none."""
    trials: tuple[TrialRecord, ...] | None = None
    """The search's, in the order of its grid."""
    fit: FitRecord | None = None
    """How the model was trained."""
    provenance: Provenance | None = None
    """What the run was made of; null in a summary of an earlier release."""
    since_blessed: Changes | None = None
    """What changed since the last run whose model was blessed and pushed; null without one."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def blessed(self) -> bool:
        """Whether the gate blessed the model."""
        return self.evaluation is not None and self.evaluation.blessed

    @computed_field  # type: ignore[prop-decorator]
    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the gate blessed the model, or why not: a sentence per rule."""
        return self.evaluation.reasons if self.evaluation else ()


def write_summary(summary: RunSummary, folder: Path) -> None:
    """Writes `summary.json` atomically."""
    write_whole(folder / SUMMARY_FILE, summary.model_dump_json(indent=2) + "\n")


def read_summary(folder: Path) -> RunSummary:
    """Reads `summary.json` of a run's folder.

    Raises:
        FileNotFoundError: There is none.
        ValueError: It is no summary, or one of another version.
    """
    path = folder / SUMMARY_FILE
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such summary; a run that ends writes it")
    text = path.read_bytes()
    try:
        return RunSummary.model_validate_json(text)
    except ValueError as error:
        reason = _other_version(text) or f"not a summary: {error}"
        raise ValueError(f"{path}: {reason}") from error


def _other_version(text: bytes) -> str | None:
    """What to do about a summary of another version; None where it is none."""
    try:
        version = json.loads(text)["schema_version"]
    except (ValueError, KeyError, TypeError):
        return None
    known = RunSummary.model_fields["schema_version"].default
    if version == known:
        return None
    return (
        f"a summary of version {version}, of another release, whose figures have other names; "
        f"this one reads version {known}: run the pipeline once"
    )
