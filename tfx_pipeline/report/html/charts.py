"""What the charts of the report are drawn from: columns of figures, as they are in the summary."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from tfx_pipeline.data.summary import DataSummary
from tfx_pipeline.evaluation.excerpts import Excerpts
from tfx_pipeline.evaluation.results import Evaluation, SliceScores
from tfx_pipeline.report.summary import RunSummary
from tfx_pipeline.training_record import FitRecord

EPOCH = datetime(1970, 1, 1)
OFFSET = re.compile(r"[+-]\d\d:\d\d$")
"""Behind an hour that comes twice."""
HOUR_SLICE = "hour "
BANDS = ("below_p10", "below_p50", "below_p90")


def chart_data(summary: RunSummary, excerpts: Excerpts | None) -> dict[str, Any]:
    """The data of all charts; null for a chart that has none.

    Args:
        summary: Of the run.
        excerpts: Forecasts beside what came.
    """
    evaluation = summary.evaluation
    return {
        "steps": _steps(evaluation) if evaluation else None,
        "hours": _hours(hours_of_day(evaluation)) if evaluation else None,
        "timeline": _timeline(summary.data) if summary.data else None,
        "training": _training(summary),
        "forecasts": excerpts.model_dump(mode="json") if excerpts else None,
    }


def hours_of_day(evaluation: Evaluation) -> list[SliceScores]:
    """The slices that are an hour of the day."""
    return [one for one in evaluation.slices if one.slice.startswith(HOUR_SLICE)]


def _steps(evaluation: Evaluation) -> dict[str, Any]:
    rows = evaluation.per_step
    names = ("mse", "mae", "naive_mse", "naive_mae", "persistence_mse", "persistence_mae")
    return {
        "seconds": evaluation.cadence.total_seconds(),
        "x": [row.step for row in rows],
        "unit": evaluation.unit,
        **_columns(rows, (*names, *BANDS, "coverage_p10_p90", "width")),
    }


def _hours(slices: Sequence[SliceScores]) -> dict[str, Any] | None:
    if not slices:
        return None
    names = ("mse", "mae", "naive_mse", "naive_mae", "mse_ratio", "mae_ratio")
    return {
        "x": [int(one.slice.removeprefix(HOUR_SLICE)) for one in slices],
        **_columns(slices, (*names, *BANDS, "coverage_p10_p90")),
    }


def _columns(rows: Sequence[Any], names: Sequence[str]) -> dict[str, list[float | None]]:
    return {name: [getattr(row, name) for row in rows] for name in names}


def _timeline(data: DataSummary) -> dict[str, Any] | None:
    found = data.timeline
    if found is None:
        return None
    return {
        "x": [_seconds(when) for when in found.periods],
        "seconds": found.period_seconds,
        "mean": found.mean,
        "missing": [None if one is None else round(1 - one, 4) for one in found.observed_fraction],
        "unit": found.unit,
        "splits": {
            name: [_seconds(split.first), _seconds(split.last)]
            for name, split in data.splits.items()
        },
    }


def _seconds(clock: str) -> int:
    """Seconds since 1970 of the local clock, which the summary has as text."""
    return int((datetime.fromisoformat(OFFSET.sub("", clock)) - EPOCH) / timedelta(seconds=1))


def _training(summary: RunSummary) -> list[dict[str, Any]] | None:
    """Learning curves, the final fit last."""
    fits: list[tuple[str, FitRecord]] = [
        (f"trial {number}", fit) for number, fit in enumerate(summary.trials or (), 1)
    ]
    fits += [("final fit", summary.fit)] if summary.fit else []
    return [
        {
            "name": name,
            "x": [one.step for one in fit.progress],
            **_columns(fit.progress, ("loss", "eval_mse", "eval_mae")),
        }
        for name, fit in fits
        if fit.progress
    ] or None
