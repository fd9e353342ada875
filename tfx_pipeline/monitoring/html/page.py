"""Renders a report of the monitor as one page that needs no other file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from tfx_pipeline.monitoring.report import Answered, MonitorReport
from tfx_pipeline.report.html import figures
from tfx_pipeline.report.html.assets import rendered
from tfx_pipeline.series.clock import DAY
from tfx_pipeline.series.durations import text
from tfx_pipeline.whole import write_whole

TEMPLATES = Path(__file__).parent / "templates"
EPOCH = date(1970, 1, 1)
BY_PERIOD = ("mse_ratio", "mae_ratio", "coverage_p10_p90")
BY_STEP = ("mse", "mae")


def write_page(report: MonitorReport, path: Path) -> None:
    """Writes the page, whole or not at all.

    Raises:
        OSError: It cannot be written.
    """
    write_whole(path, render(report))


def render(report: MonitorReport) -> str:
    """Renders a report."""
    filters: dict[str, Callable[..., Any]] = {
        "number": figures.number,
        "percent": figures.percent,
        "length": lambda steps: text(steps * report.step_seconds),
    }
    return rendered(
        TEMPLATES,
        "monitor",
        chart_data(report),
        filters,
        report=report,
        drift={one.measurement: one for one in report.drift or ()},
        skew={one.measurement: one for one in report.skew or ()},
    )


def chart_data(report: MonitorReport) -> dict[str, Any]:
    """What the charts are drawn from: columns of figures, as they are in the report."""
    firsts = sorted({period.first for one in report.answered for period in one.periods})
    return {
        "unit": report.unit,
        "seconds": report.step_seconds,
        "x": [(date.fromisoformat(first) - EPOCH).days * DAY for first in firsts],
        "lines": [_line(one, firsts) for one in report.answered],
        "steps": [_steps(one) for one in report.answered],
    }


def _line(one: Answered, firsts: list[str]) -> dict[str, Any]:
    """Figures of a version by period, with what the gate found."""
    by_first = {period.first: period.scores for period in one.periods}
    return {
        "name": f"{one.version} {one.label}".strip(),
        "gate": {name: getattr(one.gate, name, None) for name in BY_PERIOD},
        **{
            name: [getattr(by_first.get(first), name, None) for first in firsts]
            for name in BY_PERIOD
        },
    }


def _steps(one: Answered) -> dict[str, Any]:
    """Errors of a version by step ahead, the naive forecasts' and the gate's beside them."""
    gate = {row.step: row for row in one.gate_per_step}
    return {
        "name": f"{one.version} {one.label}".strip(),
        "x": [row.step for row in one.per_step],
        **{name: [getattr(row, name) for row in one.per_step] for name in BY_STEP},
        **{
            f"naive_{name}": [getattr(row, f"naive_{name}") for row in one.per_step]
            for name in BY_STEP
        },
        **{
            f"gate_{name}": [getattr(gate.get(row.step), name, None) for row in one.per_step]
            for name in BY_STEP
        },
    }
