"""Runs a pipeline on this machine, without a cluster, the way Kubeflow Pipelines would."""

import argparse
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

from tfx_kubeflow.command.options import add_runtime_parameters, file, package

ROOT = Path("local-runs")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options to a command's parser."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "package", nargs="?", type=package, help="what `tfx pipeline compile` wrote; or"
    )
    what.add_argument(
        "--pipeline-path", type=file, metavar="FILE", help="a file that runs KubeflowRunner"
    )
    parser.add_argument(
        "--root", type=Path, default=ROOT, help="folder of all artifacts (%(default)s)"
    )
    add_runtime_parameters(parser, "as for `tfx run create`; may be repeated")
    parser.add_argument(
        "--docker", action="store_true", help="each step in a container of its image, as this user"
    )
    parser.add_argument(
        "--docker-option",
        action="append",
        default=[],
        metavar="OPTION",
        help="of `docker run`, such as --docker-option=--volume=/data:/data; may be repeated",
    )
    parser.add_argument("--verbose", action="store_true", help="show all that steps write")


def run(options: argparse.Namespace) -> int:
    """Runs the pipeline; returns 0, or 1 where it cannot be compiled or a step failed."""
    signal.signal(signal.SIGTERM, _terminated)
    if options.package:
        return _run(options.package, options)
    with tempfile.TemporaryDirectory() as folder:
        print(f"{options.pipeline_path}: compiling ...", flush=True)
        if not _compile(options.pipeline_path, folder):
            return 1
        (package,) = Path(folder).iterdir()
        return _run(package, options)


def _terminated(number: int, _: object) -> NoReturn:
    """Ends this process as an interrupt does: the running step ends, and the record says so."""
    print("terminated", file=sys.stderr)
    sys.exit(128 + number)


def _compile(path: Path, folder: str) -> bool:
    """Says whether a file could be compiled; why it could not is printed."""
    command = [sys.executable, "-m", "tfx_kubeflow.command.compile", str(path), folder]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        known = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
        print("\n".join(known) or done.stderr, file=sys.stderr)
    return done.returncode == 0


def _run(package: Path, options: argparse.Namespace) -> int:
    from tfx_kubeflow.compiler.package import read_package
    from tfx_kubeflow.errors import ParameterError
    from tfx_kubeflow.local.process import Docker, in_subprocess
    from tfx_kubeflow.local.progress import Terminal
    from tfx_kubeflow.local.runner import RunFailedError, run_locally
    from tfx_kubeflow.parameters import typed_parameters

    spec, _ = read_package(package)
    launch = Docker(options.docker_option) if options.docker else in_subprocess
    progress = Terminal(sys.stdout, options.verbose)
    try:
        arguments = typed_parameters(spec, dict(options.runtime_parameter))
        run_locally(package, options.root, arguments, launch, progress)
    except (ParameterError, OSError) as error:  # the latter: a root that cannot be written
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except RunFailedError:
        return 1  # the summary says why
    return 0
