"""Renders the report of a run: from its summary and the forecasts that were kept, no more."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tfx_pipeline.evaluation.excerpts import EXCERPTS_FILE, Excerpts
from tfx_pipeline.report.html import figures
from tfx_pipeline.report.html.assets import TEMPLATES, rendered
from tfx_pipeline.report.html.charts import chart_data, hours_of_day
from tfx_pipeline.report.html.headline import headline
from tfx_pipeline.report.html.lineage import picture
from tfx_pipeline.report.summary import REPORT_FILE, RunSummary, read_summary
from tfx_pipeline.training_record import TrialRecord
from tfx_pipeline.whole import write_whole

FILTERS = ("number", "percent", "duration", "memory", "value")


def write_report(folder: Path) -> Path:
    """Renders the report of a run into its folder, atomically.

    Args:
        folder: Of the run, with its summary and, where there are any, its forecasts.

    Returns:
        The report.

    Raises:
        FileNotFoundError: There is no summary.
        ValueError: It is none, or one of another version.
    """
    kept = folder / EXCERPTS_FILE
    excerpts = Excerpts.model_validate_json(kept.read_bytes()) if kept.is_file() else None
    write_whole(folder / REPORT_FILE, render(read_summary(folder), excerpts))
    return folder / REPORT_FILE


def render(summary: RunSummary, excerpts: Excerpts | None = None) -> str:
    """Renders the report of a run.

    Args:
        summary: Of the run, whatever became of it.
        excerpts: Forecasts beside what came.

    Returns:
        One HTML page that needs no other file.
    """
    return rendered(
        TEMPLATES,
        "report",
        chart_data(summary, excerpts),
        {name: getattr(figures, name) for name in FILTERS},
        run=summary,
        headline=headline(summary),
        data=summary.data,
        evaluation=summary.evaluation,
        hours=hours_of_day(summary.evaluation) if summary.evaluation else [],
        excerpts=excerpts,
        trials=_best_first(summary.trials or ()),
        lineage=picture(summary.nodes),
    )


@dataclass(frozen=True)
class _Trial:
    """A trial and its number in the search."""

    number: int
    record: TrialRecord


def _best_first(trials: Sequence[TrialRecord]) -> list[_Trial]:
    numbered = [_Trial(number, trial) for number, trial in enumerate(trials, 1)]
    return sorted(
        numbered, key=lambda one: math.inf if one.record.score is None else one.record.score
    )
