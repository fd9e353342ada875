"""tfx-kubeflow: what the tfx command has no verb for."""

import argparse
import sys
from collections.abc import Sequence

from tfx_kubeflow.command import init, manifest, run, run_local, schedule, settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        arguments: Without the program's name; None: those of the process.

    Returns:
        0 when all is well, 1 when something failed, 2 on wrong usage, 130 when interrupted.
    """
    options = _parser().parse_args(arguments)
    try:
        result: int = options.run(options)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    return result


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tfx-kubeflow", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    files = commands.add_parser(
        "init", help="write the runner's file, the settings and the image's recipe of a project"
    )
    init.add_options(files)
    files.set_defaults(run=init.run)

    local = commands.add_parser(
        "run-local", help="run a pipeline on this machine, without a cluster"
    )
    run_local.add_options(local)
    local.set_defaults(run=run_local.run)

    schedules = commands.add_parser(
        "schedule",
        help="create, list, pause, resume, replace or delete runs that recur on a cluster",
    )
    schedule.add_options(schedules)
    schedules.set_defaults(run=schedule.run)

    runs = commands.add_parser("run", help="watch a run on a cluster, list and copy what it made")
    run.add_options(runs)
    runs.set_defaults(run=run.run)

    resources = commands.add_parser(
        "manifest", help="print a compiled package as the resources that `kubectl apply` takes"
    )
    manifest.add_options(resources)
    resources.set_defaults(run=manifest.run)

    in_force = commands.add_parser("settings", help="print the settings in force and their origins")
    settings.add_options(in_force)
    in_force.set_defaults(run=settings.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
