"""`household-power versions`: its verbs, and how they answer."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfx_pipeline.settings import Settings, load_settings, takes_settings

if TYPE_CHECKING:
    from tfx_kubeflow.storage.labels import Labels

NONE = "none"
"""In the place of a version: there shall be no canary."""


def add(commands: Any) -> None:
    """Adds the command to those of `household-power`."""
    versions = commands.add_parser(
        "versions",
        help="what of the pushed models serves: canary, promote, roll back (docs/serving.md)",
    )
    verbs = versions.add_subparsers(required=True, metavar="verb")

    def verb(name: str, does: Callable[[argparse.Namespace], int], **given: Any) -> Any:
        parser = verbs.add_parser(name, **given)
        parser.add_argument(
            "--base",
            metavar="FOLDER|URI",
            help="of the versions, also s3:// or minio://; where runs push to unless given",
        )
        takes_settings(parser)
        parser.set_defaults(run=_reporting(does))
        return parser

    shown = verb("list", _list, help="show the versions, their labels, state, origin and figures")
    shown.add_argument("--json", action="store_true", help="print them as JSON")

    canary = verb("canary", _canary, help="have a version answer a part of the requests")
    canary.add_argument("version", help=f"its number; {NONE}: stable answers all again")
    canary.add_argument(
        "--percent", type=_percent, default=10, metavar="N", help="1 to 50; 10 unless given"
    )
    promote = verb("promote", _promote, help="make a version stable")
    promote.add_argument("version", nargs="?", help="its number; the canary unless given")
    rollback = verb("rollback", _rollback, help="make the previous version stable; ends the canary")
    for changing in (canary, promote, rollback):
        changing.add_argument(
            "--kserve",
            type=_inference_service,
            metavar="NAMESPACE/NAME",
            help="an InferenceService that shall follow the labels",
        )
        changing.add_argument(
            "--patience",
            type=float,
            default=600.0,
            metavar="SECONDS",
            help="for its pods to be ready; 600 unless given",
        )

    compare = verb("compare", _compare, help="two versions on the same requests")
    compare.add_argument(
        "versions", nargs="*", metavar="version", help="two; stable and canary unless given"
    )
    compare.add_argument(
        "--requests",
        type=Path,
        metavar="FOLDER",
        help="a request log; the requests that travel with the models unless given",
    )
    compare.add_argument("--server", metavar="URL", help="that has both; loaded here unless given")
    compare.add_argument(
        "--tolerance",
        type=float,
        metavar="N",
        help="average difference of the mean, in the target's unit, above which the exit code is 1",
    )
    compare.add_argument("--json", action="store_true", help="print it as JSON")

    prune = verb("prune", _prune, help="remove old versions that have no label")
    prune.add_argument(
        "--keep",
        type=_keep,
        default=5,
        metavar="N",
        help="of the newest, 2 or more; 5 unless given",
    )
    prune.add_argument("--dry-run", action="store_true", help="only say what would go")

    repair = verb("repair", _repair, help="make versions whole that are damaged")
    repair.add_argument("versions", nargs="*", metavar="version", help="all unless given")
    repair.add_argument(
        "--from",
        dest="sources",
        action="append",
        default=[],
        metavar="FOLDER|URI",
        help="another base, or a SavedModel, with the files; besides what runs keep",
    )

    sync = verbs.add_parser("sync", help="keep what serves of an object store in a folder")
    sync.add_argument(
        "source", metavar="URI", help="of the versions; its last part names the model"
    )
    sync.add_argument("folder", type=Path, metavar="FOLDER", help="gets NAME/ and models.config")
    sync.add_argument(
        "--watch", type=float, metavar="SECONDS", help="between looks, until a signal; else once"
    )
    sync.add_argument(
        "--linger",
        type=float,
        default=600.0,
        metavar="SECONDS",
        help="that a version stays which serves no more; 600 unless given",
    )
    sync.set_defaults(run=_reporting(_sync))


def _reporting(does: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    """Makes a verb that tells its errors in a line."""

    def run(parsed: argparse.Namespace) -> int:
        from tfx_kubeflow.errors import StepError

        try:
            return does(parsed)
        except BrokenPipeError:  # whoever reads has enough
            raise
        except (StepError, OSError) as error:
            print(f"error: {error}", file=sys.stderr)
            return 1

    return run


def _keep(text: str) -> int:
    number = int(text)
    if number < 2:
        raise argparse.ArgumentTypeError("at least 2: one serves, one can be gone back to")
    return number


def _inference_service(text: str) -> tuple[str, str]:
    namespace, slash, name = text.partition("/")
    if not (namespace and slash and name):
        raise argparse.ArgumentTypeError("want NAMESPACE/NAME of an InferenceService")
    return namespace, name


def _percent(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 50:
        raise argparse.ArgumentTypeError("1 to 50: a canary answers at most half of the requests")
    return number


def _settings(parsed: argparse.Namespace) -> Settings:
    return load_settings(parsed.settings, program="household-power versions ...")


def _base(parsed: argparse.Namespace) -> str:
    base = str(parsed.base or _settings(parsed).serving_dir)
    return base.rstrip("/")


def _list(parsed: argparse.Namespace) -> int:
    from tfx_pipeline.versions.listing import listing, print_listing

    found = listing(_base(parsed))
    if parsed.json:
        print(found.model_dump_json(indent=2))
    else:
        print_listing(found)
    return 0


def _canary(parsed: argparse.Namespace) -> int:
    from tfx_kubeflow.storage import promotion

    if parsed.version == NONE:
        return _changed(parsed, promotion.end_canary)
    return _changed(parsed, lambda base: promotion.canary(base, parsed.version, parsed.percent))


def _promote(parsed: argparse.Namespace) -> int:
    from tfx_kubeflow.storage import promotion

    return _changed(parsed, lambda base: promotion.promote(base, parsed.version))


def _rollback(parsed: argparse.Namespace) -> int:
    from tfx_kubeflow.storage import promotion

    return _changed(parsed, promotion.rollback)


def _changed(parsed: argparse.Namespace, change: Callable[[str], Labels | None]) -> int:
    """Changes the labels, which are the truth, and has an InferenceService follow them."""
    base = _base(parsed)
    if parsed.kserve is None:
        return _told(base, change(base))
    from tfx_pipeline.versions.kserve import KServe

    namespace, name = parsed.kserve
    service = KServe(namespace, name, parsed.patience)
    service.require(base)
    found = change(base)
    _told(base, found)
    if found:
        service.follow(base, found)
    return 0


def _compare(parsed: argparse.Namespace) -> int:
    if len(parsed.versions) not in (0, 2):
        print("error: compare takes two versions, or none", file=sys.stderr)
        return 2
    from tfx_kubeflow.imports import without_collection

    from tfx_pipeline.local.terminal import muted_errors

    with muted_errors(), without_collection():  # TensorFlow talks while it is imported
        from tfx_pipeline.versions.side_by_side import print_comparison, side_by_side

    found = side_by_side(_base(parsed), parsed.versions, parsed.requests, parsed.server)
    if parsed.json:
        print(found.model_dump_json(indent=2))
    else:
        print_comparison(found)
    if found.within(parsed.tolerance):
        return 0
    print("the versions differ by more than they may", file=sys.stderr)
    return 1


def _prune(parsed: argparse.Namespace) -> int:
    from tfx_kubeflow.storage import promotion

    base = _base(parsed)
    found = promotion.prune(base, parsed.keep, parsed.dry_run)
    what = "would be removed" if parsed.dry_run else "removed"
    print(f"{base}: {what}: {', '.join(found) or 'nothing'}")
    return 0


def _repair(parsed: argparse.Namespace) -> int:
    from tfx_pipeline.versions.repair import repair_all

    settings = _settings(parsed)
    database = settings.root / "metadata.sqlite"
    whole = repair_all(_base(parsed), parsed.versions, parsed.sources, database, settings.name)
    return 0 if whole else 1


def _sync(parsed: argparse.Namespace) -> int:
    from tfx_pipeline.versions.sync import sync

    return sync(parsed.source, parsed.folder, parsed.watch, parsed.linger)


def _told(base: str, found: Labels | None) -> int:
    if found is None:
        print(f"{base}: no labels, so the newest version answers all requests")
        return 0
    print(f"{base}: version {found.stable.version} is stable since {_when(found.stable.since)}")
    if found.canary:
        one = found.canary
        print(f"version {one.version} is the canary, for {one.percent} % of the requests")
    if found.previous:
        print(f"version {found.previous.version} was stable before: a rollback goes there")
    return 0


def _when(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds).astimezone():%Y-%m-%d %H:%M:%S}"
