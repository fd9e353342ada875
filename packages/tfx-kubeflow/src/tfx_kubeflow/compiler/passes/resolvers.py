"""Resolvers: a step that looks up an earlier artifact, and an importer that hands it on.

Kubeflow Pipelines refuses TFX's resolver executors. Instead an uncached step asks the resolver's
strategy and puts out the artifact's address as a parameter; a DAG of one importer makes an
artifact of it, the same one for the same address, so that its consumers stay cacheable. Where
there is none, an address that holds nothing is imported, and the consumer's step drops the input.
"""

import json
from typing import Any

from tfx.orchestration.kubeflow.utils import TFX_DAG_NAME

from tfx_kubeflow.compiler import ir
from tfx_kubeflow.compiler.nodes import Facts, ResolverFacts
from tfx_kubeflow.compiler.passes.importers import SOURCE
from tfx_kubeflow.errors import CompileError
from tfx_kubeflow.metadata.artifacts import recorded_title
from tfx_kubeflow.protocol import (
    ADDRESS,
    BLESSING,
    CANDIDATE,
    DESTINATION,
    METADATA,
    METADATA_INPUT,
    MODEL,
)

IMPORTED = "artifact"
SEVERAL = {
    "tfx.dsl.input_resolution.strategies.span_range_strategy.SpanRangeStrategy",
    "tfx.dsl.input_resolution.strategies.latest_artifact_strategy.LatestArtifactStrategy",
}
"""Strategies of TFX that can be told to return several artifacts."""


def lookups(spec: ir.Spec, facts: Facts, pipeline_name: str, image: str) -> ir.Spec:
    """Adds the steps and importers of all resolvers, and connects their consumers.

    Args:
        spec: The IR of everything but the resolvers.
        facts: The resolvers.
        pipeline_name: Whose artifacts are looked up.
        image: Image of the steps.

    Raises:
        CompileError: A resolver may return several artifacts, or the serving model is unclear.
    """
    spec = ir.copied(spec)
    wanted = {
        resolver.id: _consumed_keys(spec, facts, resolver.id)
        for resolver in facts.resolvers.values()
    }
    for resolver in facts.resolvers.values():
        _refuse_several(resolver)
        siblings = _node_tasks(spec)
        _add_step(spec, facts, resolver, siblings, wanted[resolver.id], pipeline_name, image)
        for key in wanted[resolver.id]:
            _add_importer(spec, resolver, siblings, key)
    for resolver in facts.resolvers.values():
        _connect_consumers(spec, resolver.id)
    return spec


def _refuse_several(resolver: ResolverFacts) -> None:
    config: dict[str, Any] = json.loads(resolver.config)
    several = int(config.get("desired_num_of_artifacts") or 1) != 1
    if resolver.strategy in SEVERAL and (several or "range_config" in config):
        raise CompileError(
            resolver.id,
            "a lookup on Kubeflow Pipelines hands on one artifact, and this strategy may return "
            "several",
            "Look up the latest artifact only, or let the ExampleGen read the whole window.",
        )


def _consumed_keys(spec: ir.Spec, facts: Facts, resolver_id: str) -> dict[str, bool]:
    """Output keys that something consumes -> whether a consumer cannot do without."""
    keys: dict[str, bool] = {}
    for task in ir.tasks(spec):
        node = facts.nodes.get(task.id)
        for name, value in ir.artifacts(task.body).items():
            reference = value.get("taskOutputArtifact", {})
            if reference.get("producerTask") == resolver_id:
                key = reference["outputArtifactKey"]
                keys[key] = keys.get(key, False) or node is None or name not in node.optional
    for other in facts.resolvers.values():
        for producer, key in other.connected.values():
            if producer == resolver_id:
                keys.setdefault(key, False)
    return dict(sorted(keys.items()))


def _node_tasks(spec: ir.Spec) -> ir.Spec:
    """The tasks of TFX's nodes; with an exit handler they stand in a DAG of their own."""
    inside = spec["components"].get(TFX_DAG_NAME)
    tasks: ir.Spec = (inside or spec["root"])["dag"]["tasks"]
    return tasks


def _add_step(
    spec: ir.Spec,
    facts: Facts,
    resolver: ResolverFacts,
    siblings: ir.Spec,
    wanted: dict[str, bool],
    pipeline_name: str,
    image: str,
) -> None:
    label = f"{resolver.id}_executor"
    definition: ir.Spec = {"executorLabel": label}
    task: ir.Spec = {"taskInfo": {"name": resolver.id}, "componentRef": {"name": resolver.id}}
    for key, (producer, output) in resolver.connected.items():
        ir.artifacts(task)[key] = ir.output_artifact(producer, output)
        kind = _artifact_type(spec, facts, siblings, producer, output, resolver.classes[key])
        ir.declare(definition, "artifacts", "inputDefinitions", key, kind)
    for key in wanted:
        for suffix in (ADDRESS, METADATA):
            kind = {"parameterType": ir.STRING}
            ir.declare(definition, "parameters", "outputDefinitions", key + suffix, kind)
    if {MODEL, BLESSING} <= set(resolver.classes.values()):
        _add_destination(spec, facts, resolver, siblings, task, definition)
    ir.depend(task, *resolver.upstream)
    step = {
        "kind": "lookup",
        "node": resolver.id,
        "pipeline": pipeline_name,
        "strategy": resolver.strategy,
        "config": resolver.config,
        "classes": resolver.classes,
        "connected": sorted(resolver.connected),
        "wanted": wanted,
    }
    spec["components"][resolver.id] = definition
    args = ["--step", json.dumps(step, sort_keys=True)]
    spec["deploymentSpec"]["executors"][label] = {"container": {"image": image, "args": args}}
    siblings[resolver.id] = task


def _artifact_type(
    spec: ir.Spec, facts: Facts, siblings: ir.Spec, producer: str, key: str, cls: str
) -> ir.Spec:
    if producer in facts.resolvers:
        return {"artifactType": {"instanceSchema": _schema(cls)}}
    outputs = ir.component(spec, siblings[producer])["outputDefinitions"]["artifacts"]
    return {"artifactType": outputs[key]["artifactType"]}


def _schema(cls: str) -> str:
    """Schema of an artifact class that names it as Kubeflow Pipelines records it."""
    return f"title: {recorded_title(cls)}\ntype: object\n"


def _add_destination(
    spec: ir.Spec,
    facts: Facts,
    resolver: ResolverFacts,
    siblings: ir.Spec,
    task: ir.Spec,
    definition: ir.Spec,
) -> None:
    """Tells the step where models are served, and which one is about to be."""
    pusher = _pusher(siblings, facts)
    if pusher is None:
        return
    ir.parameters(task)[DESTINATION] = ir.copied(ir.parameters(pusher)[DESTINATION])
    kind: ir.Spec = {"parameterType": ir.STRING}
    ir.declare(definition, "parameters", "inputDefinitions", DESTINATION, kind)
    candidate = ir.artifacts(pusher).get("model", {}).get("taskOutputArtifact")
    if candidate and not _waits_for(candidate["producerTask"], resolver.id, siblings, facts):
        producer, key = candidate["producerTask"], candidate["outputArtifactKey"]
        ir.artifacts(task)[CANDIDATE] = ir.output_artifact(producer, key)
        kind = _artifact_type(spec, facts, siblings, producer, key, MODEL)
        ir.declare(definition, "artifacts", "inputDefinitions", CANDIDATE, kind)
        ir.depend(task, producer)


def _waits_for(task_id: str, other: str, siblings: ir.Spec, facts: Facts) -> bool:
    """Says whether a task comes after another one."""
    if task_id == other:
        return True
    if task_id in facts.resolvers:
        before = facts.resolvers[task_id].upstream
    else:
        before = tuple(siblings[task_id].get("dependentTasks", ()))
    return any(_waits_for(producer, other, siblings, facts) for producer in before)


def _pusher(siblings: ir.Spec, facts: Facts) -> ir.Spec | None:
    """The task that copies models into a folder, if there is exactly one."""
    found = {}
    for task_id, body in siblings.items():
        value = ir.parameters(body).get(DESTINATION)
        if value is None or task_id not in facts.nodes or not facts.nodes[task_id].pusher:
            continue
        constant = value.get("runtimeValue", {}).get("constant")
        if constant is None or "filesystem" in json.loads(constant):
            found[task_id] = body
    if len(found) > 1:
        raise CompileError(
            ", ".join(sorted(found)),
            "with several push destinations it is unclear which serving model is the baseline",
            "Keep one Pusher in the pipeline.",
        )
    return next(iter(found.values()), None)


def _add_importer(spec: ir.Spec, resolver: ResolverFacts, siblings: ir.Spec, key: str) -> None:
    outer = imported_id(resolver.id, key)
    inner = f"{outer}-importer"
    kind = {"artifactType": {"instanceSchema": _schema(resolver.classes[key])}}
    address = {"parameters": {SOURCE: {"parameterType": ir.STRING}}}
    label = f"{inner}_executor"
    spec["deploymentSpec"]["executors"][label] = {
        "importer": {
            "artifactUri": {"runtimeParameter": SOURCE},
            "typeSchema": kind["artifactType"],
        }
    }
    spec["components"][inner] = {
        "executorLabel": label,
        "inputDefinitions": address,
        "outputDefinitions": {"artifacts": {IMPORTED: kind}},
    }
    spec["components"][outer] = {
        "inputDefinitions": ir.copied(address),
        "outputDefinitions": {"artifacts": {IMPORTED: ir.copied(kind)}},
        "dag": {
            "tasks": {
                inner: {
                    "taskInfo": {"name": inner},
                    "componentRef": {"name": inner},
                    "inputs": {"parameters": {SOURCE: {"componentInputParameter": SOURCE}}},
                }
            },
            "outputs": {
                "artifacts": {
                    IMPORTED: {
                        "artifactSelectors": [
                            {"producerSubtask": inner, "outputArtifactKey": IMPORTED}
                        ]
                    }
                }
            },
        },
    }
    siblings[outer] = {
        "taskInfo": {"name": outer},
        "componentRef": {"name": outer},
        "dependentTasks": [resolver.id],
        "inputs": {"parameters": {SOURCE: ir.output_parameter(resolver.id, key + ADDRESS)}},
    }


def imported_id(resolver_id: str, key: str) -> str:
    """Task that hands on what a resolver found for one of its outputs."""
    return f"{resolver_id}-{key}"


def _connect_consumers(spec: ir.Spec, resolver_id: str) -> None:
    for task in ir.tasks(spec):
        for name, value in list(ir.artifacts(task.body).items()):
            reference = value.get("taskOutputArtifact", {})
            if reference.get("producerTask") != resolver_id:
                continue
            key = reference["outputArtifactKey"]
            imported = imported_id(resolver_id, key)
            ir.artifacts(task.body)[name] = ir.output_artifact(imported, IMPORTED)
            known = ir.output_parameter(resolver_id, key + METADATA)
            ir.parameters(task.body)[name + METADATA_INPUT] = known
            kind = {"parameterType": ir.STRING}
            definition = ir.component(spec, task.body)
            ir.declare(definition, "parameters", "inputDefinitions", name + METADATA_INPUT, kind)
            ir.depend(task.body, imported, resolver_id)
