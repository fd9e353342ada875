"""From a pipeline's nodes to KFP's intermediate form: a component, an executor and a task each.

TFX's own V2 builder does the same for Vertex AI. What open-source Kubeflow Pipelines takes differs
in so much of it that this builds its form at once (docs/decisions/0013-own-builder.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml
from tfx.components.example_gen.utils import SPAN_PROPERTY_NAME
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.dsl.components.common.importer import (
    REIMPORT_OPTION_KEY,
    SOURCE_URI_KEY,
    Importer,
)
from tfx.dsl.placeholder.placeholder import Placeholder
from tfx.orchestration.data_types import RuntimeParameter
from tfx.orchestration.pipeline import Pipeline
from tfx.types.artifact import CUSTOM_PROPERTIES_PREFIX, Artifact, PropertyType
from tfx.types.channel import BaseChannel, OutputChannel
from tfx.types.standard_component_specs import EXAMPLES_KEY

from tfx_kubeflow.compiler import containers, ir
from tfx_kubeflow.compiler.conditions import Condition
from tfx_kubeflow.compiler.nodes import Nodes, artifact_classes, executor_class, is_container
from tfx_kubeflow.compiler.options import query_span
from tfx_kubeflow.compiler.parameters import (
    Parameter,
    component_input,
    looks_at_outputs,
    parameter,
    simple_channel,
    value_type,
)
from tfx_kubeflow.compiler.runtime_parameters import RuntimeParameters
from tfx_kubeflow.errors import CompileError
from tfx_kubeflow.metadata.artifacts import title
from tfx_kubeflow.protocol import (
    RUNTIME_PARAMETER,
    VALUE,
    ExecutorStep,
    changes,
    is_reserved,
    is_template,
)

SCHEMA_VERSION = "2.1.0"
"""KFP's API server refuses older ones."""
MAIN_DAG = "tfx-dag"
"""Holds all nodes but the exit handler, where there is one; the name that TFX gives it."""
PROPERTY_TYPES = {PropertyType.INT: "int", PropertyType.STRING: "string"}
SOURCE = "uri"
"""Name of an importer's parameter."""

Outputs = set[tuple[str, str]]
"""Outputs whose value is a parameter, too: (node, key)."""


def build(
    pipeline: Pipeline, nodes: Nodes, conditions: Mapping[str, Condition], image: str
) -> ir.Spec:
    """Builds the intermediate form of everything but the resolvers, which a pass adds.

    Args:
        pipeline: The pipeline, finalized.
        nodes: Its nodes, checked.
        conditions: Conditions by node, where there is one.
        image: Container image of the steps.

    Returns:
        A PipelineSpec whose containers hold their step as an object, under "step".

    Raises:
        CompileError: Something that Kubeflow Pipelines cannot run.
    """
    return _Builder(pipeline, nodes, conditions, image).spec()


class _Builder:
    def __init__(
        self, pipeline: Pipeline, nodes: Nodes, conditions: Mapping[str, Condition], image: str
    ) -> None:
        self._pipeline = pipeline
        self._nodes = nodes
        self._image = image
        self._components: ir.Spec = {}
        self._executors: ir.Spec = {}
        self._runtime = RuntimeParameters()
        self._conditions = conditions
        self._values = self._outputs_taken_as_values()

    def spec(self) -> ir.Spec:
        tasks = {
            node.id: self._task(node)
            for node in self._pipeline.components
            if node.id not in self._nodes.resolvers
        }
        root: ir.Spec = {"dag": {"tasks": tasks}}
        if self._nodes.exit_handler:
            root = self._with_exit_handler(tasks, self._nodes.exit_handler)
        if self._runtime.declared:
            root["inputDefinitions"] = {"parameters": self._runtime.declared}
        return {
            "pipelineInfo": {"name": self._pipeline.pipeline_info.pipeline_name},
            "schemaVersion": SCHEMA_VERSION,
            "root": root,
            "components": self._components,
            "deploymentSpec": {"executors": self._executors},
        }

    def _outputs_taken_as_values(self) -> Outputs:
        found: Outputs = set()
        for node in self._pipeline.components:
            channels = [
                simple_channel(f"{node.id}: parameter {name!r}", value)
                for name, value in node.exec_properties.items()
                if isinstance(value, Placeholder) and looks_at_outputs(value)
            ]
            known = self._conditions.get(node.id)
            channels += known.parameters.values() if known else ()
            for channel in channels:
                self._check_producer(node.id, channel)
                found.add((channel.producer_component_id, channel.output_key))
        return found

    def _check_producer(self, node_id: str, channel: BaseChannel) -> None:
        producer = channel.producer_component_id
        if producer in self._nodes.components:
            return
        raise CompileError(
            node_id,
            f"it takes the value that {producer} hands on, which Kubeflow Pipelines knows as a "
            "file only",
            "Give it the artifact as an input, and read its value there.",
        )

    def _task(self, node: BaseNode) -> ir.Spec:
        if isinstance(node, Importer):
            return self._importer(node)
        return self._component(node)

    def _component(self, node: BaseComponent, exit_handler: bool = False) -> ir.Spec:
        task = _named(node.id)
        definition: ir.Spec = {"executorLabel": _label(node.id)}
        self._components[node.id] = definition
        for key, channel in node.inputs.items():
            self._add_input(node.id, task, definition, key, channel)
        parameters = {
            name: parameter(node, name, value)
            for name, value in node.exec_properties.items()
            if value is not None
        }
        for name, given in parameters.items():
            self._add_parameter(node.id, task, definition, name, given, exit_handler)
        self._add_outputs(node, definition)
        self._add_condition(node.id, task, definition)
        producers = {upstream.id for upstream in node.upstream_nodes}
        ir.depend(task, *producers)
        if self._pipeline.enable_cache and not exit_handler:
            task["cachingOptions"] = {"enableCache": True}
        self._executors[_label(node.id)] = {"container": self._container(node, parameters)}
        return task

    def _add_input(
        self, node_id: str, task: ir.Spec, definition: ir.Spec, key: str, channel: BaseChannel
    ) -> None:
        producer = channel.producer_component_id
        if not producer or not channel.output_key or producer not in self._nodes.ids:
            raise CompileError(
                node_id,
                f"no node of the pipeline makes its input {key!r}",
                "Connect it to the output of a node, or look it up with a Resolver.",
            )
        ir.artifacts(task)[key] = ir.output_artifact(producer, channel.output_key)
        ir.declare(definition, "artifacts", "inputDefinitions", key, artifact_type(channel.type))

    def _add_parameter(
        self,
        node_id: str,
        task: ir.Spec,
        definition: ir.Spec,
        name: str,
        given: Parameter,
        exit_handler: bool,
    ) -> None:
        if is_reserved(name):
            raise CompileError(
                f"{node_id}: parameter {name!r}",
                "steps keep parameters of that name for themselves",
                "Give it another name.",
            )
        if given.kind == "status" and not exit_handler:
            raise CompileError(
                f"{node_id}: parameter {name!r}",
                "only an exit handler is passed the final status",
                "Pass the component to set_exit_handler.",
            )
        producer = given.source.get("taskOutputParameter", {}).get("producerTask")
        if producer and exit_handler:
            raise CompileError(
                f"{node_id}: parameter {name!r}",
                "an exit handler takes no value of another node: it may not exist when it runs",
                "Give it a constant or a runtime parameter.",
            )
        source = {"taskFinalStatus": {"producerTask": MAIN_DAG}} if given.kind == "status" else None
        ir.add_parameter(task, definition, name, given.type, source or given.source)
        if producer:
            ir.depend(task, producer)
        for item in given.runtime:
            self._runtime.declare(item)
            if given.source != component_input(item.name):
                hidden = RUNTIME_PARAMETER + item.name
                kind = self._runtime.declared[item.name]["parameterType"]
                ir.add_parameter(task, definition, hidden, kind, component_input(item.name))

    def _add_outputs(self, node: BaseComponent, definition: ir.Spec) -> None:
        for key, channel in node.outputs.items():
            kind = artifact_type(channel.type)
            metadata = _additional_properties(node.id, channel)
            span = query_span(node) if key == EXAMPLES_KEY else None
            if span is not None:
                metadata[CUSTOM_PROPERTIES_PREFIX + SPAN_PROPERTY_NAME] = span
            if metadata:
                kind["metadata"] = metadata
            ir.declare(definition, "artifacts", "outputDefinitions", key, kind)
            if (node.id, key) in self._values:
                value = {"parameterType": value_type(f"{node.id}: output {key!r}", channel)}
                ir.declare(definition, "parameters", "outputDefinitions", key + VALUE, value)

    def _add_condition(self, node_id: str, task: ir.Spec, definition: ir.Spec) -> None:
        found = self._conditions.get(node_id)
        if found is not None:
            attach_condition(task, definition, found)

    def _container(self, node: BaseComponent, parameters: Mapping[str, Parameter]) -> ir.Spec:
        resources = containers.platform_resources(node)
        if is_container(node):
            return containers.container(node, parameters) | resources
        step = ExecutorStep(
            node=node.id,
            executor=executor_class(node),
            inputs=artifact_classes(node.id, node.inputs),
            outputs=artifact_classes(node.id, node.outputs),
            parameters={name: given.kind for name, given in parameters.items()},
            escaped=tuple(sorted(name for name, given in parameters.items() if given.escaped)),
            flags=tuple(getattr(node.executor_spec, "extra_flags", ())),
            example_gen=node.id in self._nodes.example_gens,
            pusher=node.id in self._nodes.pushers,
        )
        return {"image": self._image, "args": self._beam_args(node), "step": step} | resources

    def _beam_args(self, node: BaseComponent) -> list[str]:
        own = isinstance(node.executor_spec, BeamExecutorSpec)
        given = node.executor_spec.beam_pipeline_args if own else self._pipeline.beam_pipeline_args
        for argument in given or ():
            if not isinstance(argument, str):
                raise CompileError(
                    node.id,
                    f"one of Beam's arguments is a {type(argument).__name__} and no text",
                    "Kubeflow Pipelines knows no placeholders there; write it out.",
                )
            if is_template(argument):
                raise CompileError(
                    node.id,
                    f"Argo or KFP's database would change Beam's argument {argument!r}",
                    "Write it without double braces and characters beyond U+FFFF.",
                )
        return list(given or ())

    def _importer(self, node: Importer) -> ir.Spec:
        task = _named(node.id)
        definition: ir.Spec = {"executorLabel": _label(node.id)}
        self._components[node.id] = definition
        ((key, channel),) = node.outputs.items()
        kind = artifact_type(channel.type)
        ir.declare(definition, "artifacts", "outputDefinitions", key, kind)
        executor: ir.Spec = {"typeSchema": kind["artifactType"]}
        source = node.exec_properties[SOURCE_URI_KEY]
        if not isinstance(source, str | RuntimeParameter) or changes(str(source)):
            raise CompileError(
                node.id,
                "its source_uri is neither a URI nor a runtime parameter",
                "Give it one; what another node computes cannot be imported.",
            )
        if isinstance(source, RuntimeParameter):
            self._runtime.declare(source)
            ir.add_parameter(task, definition, SOURCE, ir.STRING, component_input(source.name))
            executor["artifactUri"] = {"runtimeParameter": SOURCE}
        else:
            executor["artifactUri"] = {"constant": source}
        if node.exec_properties[REIMPORT_OPTION_KEY]:
            executor["reimport"] = True
        metadata = _additional_properties(node.id, channel)
        if metadata:
            executor["metadata"] = metadata
        self._add_condition(node.id, task, definition)
        ir.depend(task, *(upstream.id for upstream in node.upstream_nodes))
        self._executors[_label(node.id)] = {"importer": executor}
        return task

    def _with_exit_handler(self, tasks: ir.Spec, handler_id: str) -> ir.Spec:
        if MAIN_DAG in self._nodes.ids:
            raise CompileError(
                MAIN_DAG,
                "beside an exit handler, all other nodes stand in a DAG of that name",
                "Give the node another id with .with_id().",
            )
        handler = self._component(self._nodes.components[handler_id], exit_handler=True)
        handler["triggerPolicy"] = {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"}
        ir.depend(handler, MAIN_DAG)
        self._components[MAIN_DAG] = {"dag": {"tasks": tasks}}
        return {"dag": {"tasks": {MAIN_DAG: _named(MAIN_DAG), handler_id: handler}}}


def attach_condition(task: ir.Spec, definition: ir.Spec, found: Condition) -> None:
    """Gives a task its condition and the inputs that it looks at."""
    task["triggerPolicy"] = {"condition": found.cel}
    for name, channel in found.artifacts.items():
        producer, key = str(channel.producer_component_id), str(channel.output_key)
        ir.artifacts(task)[name] = ir.output_artifact(producer, key)
        kind = artifact_type(channel.type)
        ir.declare(definition, "artifacts", "inputDefinitions", name, kind)
        ir.depend(task, producer)
    for name, channel in found.parameters.items():
        producer, key = str(channel.producer_component_id), str(channel.output_key)
        kind_of_value = value_type(name, channel)
        source = ir.output_parameter(producer, key + VALUE)
        ir.add_parameter(task, definition, name, kind_of_value, source)
        ir.depend(task, producer)


def artifact_type(cls: type[Artifact]) -> ir.Spec:
    """Returns how KFP describes an artifact class; its import path travels in the steps."""
    properties = {
        name: {"type": PROPERTY_TYPES.get(kind.type, "double")}
        for name, kind in (cls.PROPERTIES or {}).items()
    }
    schema: dict[str, Any] = {"title": title(cls), "type": "object"}
    if properties:
        schema["properties"] = properties
    return {"artifactType": {"instanceSchema": yaml.safe_dump(schema, sort_keys=False)}}


def _additional_properties(node_id: str, channel: OutputChannel) -> dict[str, Any]:
    """Properties that the pipeline's author gives an output."""
    custom = channel.additional_custom_properties or {}
    taken = sorted(custom.keys() & (channel.type.PROPERTIES or {}).keys())
    if taken:
        raise CompileError(
            node_id,
            f"custom property {taken[0]!r} of its output has the name of a property of "
            f"{channel.type.TYPE_NAME}",
            "Give the custom property another name.",
        )
    found = {**(channel.additional_properties or {}), **custom}
    for name, value in found.items():
        if not isinstance(value, bool | int | float | str) or changes(str(value)):
            raise CompileError(
                node_id,
                f"property {name!r} of its output is neither number nor plain text",
                "Give it a number, or a text without double braces, $$, $( and characters beyond "
                "U+FFFF.",
            )
    return found


def _named(node_id: str) -> ir.Spec:
    return {"taskInfo": {"name": node_id}, "componentRef": {"name": node_id}}


def _label(node_id: str) -> str:
    return f"{node_id}_executor"
