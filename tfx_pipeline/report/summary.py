"""The summary of a run: as JSON for programs, as tables for people."""

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from tfx.types.artifact import Artifact
from tfx.utils import path_utils

from tfx_pipeline.components.data_gate.executor import FINDINGS_PROPERTY
from tfx_pipeline.data.summary import DATA_SUMMARY_PROPERTY
from tfx_pipeline.evaluation.decision import read_evaluation
from tfx_pipeline.model_contract import METADATA_FILE, ModelMetadata
from tfx_pipeline.report.run import FAILED, Run
from tfx_pipeline.settings import Settings

SUMMARY_FILE = "summary.json"
SHOWN_NOT_JUDGED = 2  # on the terminal; all are in the file


def summarize(settings: Settings, run: Run) -> dict[str, Any]:
    """Collects what a run did.

    Args:
        settings: What was run.
        run: What became of it; it may have failed at any node.

    Returns:
        JSON-able values; what a failed run did not reach is None.
    """
    data = _property(run.output("PowerExampleGen", "examples"), DATA_SUMMARY_PROPERTY)
    evaluation = _evaluation(run.output("Evaluator", "evaluation"))
    pushed = run.output("Pusher", "pushed_model")
    metadata = _metadata(run.output("Trainer", "model"))
    return {
        "run_id": run.id,
        "profile": settings.profile,
        "pipeline": settings.name,
        "state": "failed" if run.error else "complete",
        "error": explain(run.error) if run.error else None,
        "rows": data["rows"] if data else None,
        "data": data,
        "warnings": _property(run.output("DataGate", "approval"), FINDINGS_PROPERTY),
        "hyperparameters": metadata.hyperparameters if metadata else None,
        "nodes": [
            {
                "id": node.id,
                "state": node.state,
                "seconds": round(node.seconds, 3),
                "peak_rss_bytes": node.peak_rss_bytes,
            }
            for node in run.nodes
        ],
        "total_seconds": round(run.total_seconds, 3),
        "peak_rss_bytes": run.peak_rss_bytes,
        "evaluation": evaluation,
        "blessed": evaluation["blessed"] if evaluation else False,
        "reasons": evaluation["reasons"] if evaluation else [],
        "pushed_version": _pushed_version(pushed),
        "serving_dir": str(settings.serving_dir),
    }


def write_summary(summary: dict[str, Any], folder: Path) -> None:
    """Writes `summary.json` in one rename."""
    temporary = folder / f".{SUMMARY_FILE}"
    temporary.write_text(json.dumps(summary, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    temporary.replace(folder / SUMMARY_FILE)


def explain(error: BaseException) -> str:
    """The cause in the words of whoever raised it, without Beam's wrapping."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error).split(" [while running")[0] or type(error).__name__


def print_summary(summary: dict[str, Any], folder: Path, console: Console | None = None) -> None:
    """Prints the summary for a person."""
    console = console or Console(highlight=False, soft_wrap=True)
    console.print()
    if summary["state"] == "failed":
        node = next((n["id"] for n in summary["nodes"] if n["state"] == FAILED), "the run")
        console.print(f"[bold red]{node} failed:[/] {escape(summary['error'])}")
    if summary["data"]:
        console.print(_data_line(summary["data"]))
    for warning in summary["warnings"] or []:
        text = f"{warning['where']}: {warning['message']}"
        console.print(f"[yellow]warning:[/] {escape(text)}")
    if summary["hyperparameters"]:
        chosen = ", ".join(f"{k} {v}" for k, v in summary["hyperparameters"].items())
        console.print(f"Hyperparameters: {escape(chosen)}")
    if summary["evaluation"]:
        console.print(_forecast_table(summary["evaluation"]))
        _print_decision(summary, console)
    console.print(
        f"{summary['total_seconds']:.0f} s, peak memory {summary['peak_rss_bytes'] / 2**30:.2f} GiB"
        f"; summary.json and log.txt in {escape(str(folder))}"
    )


def _data_line(data: dict[str, Any]) -> str:
    missing = max(data["missing_fraction"].values(), default=0.0)
    gap, test = data["longest_gap"], data["splits"]["test"]
    longest = f", the longest {gap['minutes']:,} minutes from {gap['first']} on" if gap else ""
    line = (
        f"Data: {data['rows']:,} rows, {data['first']} .. {data['last']}, "
        f"at most {missing:.2%} of a measurement missing, {data['gaps']:,} gaps{longest}, "
        f"{sum(data['bad_rows'].values())} bad rows"
    )
    if test["unlabelled"]:
        line += (
            f"\n{test['unlabelled']:,} of the {test['windows']:,} newest windows are not scored: "
            "every minute ahead of them is missing"
        )
    return line


def _forecast_table(evaluation: dict[str, Any]) -> Table:
    table = Table(title=f"{evaluation['examples']:,} forecasts on the newest data")
    for heading in ("minute ahead", "MSE kW²", "persistence", "MAE kW", "persistence", "P10..P90"):
        table.add_column(heading, justify="right")
    for row in evaluation["per_minute"]:
        table.add_row(
            str(row["minute"]),
            _number(row["mse_kw2"]),
            _number(row["persistence_mse_kw2"]),
            _number(row["mae_kw"]),
            _number(row["persistence_mae_kw"]),
            _number(row["coverage_p10_p90"], ".3f"),
        )
    table.add_section()
    table.add_row(
        "ratio",
        _number(evaluation["mse_ratio"], ".3f"),
        "",
        _number(evaluation["mae_ratio"], ".3f"),
        "",
        _number(evaluation["coverage_p10_p90"], ".3f"),
    )
    return table


def _print_decision(summary: dict[str, Any], console: Console) -> None:
    not_judged = [reason for reason in summary["reasons"] if reason.endswith("not judged")]
    for reason in summary["reasons"]:
        if reason in not_judged[SHOWN_NOT_JUDGED:]:
            continue
        style = "red" if reason.endswith("failed") else "dim"
        console.print(f"  {escape(reason)}", style=style)
    if len(not_judged) > SHOWN_NOT_JUDGED:
        more = len(not_judged) - SHOWN_NOT_JUDGED
        console.print(f"  {more} more not judged, see summary.json", style="dim")
    if summary["pushed_version"]:
        where = f"{summary['serving_dir']}/{summary['pushed_version']}"
        console.print(f"[bold green]blessed[/]; serving from {escape(where)}")
    elif summary["blessed"]:
        console.print("[bold red]blessed, but not pushed[/]: the serving check or the push failed")
    else:
        console.print("[bold red]not blessed[/], nothing was pushed")


def _number(value: float | None, form: str = ".4f") -> str:
    return "-" if value is None else format(value, form)


def _property(artifact: Artifact | None, name: str) -> Any:
    return json.loads(artifact.get_string_custom_property(name)) if artifact else None


def _metadata(model: Artifact | None) -> ModelMetadata | None:
    if model is None:
        return None
    folder = Path(path_utils.serving_model_path(model.uri))
    return ModelMetadata.model_validate_json((folder / METADATA_FILE).read_bytes())


def _evaluation(artifact: Artifact | None) -> dict[str, Any] | None:
    return read_evaluation(artifact.uri).to_json() if artifact else None


def _pushed_version(pushed: Artifact | None) -> str | None:
    return pushed.get_string_custom_property("pushed_version") or None if pushed else None
