"""The versions of a served model, as a person and a program see them."""

from __future__ import annotations

import posixpath
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from tfx_kubeflow.errors import StepError
from tfx_kubeflow.storage import files, labels, push_records, served_versions
from tfx_kubeflow.storage.labels import Labels
from tfx_kubeflow.storage.push_records import PushRecord

from tfx_pipeline.frozen import Frozen
from tfx_pipeline.output import Output

State = Literal["whole", "damaged", "half-written", "missing"]

STYLES: Mapping[State, str] = {
    "whole": "",
    "damaged": "red",
    "half-written": "dim",
    "missing": "red",
}

FIGURES = {"mse_ratio": "MSE ratio", "mae_ratio": "MAE ratio", "coverage_p10_p90": "P10..P90"}
"""Shown in the table, of all that a push tells; to the best naive forecast."""

WIDTH = 140
"""Columns where the table goes to no terminal."""


class Version(Frozen):
    """One version below a push destination."""

    version: str
    """Name of its folder."""
    labels: tuple[str, ...]
    """stable, canary or previous; without labels the one that serves is `stable`."""
    percent: int | None
    """Of the requests that a canary answers; null of others."""
    state: State
    """`whole` is also what another tool made, of which nobody knows what it should hold."""
    size: int
    """Bytes."""
    digest: str | None
    """SHA-256 that its files were published with; null where none is recorded."""
    push: PushRecord | None
    """What the push told of it; null of older pushes."""


class Listing(Frozen):
    """The versions below a push destination."""

    base: str
    """Its folder or URI."""
    labelled: bool
    """Whether labels say what serves; else the newest complete version does."""
    versions: tuple[Version, ...]
    """Newest first."""


def listing(base: str) -> Listing:
    """Looks at every version below a push destination; reads all files of all of them.

    Args:
        base: Its folder or URI.

    Raises:
        StepError: The labels cannot be read.
        OSError: Nor can the folder or store.
    """
    labelled = labels.read(base)
    names = list(served_versions.numbered(base).values())
    missing = [one for one in labelled.versions if one not in names] if labelled else []
    serving = None if labelled else served_versions.serving(base)
    found = (_version(base, name, labelled, serving) for name in (*missing, *names))
    return Listing(base=base, labelled=labelled is not None, versions=tuple(found))


def _version(base: str, name: str, labelled: Labels | None, serving: str | None) -> Version:
    uri = posixpath.join(base, name)
    expected = served_versions.expected_digests(base, name)
    below = files.names_below(uri)
    canary = labelled.canary if labelled else None
    return Version(
        version=name,
        labels=tuple(labelled.of(name)) if labelled else ("stable",) * (name == serving),
        percent=canary.percent if canary and canary.version == name else None,
        state=_state(base, name, below),
        size=sum(files.size(posixpath.join(uri, one)) for one in below),
        digest=next(iter(expected)) if len(expected) == 1 else None,
        push=_told(base, name),
    )


def _state(base: str, name: str, below: list[str]) -> State:
    if served_versions.MODEL_FILE not in below:
        return "half-written" if name in served_versions.numbered(base).values() else "missing"
    return "damaged" if served_versions.is_damaged(base, name) else "whole"


def _told(base: str, name: str) -> PushRecord | None:
    try:
        return push_records.read(base, name)
    except StepError:  # nothing is decided by it
        return None


def print_listing(found: Listing, console: Console | None = None) -> None:
    """Prints the versions.

    Args:
        found: The versions.
        console: Where to.
    """
    wide = None if sys.stdout.isatty() else WIDTH
    console = console or Output(highlight=False, width=wide)
    if not found.versions:
        console.print(f"{escape(found.base)}: no version is there; push a model first")
        return
    rule = "labels.json says what serves" if found.labelled else "no labels: the newest serves"
    # Not the table's title, which a long path would cut off.
    console.print(f"{escape(found.base)}: {rule}", soft_wrap=True)
    table = Table(box=SIMPLE)
    for heading in ("version", "label", "state", "pushed", "by run", "gate"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "version")
    for heading in (*FIGURES.values(), "MiB"):
        table.add_column(heading, justify="right")
    for one in found.versions:
        table.add_row(*_cells(one), style=STYLES[one.state])
    console.print(table)


def _cells(one: Version) -> list[str]:
    push = one.push
    named = [f"canary {one.percent} %" if name == "canary" else name for name in one.labels]
    run = "/".join(filter(None, (push.pipeline, push.run))) if push else ""
    figures = push.figures if push else {}
    return [
        escape(one.version),
        ", ".join(named),
        one.state,
        f"{datetime.fromtimestamp(push.pushed_at).astimezone():%Y-%m-%d %H:%M}" if push else "",
        escape(run),
        _gate(push),
        *(f"{figures[name]:.3f}" if name in figures else "" for name in FIGURES),
        f"{one.size / 2**20:.1f}",
    ]


def _gate(push: PushRecord | None) -> str:
    decided = [told.get("blessed") is True for told in push.blessings.values()] if push else []
    return "" if not decided else "blessed" if all(decided) else "not blessed"
