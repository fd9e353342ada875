"""`household-power forecast`: its options, and what it prints."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from tfx_pipeline.client.address import PROTOCOLS
from tfx_pipeline.settings import load_settings, takes_settings


def add(commands: Any) -> None:
    """Adds the command to those of `household-power`."""
    parser = commands.add_parser(
        "forecast", help="ask a server for forecasts from a file (docs/serving.md)"
    )
    parser.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="as the series is described; - is standard input, CSV or JSON; unless given the data "
        "of the settings",
    )
    parser.add_argument(
        "--server",
        metavar="URL",
        help="http(s):// or grpc(s)://; unless given the local server (serving.rest_port)",
    )
    parser.add_argument("--protocol", choices=PROTOCOLS, help="unless given rest, or grpc by URL")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--version", metavar="V", help="of the model; unless given the server's choice"
    )
    which.add_argument("--label", metavar="L", help="stable or canary")
    parser.add_argument("--meter", metavar="M", help="of the file; unless given all of them")
    parser.add_argument("--at", metavar="TIME", help="from then on; unless given from now on")
    parser.add_argument(
        "--last", type=int, default=1, metavar="N", help="so many, a step apart; unless given 1"
    )
    parser.add_argument(
        "--timeout",
        type=float,
        default=30.0,
        metavar="SECONDS",
        help="for an answer; unless given 30",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print a line of JSON for each forecast")
    form.add_argument("--csv", action="store_true", help="print a row for each step ahead")
    parser.add_argument(
        "--plot", type=Path, metavar="FILE.html", help="draw the last forecast, a page by itself"
    )
    parser.add_argument(
        "--follow", action="store_true", help="forecast on as rows are written to the file"
    )
    takes_settings(parser)
    parser.usage = f"{parser.prog} [FILE] [options] [--SETTING=VALUE ...]"
    parser.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> int:
    """Asks and prints.

    Args:
        parsed: The command line.

    Returns:
        The exit code: 1 where there is no forecast, 2 where options do not go together, else 0.
    """
    from tfx_kubeflow.storage.labels import LabelsError

    from tfx_pipeline.client.ask import ask
    from tfx_pipeline.client.errors import ForecastError
    from tfx_pipeline.data.raw.errors import DataError
    from tfx_pipeline.series.files import SeriesError

    wrong = _wrong_usage(parsed)
    if wrong:
        print(f"error: {wrong}", file=sys.stderr)
        return 2
    # What gRPC itself writes about a connection that fails says no more than our message.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    try:
        ask(parsed, load_settings(parsed.settings, program="household-power forecast"))
    except (ForecastError, DataError, SeriesError, LabelsError, FileNotFoundError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _wrong_usage(parsed: argparse.Namespace) -> str | None:
    if parsed.last < 1:
        return "--last: at least 1"
    if parsed.timeout <= 0:
        return "--timeout: more than 0 seconds"
    if parsed.plot and parsed.plot.suffix != ".html":
        return "--plot: a page for a browser, FILE.html"
    if parsed.follow and (parsed.at or parsed.last > 1 or parsed.plot):
        return "--follow goes on from now on; --at, --last and --plot are of what is there"
    if parsed.follow and not parsed.file:
        return "--follow: name a file that is written to, or - for standard input"
    return None
