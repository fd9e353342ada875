"""What became of data: the models that it touched."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from tfx_pipeline.lineage.answers import Reach, Touched
from tfx_pipeline.lineage.facts import Facts, pushed_versions
from tfx_pipeline.lineage.files import extent_of, files_of
from tfx_pipeline.lineage.graph import Graph
from tfx_pipeline.lineage.records import Artifact, LineageError, Records

MODEL = "Model"
LEARNED = ("TransformGraph", "HyperParameters", MODEL)
"""Kinds of what is learned from data."""
SHA256 = re.compile(r"[0-9a-f]{12,64}")
INTERVAL = re.compile(r"(\d{4}-[\d: -]+?)\.\.(\d{4}-[\d: -]+)")
"""Two dates or times as the summary of the data writes them."""


def reach(records: Records, what: str) -> Reach:
    """Returns the models that data touched, and what became of them.

    A model is touched by the data that it was trained on, and by data that its hyperparameters or
    its scaling were learned from; not by that of a model that it was only compared with.

    Args:
        records: The records.
        what: A file, the SHA-256 of one or its first twelve digits, a span's number, or two times
            with `..` between them.

    Raises:
        LineageError: Nothing of it was ever read.
    """
    matches = _matcher(what)
    examples = [one for one in records.artifacts_of("Examples") if matches(one)]
    if not examples:
        raise LineageError(f"{what}: no run has read that")
    graph = Graph(records)
    sources = _sources(graph, examples)
    models = [graph.artifacts[one] for one in sorted(sources) if graph.artifacts[one].kind == MODEL]
    if models:
        graph.add_around([model.id for model in models])
    facts = Facts(graph, examples, models, pushed_versions(records))
    return Reach(
        data=tuple(map(facts.data, examples)),
        models=tuple(
            Touched(**dict(facts.model(model)), data=tuple(sorted(sources[model.id])))
            for model in models
        ),
    )


def _sources(graph: Graph, examples: list[Artifact]) -> dict[int, set[int]]:
    """What Examples led to, up to models -> which of them."""
    sources = {one.id: {one.id} for one in examples}
    frontier = {one.id: one for one in examples}
    while frontier:
        graph.add_around(frontier)
        reached = {}
        for artifact in frontier.values():
            for made in (one for kind in LEARNED for one in graph.made_of(artifact, kind)):
                known = sources.setdefault(made.id, set())
                if not sources[artifact.id] <= known:
                    known |= sources[artifact.id]
                    if made.kind != MODEL:
                        reached[made.id] = made
        frontier = reached
    return sources


def _matcher(what: str) -> Callable[[Artifact], bool]:
    path = Path(what).expanduser().absolute()
    if path.is_file():
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return lambda one: any(
            file.sha256 == digest or file.path == str(path) for file in files_of(one)
        )
    if interval := INTERVAL.fullmatch(what):
        first, last = interval.groups()
        return lambda one: _overlaps(one, first, last)
    if SHA256.fullmatch(what):
        return lambda one: any(file.sha256.startswith(what) for file in files_of(one))
    if what.isdecimal():
        return lambda one: one.properties.get("span") == int(what)
    return lambda one: any(file.path == what for file in files_of(one))


def _overlaps(examples: Artifact, first: str, last: str) -> bool:
    """Whether data has steps between two times, of which the last may be a whole day or month."""
    extent = extent_of(examples)
    begin, end = extent.get("first", ""), extent.get("last", "")
    return begin[: len(last)] <= last and end >= first
