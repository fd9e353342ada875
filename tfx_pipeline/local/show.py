"""What people see of a run on this machine: a line per step, and the summary."""

import os
import shutil
import sys
from pathlib import Path

from tfx_pipeline.evaluation.excerpts import EXCERPTS_FILE
from tfx_pipeline.local import usage
from tfx_pipeline.local.terminal import Terminal
from tfx_pipeline.report.causes import explain
from tfx_pipeline.report.changes import last_pushed
from tfx_pipeline.report.collect import collect
from tfx_pipeline.report.html.page import write_report
from tfx_pipeline.report.run import CACHED, FAILED, NodeRun, Run
from tfx_pipeline.report.summary import write_summary
from tfx_pipeline.report.tables import print_summary
from tfx_pipeline.settings import Settings
from tfx_pipeline.tracking.track import track


def show_step(terminal: Terminal, title: str, node: NodeRun) -> None:
    """Prints what became of a step."""
    style = {FAILED: "bold red", CACHED: "dim"}.get(node.state, "")
    terminal.line(f"{title:<28} {node.state:<9} {node.seconds:7.1f} s", style)


def show_run(settings: Settings, run: Run) -> int:
    """Prints the summary of a run that has ended, and writes it into the run's folder.

    Args:
        settings: What was run.
        run: What became of it.

    Returns:
        The exit code: 1 when a step failed, else 0, whatever the gate decided.
    """
    run.total_seconds = usage.seconds_since_start()
    run.peak_rss_bytes = max(
        [usage.peak_rss_of_children(), *(node.peak_rss_bytes for node in run.nodes)]
    )
    summary = collect(settings, run, last_pushed(run.folder))
    write_summary(summary, run.folder)
    print_summary(summary, run.folder)
    _report(run)
    _point(Path(settings.outputs).absolute() / "latest", run.folder)
    if line := track(summary, run.folder, settings.tracking):
        print(f"MLflow: {line}")
    return 1 if run.error else 0


def _report(run: Run) -> None:
    """Writes the report beside the summary; without one, the run is what it is all the same."""
    evaluation = run.output("Evaluator", "evaluation")
    try:
        if evaluation and (kept := Path(evaluation.uri) / EXCERPTS_FILE).is_file():
            shutil.copy(kept, run.folder)
        write_report(run.folder)
    except Exception as error:  # whatever it is, it is no failure of the run
        print(f"warning: no report was written: {explain(error)}", file=sys.stderr)


def _point(link: Path, folder: Path) -> None:
    """Points a link at a run's folder atomically."""
    temporary = link.with_name(f".{link.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(os.path.relpath(folder, link.parent))
    temporary.replace(link)
