"""`household-power monitor`: how the model that serves does, and what it is fed with."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfx_pipeline.settings import Settings, load_settings, takes_settings

if TYPE_CHECKING:
    from tfx_pipeline.data.segments.splits import Interval
    from tfx_pipeline.monitoring.live import Live
    from tfx_pipeline.monitoring.report import MonitorReport
    from tfx_pipeline.monitoring.watch import Reference

QUIET, FAILED, ALARM = 0, 1, 3
"""Exit codes; that of wrong usage is 2."""


def add(commands: Any) -> None:
    """Adds the command to those of `household-power`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "monitor", help="hold logged forecasts against what came (docs/serving.md)"
    )
    parser.add_argument(
        "--log", type=Path, metavar="FOLDER", help="of the request log; that of the settings"
    )
    parser.add_argument(
        "--measurements",
        metavar="FILE",
        help="what came, as the series is described; the data of the settings",
    )
    parser.add_argument("--since", metavar="TIME", help="begin; monitoring.period before the end")
    parser.add_argument("--until", metavar="TIME", help="end; now")
    parser.add_argument("--by", choices=("day", "week"), default="week", help="periods; week")
    parser.add_argument(
        "--baseline-statistics",
        type=Path,
        metavar="FILE",
        help="TFDV's, of the training data; those of the run that pushed the model",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print the report as JSON")
    form.add_argument("--json-schema", action="store_true", help="print its JSON schema")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page for a browser")
    parser.add_argument(
        "--prometheus", type=Path, metavar="FILE.prom", help="write metrics for node_exporter"
    )
    parser.description = "Exit codes: 0 all is quiet, 1 failed, 2 wrong usage, 3 there is an alarm."
    takes_settings(parser)
    parser.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> int:
    """Reads, compares and prints.

    Args:
        parsed: The options.

    Returns:
        The exit code: 0 where all is quiet, 1 where something could not be read or written, 2 on
        wrong usage, 3 where there is an alarm.
    """
    from tfx_pipeline.data.curated_schema import SchemaError
    from tfx_pipeline.data.raw.errors import DataError

    if parsed.json_schema:
        from tfx_pipeline.monitoring.report import MonitorReport

        print(json.dumps(MonitorReport.model_json_schema(), indent=2))
        return QUIET
    settings = load_settings(parsed.settings, program="household-power monitor")
    try:
        span = _span(parsed, settings)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    try:
        report = look(parsed, settings, span)
        _write(parsed, report)
    except BrokenPipeError:  # whoever reads has enough
        raise
    except (DataError, SchemaError, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return FAILED
    return ALARM if report.alarms else QUIET


def _span(parsed: argparse.Namespace, settings: Settings) -> Interval:
    from tfx_pipeline.data.segments.splits import Interval
    from tfx_pipeline.series.grid import Grid
    from tfx_pipeline.series.times import instant, now

    spec, grid = settings.spec, Grid(settings.spec)
    until = now(spec) if parsed.until is None else instant(parsed.until, spec)
    period = int(settings.monitoring.period.total_seconds())
    since = until - period if parsed.since is None else instant(parsed.since, spec)
    start, stop = grid.index([since, until]).tolist()
    if start >= stop:
        raise ValueError(
            f"--since ({grid.clock(since)}) must be before --until ({grid.clock(until)})"
        )
    return Interval(start, stop)


def look(parsed: argparse.Namespace, settings: Settings, span: Interval) -> MonitorReport:
    """Reads log and measurements, and looks at a time span.

    Args:
        parsed: The command line.
        settings: Those in force.
        span: Steps.

    Raises:
        DataError: The measurements break a rule.
        OSError: Something cannot be read.
        ValueError: The statistics are none.
    """
    from tfx_kubeflow.imports import without_collection

    from tfx_pipeline.local.terminal import muted_errors

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with muted_errors(), without_collection():  # TensorFlow talks while it is imported
        import tensorflow_data_validation  # noqa: F401

        from tfx_pipeline.monitoring.watch import watch
    live = _live(parsed, settings, span)
    return watch(live, span, settings, _reference(parsed, settings, live), parsed.by)


def _live(parsed: argparse.Namespace, settings: Settings, span: Interval) -> Live:
    from tfx_pipeline.data.raw.files import find_files
    from tfx_pipeline.data.raw.location import locate
    from tfx_pipeline.monitoring.live import Live
    from tfx_pipeline.monitoring.requests import read_windows
    from tfx_pipeline.monitoring.values import needed, read_values
    from tfx_pipeline.serving.request_records import log_files

    folder = parsed.log or settings.log_dir
    if not folder.is_dir():
        raise FileNotFoundError(
            f"{folder}: no request log; a server writes it where serving.log.fraction is above 0"
        )
    files = find_files(locate(parsed.measurements or settings.data_path)).files
    spec = settings.spec
    measured = read_values(files, spec, needed(span, spec), settings.data.max_bad_rows)
    live = Live(spec, span, measured)
    for windows in read_windows(log_files(folder), settings.name, spec, span):
        live.add(windows)
    return live


def _reference(parsed: argparse.Namespace, settings: Settings, live: Live) -> Reference:
    """The gate's figures of each version, and the training data of the newest."""
    from tfx_pipeline.monitoring.distributions import read_distributions
    from tfx_pipeline.monitoring.gate import before
    from tfx_pipeline.monitoring.watch import Reference

    outputs = Path(settings.outputs)
    versions = sorted({version for version, _ in live.answers}, key=lambda one: (len(one), one))
    known = {one: before(outputs, settings.serving_dir, one) for one in versions}
    found = [one.statistics for one in known.values() if one.statistics]
    path = parsed.baseline_statistics or (found[-1] if found else None)
    return Reference(known, read_distributions(path) if path else {})


def _write(parsed: argparse.Namespace, report: MonitorReport) -> None:
    if parsed.html:
        from tfx_pipeline.monitoring.html.page import write_page

        write_page(report, parsed.html)
    if parsed.prometheus:
        from tfx_pipeline.monitoring.prometheus import write_metrics

        write_metrics(report, parsed.prometheus)
    if parsed.json:
        print(report.model_dump_json(indent=2))
    else:
        from tfx_pipeline.monitoring.terminal import show

        show(report)
