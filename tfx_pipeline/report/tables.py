"""The summary of a run as a person sees it on the terminal."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tfx_pipeline.data.summary import DataSummary
from tfx_pipeline.evaluation.results import Evaluation
from tfx_pipeline.output import Output
from tfx_pipeline.report.summary import RunSummary
from tfx_pipeline.series.durations import text

SHOWN_ALIKE = 3
"""Verdicts of one rule that came to the same; all are in the file."""

MANY = 1000
"""From here on figures have no decimals."""

MOST_ROWS = 15
"""Steps ahead that are shown, besides the first."""

EVERY = (1, 2, 3, 4, 6, 8, 12, 16, 24, 48, 60, 96, 120, 240, 480, 720)
"""Every how many-th step may be shown."""

UNITS = {"d": 86_400, "h": 3600, "min": 60, "s": 1}
"""Seconds."""

STYLES = {"passed": "dim", "failed": "red", "not applied": "dim"}


def print_summary(summary: RunSummary, folder: Path, console: Console | None = None) -> None:
    """Prints the summary of a run.

    Args:
        summary: Of the run.
        folder: Of the run, with its files.
        console: Where to.
    """
    console = console or Output(highlight=False, soft_wrap=True)
    console.print()
    if summary.state == "failed":
        node = next((node.id for node in summary.nodes if node.state == "failed"), "the run")
        console.print(f"[bold red]{node} failed:[/] {escape(summary.error or '')}")
    if summary.data:
        console.print(_data_line(summary.data))
    for warning in summary.warnings or ():
        text = f"{warning.where}: {warning.message}"
        console.print(f"[yellow]warning:[/] {escape(text)}")
    if summary.hyperparameters:
        chosen = ", ".join(f"{k} {v}" for k, v in summary.hyperparameters.items())
        console.print(f"Hyperparameters: {escape(chosen)}")
    if summary.evaluation:
        console.print(_forecast_table(summary.evaluation))
        console.print(f"  Best naive forecast: {summary.evaluation.best_naive}", style="dim")
        _print_verdicts(summary.evaluation, console)
        for reason in summary.serving_check.reasons if summary.serving_check else ():
            console.print(f"  {escape(reason)}: failed", style=STYLES["failed"])
        console.print(_decision(summary))
    console.print(
        f"{summary.total_seconds:.0f} s, peak memory {summary.peak_rss_bytes / 2**30:.2f} GiB"
        f"; report.html, summary.json and log.txt in {escape(str(folder))}"
    )


def _data_line(data: DataSummary) -> str:
    missing = max(data.missing_fraction.values(), default=0.0)
    gap, test = data.longest_gap, data.splits["test"]
    longest = ""
    if gap:
        longest = f", the longest {text(gap.steps * data.step_seconds)} from {gap.first} on"
    line = (
        f"Data: {data.rows:,} rows, {data.first} .. {data.last}, "
        f"at most {missing:.2%} of a measurement missing, {data.gaps:,} gaps{longest}, "
        f"{sum(data.bad_rows.values())} bad rows"
    )
    if test.unlabelled:
        line += (
            f"\n{test.unlabelled:,} of the {test.windows:,} newest windows are not scored: "
            "every step ahead of them is missing"
        )
    return line


def _forecast_table(evaluation: Evaluation) -> Table:
    """Errors by step ahead, of some steps where there are many."""
    every = _every(len(evaluation.per_step))
    table = Table(
        title=f"{evaluation.forecasts:,} forecasts on the newest data",
        caption=f"the first step ahead, and every {_ordinal(every)}; all are in summary.json"
        if every > 1
        else None,
    )
    unit = evaluation.unit
    headings = (f"MSE {unit}²", "best naive", f"MAE {unit}", "best naive", "P10..P90")
    for heading in ("step ahead", "", *headings):
        table.add_column(heading, justify="right")
    for row in evaluation.per_step:
        if row.step == 1 or row.step % every == 0:
            table.add_row(
                str(row.step),
                _duration(row.step * evaluation.cadence),
                _number(row.mse),
                _number(row.naive_mse),
                _number(row.mae),
                _number(row.naive_mae),
                _number(row.coverage_p10_p90, ".3f"),
            )
    table.add_section()
    table.add_row(
        "ratio",
        "",
        _number(evaluation.mse_ratio, ".3f"),
        "",
        _number(evaluation.mae_ratio, ".3f"),
        "",
        _number(evaluation.coverage_p10_p90, ".3f"),
    )
    return table


def _every(steps: int) -> int:
    """Every how many-th step is shown, so that there are at most `MOST_ROWS` of them."""
    fits = (every for every in EVERY if steps <= every * MOST_ROWS)
    return next(fits, -(-steps // MOST_ROWS))


def _ordinal(number: int) -> str:
    return f"{number}{ {2: 'nd', 3: 'rd'}.get(number, 'th') }"


def _duration(time: timedelta) -> str:
    """A duration in its largest units, such as 1 d 6 h."""
    left, parts = round(time.total_seconds()), []
    for unit, seconds in UNITS.items():
        count, left = divmod(left, seconds)
        parts += [f"{count} {unit}"] if count else []
    return " ".join(parts)


def _print_verdicts(evaluation: Evaluation, console: Console) -> None:
    """The verdicts; of many on slices that are alike, the first."""
    shown: Counter[tuple[str, str]] = Counter()
    hidden: Counter[str] = Counter()
    for verdict in evaluation.verdicts:
        kind = (verdict.rule, verdict.outcome)
        shown[kind] += 1
        if shown[kind] <= SHOWN_ALIKE:
            console.print(f"  {escape(str(verdict))}", style=STYLES[verdict.outcome])
        else:
            hidden[verdict.outcome] += 1
    for outcome, count in hidden.items():
        console.print(f"  {count} more {outcome}, see summary.json", style=STYLES[outcome])


def _decision(summary: RunSummary) -> str:
    if summary.pushed_version:
        where = f"{summary.serving_dir}/{summary.pushed_version}"
        return f"[bold green]blessed[/]; serving from {escape(where)}"
    if summary.blessed:
        return "[bold red]blessed, but not pushed[/]: the serving check or the push failed"
    return "[bold red]not blessed[/], nothing was pushed"


def _number(value: float | None, form: str = "#.4g") -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= MANY else format(value, form)
