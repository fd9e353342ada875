"""Where a model comes from."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from tfx_pipeline.lineage.answers import Origin
from tfx_pipeline.lineage.facts import Facts, pushed_versions
from tfx_pipeline.lineage.graph import Graph
from tfx_pipeline.lineage.records import Artifact, LineageError, Records
from tfx_pipeline.model_contract import METADATA_FILE, ModelMetadata

SERVING_FORMAT = "Format-Serving"
"""Folder of a Model artifact that is pushed."""


def origin(records: Records, which: str) -> Origin:
    """Returns where a model comes from.

    Args:
        records: The records.
        which: A version that was pushed, a run that trained or evaluated it, or its id in the
            store.

    Raises:
        LineageError: There is no such model.
    """
    graph = Graph(records)
    model = _model(records, graph, which)
    graph.add_around([model.id])
    given = graph.inputs(graph.maker(model))
    graph.add_around([artifact.id for artifact in given.values()])
    examples, schema = given.get("examples"), given.get("schema")
    statistics = next(graph.made_of(examples, "ExampleStatistics"), None) if examples else None
    made = [*given.values(), *([statistics] if statistics else [])]
    facts = Facts(graph, made, [model], pushed_versions(records))
    records_of = {key: facts.record(artifact) for key, artifact in given.items()}
    return Origin(
        model=facts.model(model),
        hyperparameters=hyperparameters(model),
        searched=records_of.get("hyperparameters"),
        transform_graph=records_of.get("transform_graph"),
        curated_schema=records_of.get("schema"),
        schema_sha256=_digest(facts.parameters(schema).get("text")) if schema else None,
        statistics=facts.record(statistics) if statistics else None,
        data=facts.data(examples) if examples else None,
        edges=tuple(
            sorted(
                (source.id, one.id)
                for one in (*made, model)
                for source in graph.inputs(graph.maker(one)).values()
                if source in made
            )
        ),
    )


def hyperparameters(model: Artifact) -> dict[str, Any] | None:
    """Returns a model's hyperparameters; None where its files are not on this machine."""
    file = Path(model.uri, SERVING_FORMAT, METADATA_FILE)
    if not file.is_file():
        return None
    return dict(ModelMetadata.model_validate_json(file.read_bytes()).hyperparameters)


def _model(records: Records, graph: Graph, which: str) -> Artifact:
    """Finds the model that is meant, by a version, a run, or an id."""
    pushed = [
        one
        for one in records.artifacts_of("PushedModel")
        if one.properties.get("pushed_version") == which
    ]
    if pushed:
        graph.add_around([pushed[0].id])
        found = graph.inputs(graph.maker(pushed[0])).get("model")
    elif runs := [run for run in records.runs() if run.name == which]:
        executions = records.executions_of(runs)
        graph.add_executions([one.id for one in executions])
        found = next(filter(None, (graph.outputs(one.id).get("model") for one in executions)), None)
        if found is None:
            raise LineageError(
                f"run {which} came to no model; see `household-power lineage history`"
            )
    else:
        found = next(iter(records.artifacts([int(which)]) if which.isdecimal() else ()), None)
    if found is None or found.kind != "Model":
        raise LineageError(
            f"{which}: no version, run or model of that name; `household-power lineage history` "
            "lists them"
        )
    return found


def _digest(text: str | None) -> str | None:
    return hashlib.sha256(text.encode()).hexdigest() if text else None
