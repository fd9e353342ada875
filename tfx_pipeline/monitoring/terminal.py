"""A report of the monitor as a person sees it on the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tfx_pipeline.monitoring.inputs import Inputs
from tfx_pipeline.monitoring.report import Answered, Distance, MonitorReport
from tfx_pipeline.monitoring.scores import Bounds
from tfx_pipeline.output import Output
from tfx_pipeline.report.html.figures import number, percent
from tfx_pipeline.series.durations import text

RATIOS = (("squared error", "mse_ratio"), ("absolute error", "mae_ratio"))


def show(report: MonitorReport, console: Console | None = None) -> None:
    """Prints a report.

    Args:
        report: What was found.
        console: Where to.
    """
    console = console or Output(highlight=False, soft_wrap=True)
    console.print(f"{escape(report.name)}, {report.since} to {report.until}")
    if report.answered:
        console.print(_errors(report))
        for one in report.answered:
            console.print(f"  {escape(_named(one))}: {_counts(one)}", style="dim")
    if len({period.first for one in report.answered for period in one.periods}) > 1:
        console.print(_periods(report))
    if report.inputs:
        console.print(_inputs(report, report.inputs))
    for note in report.notes:
        console.print(f"{escape(note)}.")
    for alarm in report.alarms:
        about = f" (version {escape(alarm.version)})" if alarm.version else ""
        console.print(f"[bold red]{escape(alarm.name)}[/]{about}: {escape(alarm.finding)}.")
        console.print(f"  {escape(alarm.advice)}")
    if not report.alarms:
        console.print("[bold green]quiet[/]")


def _errors(report: MonitorReport) -> Table:
    """Live errors over the best naive forecast's, beside the gate's."""
    table = Table(title="Live errors over the best naive forecast's", title_justify="left")
    for heading in ("version", "forecasts", *(name for name, _ in RATIOS), "P10..P90"):
        table.add_column(heading, justify="left" if heading == "version" else "right")
    for one in report.answered:
        table.add_row(
            escape(_named(one)),
            f"{one.joined:,}",
            *(_ratio(one, name) for _, name in RATIOS),
            _coverage(one),
        )
        if one.gate:
            gate = (number(getattr(one.gate, name), ".3f") for _, name in RATIOS)
            table.add_row(
                "  at the gate", "", *gate, percent(one.gate.coverage_p10_p90), style="dim"
            )
    return table


def _periods(report: MonitorReport) -> Table:
    table = Table(title=f"By {report.by}", title_justify="left")
    for heading in ("from", "version", "forecasts", *(name for name, _ in RATIOS), "P10..P90"):
        table.add_column(heading, justify="left" if heading in ("from", "version") else "right")
    rows = [(period.first, one, period) for one in report.answered for period in one.periods]
    for first, one, period in sorted(rows, key=lambda row: row[0]):
        table.add_row(
            first,
            escape(_named(one)),
            f"{period.forecasts:,}",
            *(number(getattr(period.scores, name), ".3f") for _, name in RATIOS),
            percent(period.scores.coverage_p10_p90),
        )
    return table


def _inputs(report: MonitorReport, inputs: Inputs) -> Table:
    """What the model was fed with lately, by measurement."""
    table = Table(title=f"What the model was fed with since {report.recent}", title_justify="left")
    for heading in ("measurement", "missing", "stands still", "drift", "skew"):
        table.add_column(heading, justify="left" if heading == "measurement" else "right")
    drift, skew = _by_name(report.drift), _by_name(report.skew)
    for name, missing in inputs.missing_fraction.items():
        frozen = inputs.longest_frozen.get(name)
        table.add_row(
            escape(name),
            percent(missing, 2),
            text(frozen.steps * report.step_seconds) if frozen else "-",
            number(drift.get(name), ".3f"),
            number(skew.get(name), ".3f"),
        )
    return table


def _named(one: Answered) -> str:
    return f"{one.version} {one.label}".strip()


def _counts(one: Answered) -> str:
    counts = {
        "windows": one.windows,
        "scored": one.joined,
        "waiting for what comes": one.waiting,
        "never measured": one.without_truth,
        "without a forecast": one.no_forecast,
        "asked again": one.duplicates,
    }
    return ", ".join(f"{count:,} {words}" for words, count in counts.items() if count)


def _ratio(one: Answered, name: str) -> str:
    return number(getattr(one.scores, name), ".3f") + _between(one.bounds.get(name))


def _coverage(one: Answered) -> str:
    return percent(one.scores.coverage_p10_p90) + _between(one.bounds.get("coverage_p10_p90"))


def _between(found: Bounds | None) -> str:
    return f" ({found.low:.3f}..{found.high:.3f})" if found else ""


def _by_name(distances: tuple[Distance, ...] | None) -> dict[str, float]:
    return {one.measurement: one.value for one in distances or ()}
