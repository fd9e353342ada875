"""household-power: what the tfx command has no verb for.

Settings are given as for runner_local.py: `household-power schema refresh --profile=sample`. No
verb has an option of a setting's name.
"""

import argparse
import json
import logging
import os
import signal
import sys
import webbrowser
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from tfx_pipeline.client import command as client
from tfx_pipeline.monitoring import command as monitoring
from tfx_pipeline.server import command as server
from tfx_pipeline.settings import Settings, load_settings, setting_names, takes_settings
from tfx_pipeline.versions import command as versions


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        arguments: Without the program's name; None: those of the process.

    Returns:
        0 when all is well, 1 when a check or a step failed, 2 on wrong usage, 130 when interrupted,
        141 when whoever reads the output has enough.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["data"] and given[1:2] not in (["describe"], ["-h"], ["--help"]):
        given[1:1] = [] if given[1:2] == ["check"] else ["check"]
    parser = _parser()
    own, settings = _apart(given)
    # What the verb does not know is a setting, and refused as one.
    parsed, unknown = parser.parse_known_args(own)
    settings += unknown
    if settings and "settings" not in parsed:
        parser.error(f"unrecognized arguments: {' '.join(settings)}")
    parsed.settings = settings
    try:
        code = int(parsed.run(parsed))
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever reads, such as `head`, has enough; Python would say so again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE


def _apart(given: Sequence[str]) -> tuple[list[str], list[str]]:
    """Takes the settings out, whose values argparse would give to a verb as its own arguments."""
    known = tuple(f"--{name}." for name in setting_names(Settings))
    own: list[str] = []
    settings: list[str] = []
    rest = iter(given)
    for one in rest:
        name, equals, _ = one.partition("=")
        if one == "--":
            settings += rest
        elif any(of.startswith(f"{name}.") for of in known):
            settings += [one] if equals else [one, *islice(rest, 1)]
        else:
            own.append(one)
    return own, settings


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="household-power", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    settings = commands.add_parser("settings", help="print the settings that are in force")
    settings.add_argument("--json-schema", action="store_true", help="print their JSON schema")
    takes_settings(settings)
    settings.set_defaults(run=_settings)

    data = commands.add_parser("data", help="check the raw data, or describe a file of your own")
    of_data = data.add_subparsers(required=True, metavar="verb")
    check = of_data.add_parser(
        "check", help="check the raw data by the rules of docs/data.md; without a verb, too"
    )
    takes_settings(check)
    check.set_defaults(run=_data)
    describe = of_data.add_parser(
        "describe", help="look at a file and write its description (docs/own-data.md)"
    )
    describe.add_argument("file", help="CSV, also in gzip or zip, or Parquet")
    describe.add_argument(
        "--output", type=Path, help="where to; the file's name with .yaml, here, unless given"
    )
    describe.add_argument("--overwrite", action="store_true", help="replace the file that is there")
    describe.set_defaults(run=_describe)

    summary = commands.add_parser("summary", help="print what the latest run did")
    form = summary.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print it as JSON")
    form.add_argument("--json-schema", action="store_true", help="print its JSON schema")
    takes_settings(summary)
    summary.set_defaults(run=_summary)

    report = commands.add_parser("report", help="make the report of a run, a page for a browser")
    report.add_argument(
        "name", nargs="?", metavar="RUN", default="latest", help="its name; the latest unless given"
    )
    report.add_argument("--open", action="store_true", help="and open it where there is a screen")
    takes_settings(report)
    report.usage = f"{report.prog} [RUN] [options] [--SETTING=VALUE ...]"
    report.set_defaults(run=_report)

    schema = commands.add_parser("schema", help="the curated schema")
    verbs = schema.add_subparsers(required=True, metavar="verb")
    init = verbs.add_parser("init", help="write the first one, from the description and the data")
    takes_settings(init)
    init.set_defaults(run=_init)
    refresh = verbs.add_parser(
        "refresh", help="show what the newest data would change in the curated schema"
    )
    refresh.add_argument("--write", action="store_true", help="and change the file")
    takes_settings(refresh)
    refresh.set_defaults(run=_refresh)

    tracking = commands.add_parser("tracking", help="the runs in MLflow (docs/tracking.md)")
    of_tracking = tracking.add_subparsers(required=True, metavar="verb")
    replay = of_tracking.add_parser(
        "replay", help="log the runs that are pending, and point `champion` at what serves"
    )
    replay.add_argument(
        "folders", nargs="*", type=Path, metavar="folder", help="of these runs only"
    )
    takes_settings(replay)
    replay.set_defaults(run=_replay)

    _add_lineage(commands)
    server.add(commands)
    versions.add(commands)
    client.add(commands)
    monitoring.add(commands)
    return parser


def _add_lineage(commands: Any) -> None:
    lineage = commands.add_parser(
        "lineage", help="where a model comes from, and what became of data (docs/lineage.md)"
    )
    verbs = lineage.add_subparsers(required=True, metavar="verb", dest="verb")
    model = verbs.add_parser("model", help="back from a model to its data, settings and code")
    model.add_argument("which", nargs="?", help="version, run or id; what serves now, unless given")
    data = verbs.add_parser("data", help="forward from data to every model that it touched")
    data.add_argument("what", help="file, SHA-256, number of a span, or FIRST..LAST time")
    diff = verbs.add_parser("diff", help="what differs between two runs")
    diff.add_argument("before", help="name of a run, or its beginning")
    diff.add_argument("after", help="the same of another run")
    history = verbs.add_parser("history", help="what was blessed, refused, pushed, and why")
    history.add_argument("--last", type=int, default=20, metavar="N", help="runs; 20 unless given")
    for verb in (model, data, diff, history):
        form = verb.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="print it as JSON")
        if verb in (model, data):
            form.add_argument("--mermaid", action="store_true", help="print it as a picture")
        verb.add_argument(
            "--store", help="path, mysql://user@host/database or grpc://host:port; local runs' own"
        )
        takes_settings(verb)
        verb.set_defaults(run=_lineage)


def _in_force(parsed: argparse.Namespace) -> Settings:
    return load_settings(parsed.settings, program="household-power ...")


def _lineage(parsed: argparse.Namespace) -> int:
    from tfx_pipeline.lineage.command import run

    settings = _in_force(parsed)
    return run(parsed, settings.name, settings.root / "metadata.sqlite", settings.serving_dir)


def _settings(parsed: argparse.Namespace) -> int:
    settings = _in_force(parsed)
    if parsed.json_schema:
        print(json.dumps(Settings.model_json_schema(), indent=2))
    else:
        print(yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False), end="")
    return 0


def _data(parsed: argparse.Namespace) -> int:
    from tfx_pipeline.data.inspection import inspect
    from tfx_pipeline.data.raw.errors import DataError
    from tfx_pipeline.data.raw.files import find_files
    from tfx_pipeline.data.raw.location import locate

    settings = _in_force(parsed)
    logging.basicConfig(level=logging.INFO, format="%(message)s")  # progress, on standard error
    try:
        files = find_files(locate(settings.data_path)).files
        summary = inspect(files, settings.data_options).summary
    except (DataError, FileNotFoundError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(summary.model_dump_json(indent=2))
    return 0


def _describe(parsed: argparse.Namespace) -> int:
    from tfx_pipeline.data.describe.description import describe
    from tfx_pipeline.data.describe.errors import DescribeError
    from tfx_pipeline.data.describe.terminal import show
    from tfx_pipeline.data.describe.writer import refuse, write
    from tfx_pipeline.output import Output

    output = parsed.output or Path(Path(parsed.file).name.split(".")[0] + ".yaml")
    try:
        refuse(output, parsed.file, parsed.overwrite)
        description = describe(parsed.file)
        write(description, output, parsed.overwrite)
    except DescribeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    show(description, output, Output())
    return 0


def _summary(parsed: argparse.Namespace) -> int:
    from tfx_pipeline.report.summary import RunSummary, read_summary
    from tfx_pipeline.report.tables import print_summary

    if parsed.json_schema:
        print(json.dumps(RunSummary.model_json_schema(mode="serialization"), indent=2))
        return 0
    folder = Path(_in_force(parsed).outputs).absolute() / "latest"
    try:
        summary = read_summary(folder)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if parsed.json:
        print(summary.model_dump_json(indent=2))
    else:
        print_summary(summary, folder)
    return 0


def _report(parsed: argparse.Namespace) -> int:
    from tfx_pipeline.report.html.page import write_report
    from tfx_pipeline.report.runs import run_folder

    try:
        path = write_report(run_folder(Path(_in_force(parsed).outputs).absolute(), parsed.name))
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(path)
    # Elsewhere Python would take the terminal for a browser.
    if parsed.open and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        webbrowser.open(path.as_uri())
    return 0


def _init(parsed: argparse.Namespace) -> int:
    from tfx_pipeline.data.raw.errors import DataError
    from tfx_pipeline.local.schema_init import init

    settings = _in_force(parsed)
    logging.basicConfig(level=logging.INFO, format="%(message)s")  # progress, on standard error
    try:
        return init(settings)
    except (DataError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _refresh(parsed: argparse.Namespace) -> int:
    settings = _in_force(parsed)
    from tfx_kubeflow.imports import quick_imports

    with quick_imports():
        from tfx_pipeline.data.curated_schema import SchemaError
        from tfx_pipeline.local.metadata_store import MetadataError
        from tfx_pipeline.local.schema_refresh import refresh

    try:
        return refresh(settings, write=parsed.write)
    except (SchemaError, MetadataError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _replay(parsed: argparse.Namespace) -> int:
    settings = _in_force(parsed)
    uri = settings.tracking.uri
    if uri is None:
        print("error: tracking.uri is null: name a server or a file", file=sys.stderr)
        return 2
    from tfx_pipeline.local.terminal import muted_errors

    with muted_errors():  # what TensorFlow says while it is imported
        from tfx_pipeline.tracking.track import follow, pending_folders, replay

    reasons = {}
    for folder in parsed.folders or pending_folders(Path(settings.outputs)):
        reasons[folder] = replay(folder, uri)
        print(f"{folder}: {reasons[folder] or 'logged'}", flush=True)
    if not parsed.folders:
        reasons[settings.serving_dir] = follow(uri, settings.name, str(settings.serving_dir))
    failed = [reason for reason in reasons.values() if reason]
    if failed:
        print(f"error: {failed[-1]}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
