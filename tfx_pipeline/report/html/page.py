"""Renders the report of a run: from its summary and the forecasts that were kept, no more."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from tfx_pipeline.evaluation.excerpts import EXCERPTS_FILE, Excerpts
from tfx_pipeline.report.html import figures
from tfx_pipeline.report.html.assets import TEMPLATES, embedded, script, style
from tfx_pipeline.report.html.charts import chart_data, hours_of_day
from tfx_pipeline.report.html.headline import headline
from tfx_pipeline.report.html.lineage import picture
from tfx_pipeline.report.summary import REPORT_FILE, RunSummary, read_summary
from tfx_pipeline.training_record import TrialRecord


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
    report, temporary = folder / REPORT_FILE, folder / f".{REPORT_FILE}"
    temporary.write_text(render(read_summary(folder), excerpts), encoding="utf-8")
    temporary.replace(report)
    return report


def render(summary: RunSummary, excerpts: Excerpts | None = None) -> str:
    """Renders the report of a run.

    Args:
        summary: Of the run, whatever became of it.
        excerpts: Forecasts beside what came.

    Returns:
        One HTML page that needs no other file.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        name: getattr(figures, name)
        for name in ("number", "percent", "duration", "memory", "value")
    }
    charts = chart_data(summary, excerpts)
    return environment.get_template("report.html.j2").render(
        run=summary,
        headline=headline(summary),
        data=summary.data,
        evaluation=summary.evaluation,
        hours=hours_of_day(summary.evaluation) if summary.evaluation else [],
        excerpts=excerpts,
        trials=_best_first(summary.trials or ()),
        lineage=picture(summary.nodes),
        embedded=embedded(charts),
        style=Markup(style(TEMPLATES / "report.css")),  # noqa: S704, files of ours
        script=Markup(script(TEMPLATES / "report.js")),  # noqa: S704
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
