"""A summary of a run that never was."""

from datetime import timedelta
from typing import Any

from tfx_pipeline.data.summary import DataSummary, GapSummary, SplitSummary
from tfx_pipeline.evaluation.results import Evaluation, StepScores, Verdict
from tfx_pipeline.report.summary import NodeSummary, Provenance, RunSummary
from tfx_pipeline.serving.report import ServingReport

SPLIT = SplitSummary(
    first="2006-12-16 17:24",
    last="2007-02-14 17:23",
    windows=399_941,
    unlabelled=28,
    examples=6_666,
)
GAP = GapSummary(meter="", first="2007-01-01 08:20", last="2007-01-01 08:59", steps=40)
DATA = DataSummary(
    files=1,
    rows=86400,
    meters=1,
    step_seconds=60,
    first="2006-12-16 17:24",
    last="2007-02-14 17:23",
    steps=86400,
    missing_steps=0,
    gaps=3,
    longest_gap=GAP,
    missing_fraction={"Voltage": 0.01},
    missing_worst={},
    physics_fraction={},
    physics_worst={},
    longest_frozen={},
    lowest={},
    highest={},
    bad_rows={"number": 2},
    first_bad_rows=[],
    counters={},
    splits={"test": SPLIT},
)


def step(number: int) -> StepScores:
    """Figures of one step ahead."""
    return StepScores(
        step=number,
        mse=0.04,
        mae=0.06,
        naive_mse=0.05,
        naive_mse_of="persistence",
        naive_mae=0.07,
        naive_mae_of="persistence",
        persistence_mse=0.05,
        persistence_mae=0.07,
        coverage_p10_p90=None,
    )


def verdict(finding: str, outcome: Any) -> Verdict:
    """A verdict of some rule."""
    return Verdict(rule="mse_ratio", slice=None, outcome=outcome, finding=finding)


def evaluation(**values: Any) -> Evaluation:
    """An evaluation that refuses a model; `values` replace its fields."""
    fields = {
        "mse": 0.04,
        "mae": 0.06,
        "mse_ratio": 0.8,
        "mae_ratio": 0.86,
        "coverage_p10_p90": None,
        "bias": 0.0,
        "unit": "kW",
        "cadence": timedelta(minutes=1),
        "hours": 17.0,
        "origins": 1000,
        "forecasts": 1000,
        "per_step": (step(1), step(2)),
        "baseline": None,
        "slices": (),
        "blessed": False,
        "verdicts": (verdict("MSE is fine", "passed"), verdict("coverage is off", "failed")),
    }
    return Evaluation(**fields | values)


def made_of(**values: Any) -> Provenance:
    """What a run was made of; `values` replace its fields."""
    fields = {
        "release": "0.1.0",
        "code": "0123456789abcdef",
        "commit": "abc",
        "packages": {"tfx": "1.21.0"},
        "settings": {"seed": 1, "data.rows": None, "data.max_gap": 15},
        "data_fingerprint": "files:1",
        "span": 0,
        "schema_digest": "fedcba9876543210",
        "model_digest": None,
    }
    return Provenance(**fields | values)


def run_summary(**values: Any) -> RunSummary:
    """The summary of a run; `values` replace its fields."""
    node = NodeSummary(id="Trainer", state="complete", seconds=1.0, peak_rss_bytes=1 << 30)
    fields = {
        "run_id": "2026-01-01",
        "profile": "default",
        "pipeline": "household-power",
        "state": "complete",
        "error": None,
        "data": DATA,
        "warnings": (),
        "hyperparameters": {"units": 256},
        "nodes": (node,),
        "total_seconds": 12.5,
        "peak_rss_bytes": 1 << 30,
        "evaluation": evaluation(),
        "serving_check": ServingReport(reasons=(), latency_ms=2.5),
        "pushed_version": None,
        "serving_dir": "/serving/household-power",
    }
    return RunSummary(**fields | values)
