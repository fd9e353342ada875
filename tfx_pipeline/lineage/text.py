"""Answers as people read them on a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from functools import singledispatch
from typing import Any

from tfx_pipeline.lineage.answers import (
    Blessing,
    Change,
    Data,
    Difference,
    History,
    Model,
    Origin,
    Push,
    Reach,
    Record,
    RunOutcome,
)

SHOWN = 60
"""Characters of a value that are shown; all of it is in the JSON."""
DIGITS = 12
"""Digits of a SHA-256 that are shown."""


@singledispatch
def lines(answer: Any) -> Iterator[str]:
    """Yields the lines of an answer."""
    raise TypeError(f"{type(answer)} is no answer")


@lines.register
def _origin(answer: Origin) -> Iterator[str]:
    yield from _model(answer.model)
    if answer.hyperparameters is not None:
        yield "hyperparameters: " + ", ".join(f"{k} {v}" for k, v in answer.hyperparameters.items())
    yield from _made("  searched", answer.searched)
    yield from _made("transform graph", answer.transform_graph)
    yield from _made("curated schema", answer.curated_schema)
    if answer.schema_sha256:
        yield f"  sha256 {answer.schema_sha256[:DIGITS]}"
    yield from _made("statistics", answer.statistics)
    if answer.data:
        yield from _data(answer.data)


@lines.register
def _reach(answer: Reach) -> Iterator[str]:
    for data in answer.data:
        yield from _data(data)
    if not answer.models:
        yield "no model was trained on it"
    for model in answer.models:
        yield ""
        yield from _model(model)


@lines.register
def _difference(answer: Difference) -> Iterator[str]:
    yield f"from {answer.before} to {answer.after}"
    for name in ("data", "settings", "code", "metrics", "outcome"):
        changes: tuple[Change, ...] = getattr(answer, name)
        yield f"{name}: " + ("as before" if not changes else "")
        for change in changes:
            yield f"  {change.where}: {_short(change.before)} -> {_short(change.after)}"


@lines.register
def _history(answer: History) -> Iterator[str]:
    for run in answer.runs:
        yield from _run(run)
    yield f"version {answer.serves} serves" if answer.serves else "what serves is not known here"


def _run(run: RunOutcome) -> Iterator[str]:
    yield f"{run.run}  {run.state}" + (f" at {run.failed}" if run.failed else "")
    if run.failed:
        yield from _indented(run.error or "the cause was not recorded; see the log of the run")
    for warning in run.warnings:
        yield f"  warning: {warning}"
    if run.rolled_back:
        yield f"  version {run.rolled_back}, pushed before, no longer served"
    if run.blessing:
        yield from _blessing(run.blessing, "" if run.new else f", as in {run.blessing.run}")
    if run.check and not run.check.blessed:
        yield f"  serving check: {run.check.reason}"
    if run.push:
        again = "" if run.push.run == run.run else f", as in {run.push.run}"
        yield f"  {run.push.message}; {_state(run.push)}{again}"


def _model(model: Model) -> Iterator[str]:
    yield from _made("model", model)
    for blessing in model.blessings:
        yield from _blessing(blessing, f", run {blessing.run}")
    if model.check:
        yield f"  serving check: {model.check.reason}"
    for push in model.pushes:
        yield f"  version {push.version}, {_state(push)}: run {push.run}, {_time(push.pushed)}"
    if not model.pushes:
        yield "  never pushed"


def _blessing(blessing: Blessing, where: str) -> Iterator[str]:
    against = ""
    if blessing.baseline:
        against = f", against {blessing.baseline_version or blessing.baseline}"
    yield f"  {'blessed' if blessing.blessed else 'refused'}{against}{where}"
    decisive = "passed" if blessing.blessed else "failed"
    for verdict in blessing.verdicts:
        if verdict.outcome == decisive:
            yield f"    {verdict} [{verdict.rule}]"


def _data(data: Data) -> Iterator[str]:
    rows = f", {data.rows:,} rows" if data.rows is not None else ""
    yield f"data {data.id}: {data.first} .. {data.last}{rows}, span {data.span}, run {data.run}"
    for file in data.files:
        yield f"  {file.path}, {file.size:,} bytes, sha256 {file.sha256}"
    if not data.files:
        yield f"  {data.fingerprint}"


def _made(title: str, record: Record | None) -> Iterator[str]:
    if record is not None:
        code = f", code {record.code}" if record.code else ""
        by = f"{record.component or 'imported'}, run {record.run}, {_time(record.created)}"
        yield f"{title} {record.id}: {by}{code}"
        yield f"  {record.uri}"


def _state(push: Push) -> str:
    return {"unknown": "not on this machine", "serves": "serves now"}.get(push.state, push.state)


def _time(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    text = "none" if value is None else " ".join(text.split())
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."


def _indented(text: str) -> Iterator[str]:
    yield from (f"  {line}" for line in text.splitlines())
