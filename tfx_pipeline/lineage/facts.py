"""What the records say of an artifact, put into words of the answers."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tfx_kubeflow.metadata.values import EXECUTOR_FLAGS

from tfx_pipeline.data.summary import DataFile
from tfx_pipeline.evaluation.results import SCORES_PROPERTY, VERDICTS_PROPERTY, Scores, Verdict
from tfx_pipeline.lineage import served
from tfx_pipeline.lineage.answers import Blessing, Check, Data, Model, Push, Record
from tfx_pipeline.lineage.files import extent_of, files_of
from tfx_pipeline.lineage.graph import Graph
from tfx_pipeline.lineage.records import Artifact, Execution, LineageError, Records

CODE = re.compile(r"--code=(\w+)")
"""The flag with the fingerprint of an executor's code."""


@dataclass(frozen=True)
class Pushed:
    """A version as it was pushed first.

    Attributes:
        id: Of the PushedModel.
        version: Name of its folder.
        model: URI of the model, which Kubeflow records again where it is compared with.
    """

    id: int
    version: str
    model: str


def pushed_versions(records: Records) -> list[Pushed]:
    """Returns all versions that were ever pushed, oldest first."""
    pushed = {one.id: one for one in records.artifacts_of("PushedModel") if _version(one)}
    makers: dict[int, int] = {}
    for link in records.links(artifacts=pushed):
        if link.output:
            makers[link.artifact] = min(link.execution, makers.get(link.artifact, link.execution))
    of_model = {
        link.execution: link.artifact
        for link in records.links(executions=set(makers.values()))
        if link.key == "model" and not link.output
    }
    uris = {one.id: one.uri for one in records.artifacts(set(of_model.values()))}
    found: dict[str, Pushed] = {}
    for number, maker in sorted(makers.items()):
        version = _version(pushed[number])
        model = uris.get(of_model.get(maker, 0), "")
        found.setdefault(version, Pushed(number, version, model))
    return list(found.values())


class Facts:
    """What the records say of the artifacts of a graph.

    Args:
        graph: Holds them, with what they were made of and what was made of them.
        artifacts: Those that will be asked for, besides the models'.
        models: Models that will be asked for.
        pushed: All that were pushed.
    """

    def __init__(
        self,
        graph: Graph,
        artifacts: Iterable[Artifact],
        models: Collection[Artifact],
        pushed: Collection[Pushed],
    ) -> None:
        self._graph = graph
        self._pushed = pushed
        decided = [one for model in models for one in self._decided(model)]
        makers = {graph.maker(one) for one in (*artifacts, *models, *decided)}
        executions = graph.records.executions([one for one in makers if one is not None])
        self._executions: dict[int | None, Execution] = {one.id: one for one in executions}

    def record(self, artifact: Artifact) -> Record:
        """Returns an artifact with what made it."""
        return Record(**self._fields(artifact))

    def parameters(self, artifact: Artifact) -> Mapping[str, Any]:
        """Returns the parameters of what made an artifact."""
        execution = self._executions.get(self._graph.maker(artifact))
        return execution.parameters if execution else {}

    def data(self, examples: Artifact) -> Data:
        """Returns what Examples were read of."""
        properties = examples.properties
        extent = extent_of(examples)
        span = properties.get("span")
        return Data(
            **self._fields(examples),
            span=None if span is None else int(span),
            first=extent.get("first"),
            last=extent.get("last"),
            rows=extent.get("rows"),
            files=_files(examples),
            fingerprint=properties.get("input_fingerprint"),
        )

    def model(self, model: Artifact) -> Model:
        """Returns a model with the decisions about it."""
        made = self._graph.made_of
        checks = list(made(model, "InfraBlessing"))
        pushes = [one for one in made(model, "PushedModel") if _version(one)]
        first = {_version(one): one for one in reversed(pushes)}
        return Model(
            **self._fields(model),
            blessings=tuple(map(self.blessing, made(model, "ModelBlessing", "model"))),
            check=check(checks[-1]) if checks else None,
            pushes=tuple(self.push(one) for one in reversed(first.values())),
        )

    def blessing(self, blessing: Artifact) -> Blessing:
        """Returns a decision of the gate."""
        maker = self._graph.maker(blessing)
        baseline = self._graph.inputs(maker).get("baseline_model")
        evaluation = self._graph.outputs(maker).get("evaluation")
        scores = evaluation.properties.get(SCORES_PROPERTY) if evaluation else None
        verdicts = json.loads(blessing.properties.get(VERDICTS_PROPERTY, "[]"))
        versions = [
            one.version
            for one in self._pushed
            if baseline and one.model == baseline.uri and one.id < blessing.id
        ]
        return Blessing(
            id=blessing.id,
            blessed=blessing.properties.get("blessed") == 1,
            run=self._run(blessing),
            decided=blessing.created,
            digest=blessing.properties.get("current_model_digest"),
            baseline=baseline.uri if baseline else None,
            baseline_version=versions[-1] if versions else None,
            scores=Scores.model_validate_json(scores) if scores else None,
            verdicts=tuple(Verdict.model_validate(verdict) for verdict in verdicts),
        )

    def push(self, pushed: Artifact) -> Push:
        """Returns a version that was pushed."""
        destination = pushed.properties.get("pushed_destination", "")
        return Push(
            version=_version(pushed),
            run=self._run(pushed),
            pushed=pushed.created,
            destination=destination,
            message=pushed.properties.get("message", ""),
            state=served.state(destination),
        )

    def _decided(self, model: Artifact) -> Iterable[Artifact]:
        yield from self._graph.made_of(model, "ModelBlessing", "model")
        yield from self._graph.made_of(model, "PushedModel")

    def _run(self, artifact: Artifact) -> str:
        execution = self._executions.get(self._graph.maker(artifact))
        return execution.run if execution else ""

    def _fields(self, artifact: Artifact) -> dict[str, Any]:
        execution = self._executions.get(self._graph.maker(artifact))
        return {
            "id": artifact.id,
            "kind": artifact.kind,
            "uri": artifact.uri,
            "created": artifact.created,
            "component": execution and execution.component,
            "run": execution and execution.run,
            "code": code_of(artifact),
        }


def check(blessing: Artifact) -> Check:
    """Returns what the serving check found."""
    return Check(
        blessed=blessing.properties.get("blessed") == 1,
        reason=blessing.properties.get("reason", ""),
        latency_ms=blessing.properties.get("latency_ms"),
    )


def _files(examples: Artifact) -> tuple[DataFile, ...]:
    try:
        return files_of(examples)
    except LineageError:
        return ()  # the fingerprint tells how many there are


def code_of(artifact: Artifact) -> str | None:
    """Returns the fingerprint of the code that made an artifact, where it is ours."""
    flag = CODE.search(artifact.properties.get(EXECUTOR_FLAGS, ""))
    return flag[1] if flag else None


def _version(pushed: Artifact) -> str:
    return str(pushed.properties.get("pushed_version", ""))
