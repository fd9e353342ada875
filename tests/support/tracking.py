"""A run to track: its summary with all that there is, its folder, and the model that it pushed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.summary import evaluation, run_summary, step
from tfx_pipeline.evaluation.results import SliceScores
from tfx_pipeline.report.summary import NodeSummary, Provenance, RunSummary, write_summary
from tfx_pipeline.tracking.job import Pending, mark
from tfx_pipeline.training_record import FitRecord, Progress, TrialRecord

NAME = "household-power"
BEGAN = 1_789_999_987.75
PROGRESS = (
    Progress(step=10, loss=0.5, eval_mse=0.06, eval_mae=0.09),
    Progress(step=20, loss=0.25, eval_mse=None, eval_mae=0.08),
)
PROVENANCE = Provenance(
    release="0.1.0",
    code="c0de",
    commit="abc123+",
    packages={"tensorflow": "2.21.0"},
    settings={"windowing.window": 50, "model.dropout": None, "tracking.uri": "http://host"},
    data_fingerprint="f00d",
    span=3,
    schema_digest="5c4e",
    model_digest="d16e57",
)
SLICE = SliceScores(
    slice="group night/day",
    hours=20.0,
    forecasts=100,
    eligible=True,
    mse=0.03,
    mae=0.05,
    mse_ratio=0.7,
    mae_ratio=None,
    coverage_p10_p90=0.8,
    bias=-0.01,
)


def fit(steps: int = 20) -> dict[str, Any]:
    """The fields of a fit."""
    hyperparameters = {"units": 256, "learning_rate": 0.002}
    return {
        "hyperparameters": hyperparameters,
        "steps": steps,
        "seconds": 4.0,
        "progress": PROGRESS,
    }


def node(name: str, started: float, state: Any = "complete") -> NodeSummary:
    """What became of a node."""
    return NodeSummary(
        id=name, state=state, seconds=5.0, peak_rss_bytes=1 << 30, started_seconds=started
    )


def tracked(**values: Any) -> RunSummary:
    """The summary of a run that searched, trained and evaluated; `values` replace its fields."""
    fields = {
        "run_id": "2026-01-01T00-00-00.000",
        "nodes": (node("Tuner", 1.0), node("Trainer", 6.0)),
        "total_seconds": 12.5,
        "trials": tuple(TrialRecord(**fit(), score=score) for score in (0.9, 0.8)),
        "fit": FitRecord(**fit()),
        "provenance": PROVENANCE,
        "evaluation": evaluation(
            baseline=None, slices=(SLICE,), blessed=True, per_step=(step(1), step(2))
        ),
    }
    return run_summary(**fields | values)


def pending_run(folder: Path, summary: RunSummary, parent: str | None = None) -> Path:
    """Makes the folder of a run that is not logged yet."""
    folder.mkdir(parents=True)
    write_summary(summary, folder)
    (folder / "report.html").write_text("<p>a report</p>")
    mark(folder, Pending(began=BEGAN, parent=parent, experiment=None))
    return folder
