"""Resolvers: a step that looks up earlier artifacts, and importers that hand them on.

Kubeflow Pipelines refuses TFX's resolver executors. Instead an uncached step asks the resolver's
strategy and puts out each artifact's URI as a parameter; a DAG of one importer makes an artifact
of it, the same one for the same URI, so that its consumers stay cacheable. Where there is none, a
URI that holds nothing is imported, and the consumer's step drops the input.
"""

import copy
import json
from collections.abc import Iterator
from typing import Any

from tfx_kubeflow.compiler import ir
from tfx_kubeflow.compiler.build import MAIN_DAG, SOURCE, artifact_type, attach_condition
from tfx_kubeflow.compiler.context import Context
from tfx_kubeflow.compiler.nodes import ResolverSpec
from tfx_kubeflow.errors import CompileError
from tfx_kubeflow.protocol import (
    BLESSING,
    CANDIDATE,
    DESTINATION,
    METADATA,
    METADATA_INPUT,
    MODEL,
    URI,
    ResolverStep,
)

IMPORTED = "artifact"
SEVERAL = {
    "tfx.dsl.input_resolution.strategies.span_range_strategy.SpanRangeStrategy",
    "tfx.dsl.input_resolution.strategies.latest_artifact_strategy.LatestArtifactStrategy",
}
"""Strategies of TFX that can return several artifacts."""


def resolvers(spec: ir.Spec, context: Context) -> None:
    """Adds the steps and importers of all resolvers, and connects their consumers.

    Raises:
        CompileError: A resolver may return several artifacts, a condition looks at what it finds,
            or the serving model is unclear.
    """
    specs = context.nodes.resolvers
    _refuse_conditions_on_found(context)
    required = {resolver_id: _required(spec, context, resolver_id) for resolver_id in specs}
    for resolver_id, resolver in specs.items():
        _refuse_several(resolver)
        _add_step(spec, context, resolver, required[resolver_id])
    for resolver_id, resolver in specs.items():
        for key in required[resolver_id]:
            _add_importer(spec, resolver, key)
    for resolver_id in specs:
        _connect_consumers(spec, resolver_id)


def _refuse_conditions_on_found(context: Context) -> None:
    for node_id, condition in context.conditions.items():
        for channel in condition.channels:
            if channel.producer_component_id in context.nodes.resolvers:
                raise CompileError(
                    node_id,
                    f"its condition looks at what {channel.producer_component_id} finds, of which "
                    "Kubeflow Pipelines knows the URI only",
                    "Look at it in a component, and put the condition on that one's output.",
                )


def _refuse_several(resolver: ResolverSpec) -> None:
    config: dict[str, Any] = json.loads(resolver.config)
    several = int(config.get("desired_num_of_artifacts") or 1) != 1
    if resolver.strategy in SEVERAL and (several or "range_config" in config):
        raise CompileError(
            resolver.node.id,
            "a resolver on Kubeflow Pipelines hands on one artifact, and this strategy may return "
            "several",
            "Look up the latest artifact only, or let the ExampleGen read the whole window.",
        )


def _required(spec: ir.Spec, context: Context, resolver_id: str) -> dict[str, bool]:
    """Output keys that something consumes -> whether a consumer cannot do without."""
    keys: dict[str, bool] = {}
    for task_id, name, key in _consumers(spec, resolver_id):
        optional = context.nodes.is_optional(task_id, name)
        keys[key] = keys.get(key, False) or not optional
    for other in context.nodes.resolvers.values():
        for producer, key in other.connected.values():
            if producer == resolver_id:
                keys.setdefault(key, False)
    return dict(sorted(keys.items()))


def _consumers(spec: ir.Spec, resolver_id: str) -> Iterator[tuple[str, str, str]]:
    for task in ir.tasks(spec):
        for name, value in ir.artifacts(task.body).items():
            reference = value.get("taskOutputArtifact", {})
            if reference.get("producerTask") == resolver_id:
                yield task.id, name, reference["outputArtifactKey"]


def _node_tasks(spec: ir.Spec) -> ir.Spec:
    """The tasks of the nodes; with an exit handler they stand in a DAG of their own."""
    inside = spec["components"].get(MAIN_DAG)
    tasks: ir.Spec = (inside or spec["root"])["dag"]["tasks"]
    return tasks


def _add_step(
    spec: ir.Spec, context: Context, resolver: ResolverSpec, required: dict[str, bool]
) -> None:
    resolver_id = resolver.node.id
    label = f"{resolver_id}_executor"
    definition: ir.Spec = {"executorLabel": label}
    task: ir.Spec = {"taskInfo": {"name": resolver_id}, "componentRef": {"name": resolver_id}}
    for key, (producer, output) in resolver.connected.items():
        _add_artifact(task, definition, key, producer, output, resolver.node.raw_inputs[key].type)
    for key in required:
        for suffix in (URI, METADATA):
            kind = {"parameterType": ir.STRING}
            ir.declare(definition, "parameters", "outputDefinitions", key + suffix, kind)
    if {MODEL, BLESSING} <= set(resolver.classes.values()):
        _add_destination(spec, context, resolver_id, task, definition)
    if resolver_id in context.conditions:
        attach_condition(task, definition, context.conditions[resolver_id])
    ir.depend(task, *(upstream.id for upstream in resolver.node.upstream_nodes))
    step = ResolverStep(
        node=resolver_id,
        pipeline=context.pipeline_name,
        strategy=resolver.strategy,
        config=resolver.config,
        classes=resolver.classes,
        connected=tuple(sorted(resolver.connected)),
        required=required,
    )
    owner = context.owner(resolver_id)
    ir.add_component(spec, resolver_id, definition, f"the driver step of {owner}")
    container = {"image": context.settings.image, "step": step}
    spec["deploymentSpec"]["executors"][label] = {"container": container}
    _node_tasks(spec)[resolver_id] = task


def _add_artifact(
    task: ir.Spec, definition: ir.Spec, name: str, producer: str, key: str, cls: type
) -> None:
    ir.artifacts(task)[name] = ir.output_artifact(producer, key)
    ir.declare(definition, "artifacts", "inputDefinitions", name, artifact_type(cls))
    ir.depend(task, producer)


def _add_destination(
    spec: ir.Spec, context: Context, resolver_id: str, task: ir.Spec, definition: ir.Spec
) -> None:
    """Passes the step where models are served, and which one is about to be."""
    siblings = _node_tasks(spec)
    pusher_id = _pusher(siblings, context)
    if pusher_id is None:
        return
    pusher = siblings[pusher_id]
    source = copy.deepcopy(ir.parameters(pusher)[DESTINATION])
    ir.add_parameter(task, definition, DESTINATION, ir.STRING, source)
    candidate = ir.artifacts(pusher).get("model", {}).get("taskOutputArtifact")
    if candidate and not _waits_for(candidate["producerTask"], resolver_id, siblings, context):
        producer, key = candidate["producerTask"], candidate["outputArtifactKey"]
        cls = context.nodes.components[pusher_id].inputs["model"].type
        _add_artifact(task, definition, CANDIDATE, producer, key, cls)


def _waits_for(task_id: str, other: str, siblings: ir.Spec, context: Context) -> bool:
    """Says whether a task comes after another one."""
    seen, waiting = set(), [task_id]
    while waiting:
        current = waiting.pop()
        if current == other:
            return True
        if current in seen:
            continue
        seen.add(current)
        if current in context.nodes.resolvers:
            upstream = context.nodes.resolvers[current].node.upstream_nodes
            waiting += [node.id for node in upstream]
        else:
            waiting += siblings[current].get("dependentTasks", ())
    return False


def _pusher(siblings: ir.Spec, context: Context) -> str | None:
    """The task that copies models into a folder, if there is exactly one."""
    found = []
    for task_id in sorted(context.nodes.pushers):
        value = ir.parameters(siblings[task_id]).get(DESTINATION)
        if value is None:
            continue
        constant = value.get("runtimeValue", {}).get("constant")
        if constant is None or "filesystem" in json.loads(constant):
            found.append(task_id)
    if len(found) > 1:
        raise CompileError(
            ", ".join(found),
            "with several push destinations it is unclear which serving model is the baseline",
            "Keep one Pusher in the pipeline.",
        )
    return next(iter(found), None)


def _add_importer(spec: ir.Spec, resolver: ResolverSpec, key: str) -> None:
    resolver_id = resolver.node.id
    outer = imported_id(resolver_id, key)
    inner = f"{outer}-importer"
    kind = artifact_type(resolver.node.outputs[key].type)
    uri = {"parameters": {SOURCE: {"parameterType": ir.STRING}}}
    label = f"{inner}_executor"
    spec["deploymentSpec"]["executors"][label] = {
        "importer": {
            "artifactUri": {"runtimeParameter": SOURCE},
            "typeSchema": kind["artifactType"],
        }
    }
    definition = {
        "executorLabel": label,
        "inputDefinitions": uri,
        "outputDefinitions": {"artifacts": {IMPORTED: kind}},
    }
    purpose = f"the importer of what {resolver_id} finds as {key!r}"
    ir.add_component(spec, inner, definition, purpose)
    selectors = [{"producerSubtask": inner, "outputArtifactKey": IMPORTED}]
    importer = {
        "taskInfo": {"name": inner},
        "componentRef": {"name": inner},
        "inputs": {"parameters": {SOURCE: {"componentInputParameter": SOURCE}}},
    }
    dag = {
        "tasks": {inner: importer},
        "outputs": {"artifacts": {IMPORTED: {"artifactSelectors": selectors}}},
    }
    definition = {
        "inputDefinitions": copy.deepcopy(uri),
        "outputDefinitions": {"artifacts": {IMPORTED: copy.deepcopy(kind)}},
        "dag": dag,
    }
    ir.add_component(spec, outer, definition, purpose)
    _node_tasks(spec)[outer] = {
        "taskInfo": {"name": outer},
        "componentRef": {"name": outer},
        "dependentTasks": [resolver_id],
        "inputs": {"parameters": {SOURCE: ir.output_parameter(resolver_id, key + URI)}},
    }


def imported_id(resolver_id: str, key: str) -> str:
    """Task that hands on what a resolver found for one of its outputs."""
    return f"{resolver_id}-{key}"


def _connect_consumers(spec: ir.Spec, resolver_id: str) -> None:
    for task_id, name, key in list(_consumers(spec, resolver_id)):
        task = ir.task(spec, task_id)
        imported = imported_id(resolver_id, key)
        ir.artifacts(task.body)[name] = ir.output_artifact(imported, IMPORTED)
        ir.add_parameter(
            task.body,
            ir.component(spec, task.body),
            name + METADATA_INPUT,
            ir.STRING,
            ir.output_parameter(resolver_id, key + METADATA),
        )
        ir.depend(task.body, imported, resolver_id)
