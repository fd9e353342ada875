"""Runs on a cluster: watch one, list and copy what it made."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfx_kubeflow.client.connection import Connection
    from tfx_kubeflow.metadata.run_artifacts import RunArtifact

TIMED_OUT = 124
"""Exit code of a watch that ended before the run, as of timeout(1)."""
INTERRUPTED = 130
WATCH = (
    "Exit code: 0 the run succeeded, 1 it failed or cannot be watched, 124 it takes longer than "
    "--timeout, 130 interrupted. The run itself goes on, whatever becomes of the watch."
)

ARTIFACTS = (
    "KFP hands out artifacts by its ML Metadata alone: METADATA_GRPC_SERVICE_HOST and _PORT name "
    "it, such as localhost and 8080 after `kubectl -n kubeflow port-forward "
    "svc/metadata-grpc-service 8080:8080`. Their files are read from the store: minio:// with "
    "MINIO_ENDPOINT, MINIO_ACCESS_KEY and MINIO_SECRET_KEY, s3:// with AWS's variables."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the verbs and their options to a command's parser."""
    commands = parser.add_subparsers(dest="command", required=True, metavar="verb")
    watch = commands.add_parser(
        "watch", help="show tasks and their log lines until the run ends", epilog=WATCH
    )
    watch.add_argument("--timeout", type=_seconds, metavar="SECONDS", help="stop watching then")
    watch.add_argument("--verbose", action="store_true", help="show all that steps write")
    watch.set_defaults(act=_watch)
    artifacts = commands.add_parser(
        "artifacts", help="list what the tasks made, and copy it to this machine", epilog=ARTIFACTS
    )
    artifacts.add_argument(
        "--download", type=Path, metavar="DIR", help="copy to DIR/<task>/<name>, what is not there"
    )
    artifacts.add_argument("--json", action="store_true", help="print JSON")
    artifacts.set_defaults(act=_artifacts)
    for command in (watch, artifacts):
        command.add_argument(
            "which", metavar="RUN", help="id or name of the run, or how only that one's begins"
        )
        command.add_argument("--endpoint", help="of KFP's API; else that of KFP_ENDPOINT")
        command.add_argument("--namespace", "-n", default="kubeflow")


def run(options: argparse.Namespace) -> int:
    """Does what the options say; returns the exit code."""
    from tfx_kubeflow.client.connection import Connection, ServerError
    from tfx_kubeflow.client.runs import Runs
    from tfx_kubeflow.errors import StepError

    logging.getLogger("urllib3").setLevel(logging.ERROR)  # it warns of what is tried again
    try:
        connection = Connection(options.endpoint, options.namespace)
        code: int = options.act(connection, Runs(connection).find(options.which), options)
    except (ServerError, StepError, OSError) as error:  # the last: a folder that is none
        print(f"error: {error}", file=sys.stderr)
        return 1
    return code


def _watch(connection: Connection, run_id: str, options: argparse.Namespace) -> int:
    from tfx_kubeflow.client.watch import watch
    from tfx_kubeflow.command.watch import Terminal

    with Terminal(connection.link(f"runs/details/{run_id}"), options.verbose) as terminal:
        try:
            for event in watch(connection, run_id, options.timeout):
                terminal.show(event)
        except TimeoutError as error:
            print(f"error: {error}", file=sys.stderr)
            return TIMED_OUT
        except KeyboardInterrupt:
            print("stopped watching; the run goes on", file=sys.stderr)
            return INTERRUPTED
    return 0 if terminal.succeeded else 1


def _artifacts(connection: Connection, run_id: str, options: argparse.Namespace) -> int:
    from tfx_kubeflow.imports import defer_modules, use_local_files

    if "tensorflow" not in sys.modules:  # of TFX's file functions, and seconds to import
        defer_modules()
    from tfx_kubeflow.client.artifacts import artifacts, as_json, download

    use_local_files()
    found = artifacts(run_id)
    if options.json:
        print(as_json(run_id, found))
    else:
        for line in _lines(found):
            print(line)
    if options.download:
        for artifact, files in download(run_id, found, options.download):
            print(f"{artifact.task}/{artifact.name}: {files} files", file=sys.stderr)
    return 0


def _lines(found: list[RunArtifact]) -> Iterator[str]:
    from tfx_kubeflow.local.progress import shortened

    task = None
    for artifact in found:
        if artifact.task != task:
            task = artifact.task
            yield f"{task}{' (from the cache)' if artifact.cached else ''}"
        yield f"  {artifact.name}: {artifact.type} {artifact.uri}"
        for name, value in sorted(artifact.properties.items()):
            yield f"      {name} = {shortened(value)}"


def _seconds(text: str) -> float:
    seconds = float(text)
    if not seconds > 0:
        raise argparse.ArgumentTypeError(f"{text}: expected seconds, more than 0")
    return seconds
