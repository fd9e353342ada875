"""Scheduled retraining: create, list, pause, resume, replace and delete recurring runs."""

import argparse
import sys
from typing import Any

from tfx_kubeflow.command.options import add_runtime_parameters

TIMES = (
    "Cron is in UTC unless the server's CRON_SCHEDULE_TIMEZONE says otherwise; runs start some "
    "twenty seconds later. One run at a time; what was missed while paused is not made up for."
)


def run(options: argparse.Namespace) -> int:
    """Does what the options say; returns 0, or 1 after an error message of one line."""
    from tfx_kubeflow.client.connection import Connection, ServerError
    from tfx_kubeflow.client.schedules import Schedules
    from tfx_kubeflow.errors import ParameterError

    try:
        schedules = Schedules(Connection(options.endpoint, options.namespace))
        for line in _act(schedules, options):
            print(line)
    except (ParameterError, ServerError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the verbs and their options to a command's parser."""
    commands = parser.add_subparsers(dest="command", required=True, metavar="verb")
    for name in ("create", "replace"):
        command = commands.add_parser(name, epilog=TIMES)
        when = command.add_mutually_exclusive_group(required=True)
        when.add_argument("--cron", help="minute, hour, day of month, month, day of week")
        when.add_argument("--every", type=int, metavar="SECONDS", help="instead of cron")
        add_runtime_parameters(
            command, "[[ScheduledTime]] stands for the second for which a run was scheduled"
        )
        command.add_argument("--max-concurrency", type=int, default=1, metavar="RUNS")
        command.add_argument("--catch-up", action="store_true", help="make up for missed runs")
    for name in ("list", "pause", "resume", "delete"):
        commands.add_parser(name)
    for name, command in commands.choices.items():
        command.add_argument("pipeline")
        if name != "list":
            command.add_argument("name")
        command.add_argument("--endpoint", help="of KFP's API; else that of KFP_ENDPOINT")
        command.add_argument("--namespace", "-n", default="kubeflow")


def _act(schedules: Any, options: argparse.Namespace) -> list[str]:
    from tfx_kubeflow.client.schedules import Schedule

    pipeline = options.pipeline
    if options.command == "list":
        return [_line(item) for item in schedules.of(pipeline)] or [f"{pipeline}: no schedule"]
    if options.command in ("create", "replace"):
        schedule = Schedule(
            options.name,
            cron=options.cron,
            interval=options.every,
            parameters=dict(options.runtime_parameter),
            max_concurrency=options.max_concurrency,
            catch_up=options.catch_up,
        )
        return [_line(getattr(schedules, options.command)(pipeline, schedule))]
    getattr(schedules, options.command)(pipeline, options.name)
    return [f"{options.name}: {options.command}d"]


def _line(item: Any) -> str:
    cron = item.trigger.cron_schedule.cron if item.trigger.cron_schedule else None
    periodic = item.trigger.periodic_schedule
    when = f"cron {cron!r} UTC" if cron else f"every {periodic.interval_second} s"
    return f"{item.display_name}: {when}, {item.status}, id {item.recurring_run_id}"
