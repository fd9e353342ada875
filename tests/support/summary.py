"""A summary of a run that never was."""

from datetime import timedelta
from typing import Any

from tfx_pipeline.data.summary import DataSummary, GapSummary, SplitSummary, Timeline
from tfx_pipeline.evaluation.results import Evaluation, Scores, SliceScores, StepScores, Verdict
from tfx_pipeline.report.summary import (
    ArtifactSummary,
    Change,
    Changes,
    DataWarning,
    DriftMeasure,
    NodeSummary,
    Provenance,
    RunSummary,
)
from tfx_pipeline.serving.report import ServingReport
from tfx_pipeline.training_record import FitRecord, Progress, TrialRecord

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
        "schema_digest": "fedcba9876543210",  # pragma: allowlist secret
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


def full_summary() -> RunSummary:
    """The summary of a run whose model was pushed, with nothing left out."""
    calibrated = {"below_p10": 0.09, "below_p50": 0.52, "below_p90": 0.91, "width": 0.3}
    of_slice = {
        "mse": 0.031,
        "mae": 0.0512,
        "mse_ratio": 0.71,
        "mae_ratio": 0.93,
        "coverage_p10_p90": 0.81,
        "bias": -0.0021,
        "naive_mse": 0.044,
        "naive_mae": 0.055,
        "forecasts": 7_201,
        "hours": 120.0,
        "eligible": True,
        **calibrated,
    }
    rows = tuple(
        step(number).model_copy(update={"mse": 0.0123 * number, **calibrated})
        for number in range(1, 6)
    )
    names = ("hour 0", "hour 1", "weekdays", "group flat rate")
    progress = tuple(
        Progress(step=count, loss=2.0, eval_mse=mse, eval_mae=0.3)
        for count, mse in ((50, 0.2), (100, 0.1))
    )
    fit = FitRecord(hyperparameters={"units": 64}, steps=100, seconds=3.25, progress=progress)
    trials = tuple(TrialRecord(**dict(fit), score=score) for score in (0.81, 0.79, 0.85))
    examples = ArtifactSummary(key="examples", id=1, type="Examples", uri="/examples/1")
    model = ArtifactSummary(key="model", id=2, type="Model", uri="/model/2")
    nodes = (
        NodeSummary(
            id="PowerExampleGen",
            state="complete",
            seconds=4.2,
            peak_rss_bytes=1 << 29,
            started_seconds=5.0,
            cpu_seconds=6.1,
            execution_id=1,
            outputs=(examples,),
        ),
        NodeSummary(
            id="Trainer",
            state="cached",
            seconds=0.7,
            peak_rss_bytes=1 << 30,
            started_seconds=9.5,
            cpu_seconds=0.25,
            execution_id=2,
            inputs=(examples,),
            outputs=(model,),
        ),
    )
    timeline = Timeline(
        target="power",
        unit="kW",
        periods=("2006-12-16 17:24", "2006-12-17 00:00", "2006-12-18 00:00+01:00"),
        period_seconds=86_400,
        observed_fraction=(1.0, 0.5, None),
        mean=(1.25, 0.75, None),
    )
    return run_summary(
        data=DATA.model_copy(update={"longest_gaps": (GAP,), "timeline": timeline}),
        warnings=(DataWarning(rule="drift", where="train: Voltage", message="moved"),),
        drift=(DriftMeasure(feature="Voltage", measure="L_INFTY", value=0.013, threshold=0.1),),
        nodes=nodes,
        evaluation=evaluation(
            per_step=rows,
            slices=tuple(SliceScores(slice=name, **of_slice) for name in names),
            baseline=Scores(**{name: of_slice[name] for name in Scores.model_fields}),
            naive_mse=0.05,
            naive_mae=0.07,
            blessed=True,
            verdicts=(verdict("MSE is fine", "passed"), verdict("no baseline", "not applied")),
            **calibrated,
        ),
        pushed_version="1767222000",
        trials=trials,
        fit=fit,
        provenance=made_of(model_digest="abcdef"),
        since_blessed=Changes(
            run_id="2025-12-31",
            changes=(Change(of="data", name="rows", before=80_000, after=86_400),),
        ),
    )
