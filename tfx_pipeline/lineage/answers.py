"""Answers to questions about lineage, as they travel in JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from tfx_pipeline.data.summary import DataFile
from tfx_pipeline.evaluation.results import Scores, Verdict
from tfx_pipeline.frozen import Frozen

ServedState = Literal["serves", "kept", "removed", "unknown"]


class Record(Frozen):
    """An artifact."""

    id: int
    """In the store."""
    kind: str
    """Its type."""
    uri: str
    """Where it is."""
    created: datetime
    """UTC."""
    component: str | None = None
    """What made it; null where that was not requested."""
    run: str | None = None
    """In which run."""
    code: str | None = None
    """Fingerprint of the code of ours that made it; null for TFX's own components."""


class Data(Record):
    """The data that a model was trained and scored on."""

    span: int | None
    """Number of the span in the files' paths; 0 where they have none."""
    first: str | None
    """Begin of the first step, by the local clock."""
    last: str | None
    """Of the last step."""
    rows: int | None
    """Rows read."""
    files: tuple[DataFile, ...]
    """What was read; none where an older release read it, or where they are many and their list
    cannot be read from here."""
    fingerprint: str | None
    """What the cache knows the files by."""


class Blessing(Frozen):
    """A decision of the gate."""

    id: int
    """Of the ModelBlessing in the store."""
    blessed: bool
    """Whether the model may be pushed."""
    run: str
    """The run that decided."""
    decided: datetime
    """UTC."""
    digest: str | None
    """SHA-256 over the files of the evaluated model."""
    baseline: str | None
    """URI of the model that it was compared with."""
    baseline_version: str | None
    """The version under which that one was served."""
    scores: Scores | None
    """Errors on the newest data; null where an older release evaluated."""
    verdicts: tuple[Verdict, ...]
    """What each rule came to; none where an older release evaluated."""


class Check(Frozen):
    """Whether a fresh process answered as the trainer did."""

    blessed: bool
    """Whether it did."""
    reason: str
    """In words."""
    latency_ms: float | None
    """Of one request."""


class Push(Frozen):
    """A version of the served model."""

    version: str
    """Name of its folder."""
    run: str
    """The run that pushed it."""
    pushed: datetime
    """UTC."""
    destination: str
    """Its folder or URI."""
    message: str
    """What the Pusher said."""
    state: ServedState
    """Whether it is there and serves now; unknown where the destination is not on this machine."""


class Model(Record):
    """A model, and what became of it."""

    blessings: tuple[Blessing, ...]
    """Decisions of the gate, the first one first."""
    check: Check | None
    """The serving check's."""
    pushes: tuple[Push, ...]
    """Versions under which it was served, the first one first."""


class Origin(Frozen):
    """Where a model comes from."""

    model: Model
    """The model."""
    hyperparameters: dict[str, Any] | None
    """By name; null where the model's files are not on this machine."""
    searched: Record | None
    """The hyperparameters that a search had found, or an earlier run."""
    transform_graph: Record | None
    """Scaling, from the train split."""
    curated_schema: Record | None
    """The curated schema."""
    schema_sha256: str | None
    """Of its text."""
    statistics: Record | None
    """Of the data."""
    data: Data | None
    """What it was trained and scored on."""
    edges: tuple[tuple[int, int], ...]
    """Of these records, by id: one that the other was made of."""


class Touched(Model):
    """A model, and the data that touched it."""

    data: tuple[int, ...]
    """Ids of the Examples in the store."""


class Reach(Frozen):
    """What became of data."""

    data: tuple[Data, ...]
    """What was read of it; the same files are read again where code or settings change."""
    models: tuple[Touched, ...]
    """The models that it touched: trained on it, or with what was learned from it."""


class Change(Frozen):
    """A value that differs."""

    where: str
    """Component and parameter, or what it is of."""
    before: Any
    """Of the first run; null: none."""
    after: Any
    """Of the second run; null: none."""


class Difference(Frozen):
    """What differs between two runs; nothing where they are alike."""

    before: str
    """The first run."""
    after: str
    """The second run."""
    data: tuple[Change, ...]
    """Files, span, first and last step."""
    settings: tuple[Change, ...]
    """Parameters of components, and hyperparameters."""
    code: tuple[Change, ...]
    """Fingerprints of our code, by component."""
    metrics: tuple[Change, ...]
    """Errors on the newest data."""
    outcome: tuple[Change, ...]
    """Whether the gate blessed the model, and as which version it was pushed."""


class RunOutcome(Frozen):
    """How one run ended."""

    run: str
    """The run."""
    started: datetime
    """UTC."""
    state: Literal["complete", "failed", "unfinished"]
    """A model that is not blessed is no failure; what is unfinished runs, or was killed."""
    failed: str | None
    """The component that failed."""
    error: str | None
    """Why, where that was recorded."""
    warnings: tuple[str, ...]
    """What the data gate let pass, and noticed."""
    model: int | None
    """Id of the model in the store."""
    new: bool
    """Whether the gate decided in this run, rather than the cache for it."""
    blessing: Blessing | None
    """The gate's decision."""
    check: Check | None
    """The serving check's."""
    push: Push | None
    """The version that this run pushed, or found serving."""
    rolled_back: str | None
    """The version that had been pushed last, and no longer served when the gate compared."""


class History(Frozen):
    """Runs and their decisions."""

    serves: str | None
    """The version that serves now; null where the destination is not on this machine."""
    runs: tuple[RunOutcome, ...]
    """The newest first."""
