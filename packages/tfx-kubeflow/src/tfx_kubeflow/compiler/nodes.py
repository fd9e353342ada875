"""What the passes must know of a pipeline's nodes and TFX's V2 IR does not say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import message
from tfx.components import FileBasedExampleGen, InfraValidator, Pusher
from tfx.dsl.component.experimental.executor_specs import TemplatedExecutorContainerSpec
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.dsl.components.common.importer import Importer
from tfx.dsl.components.common.resolver import RESOLVER_CONFIG, RESOLVER_STRATEGY_CLASS, Resolver
from tfx.dsl.placeholder.placeholder import Placeholder
from tfx.orchestration.data_types import RuntimeParameter
from tfx.orchestration.kubeflow.decorators import FinalStatusStr
from tfx.types.channel import BaseChannel, Channel
from tfx.utils import deprecation_utils, json_utils, name_utils

from tfx_kubeflow.errors import CompileError

Classes = dict[str, str]
"""Key of an input or output -> import path of its artifact class."""


@dataclass(frozen=True)
class NodeFacts:
    """A component, as its step in the pod needs to know it.

    Attributes:
        id: The node's id.
        executor: Import path of the executor's class; empty where a container runs instead.
        inputs: Its input artifacts (those of conditions are not among them).
        outputs: Its output artifacts.
        optional: Inputs that may be absent.
        parameters: Execution parameter -> how its value is turned back into the executor's own:
            int, float, str, bool, json, or message:<import path>.
        flags: The executor's own flags, which TFX's V2 compiler drops.
        example_gen: TFX's file-based driver resolves its span and fingerprint.
        pusher: It pushes a model.
    """

    id: str
    executor: str
    inputs: Classes
    outputs: Classes
    optional: frozenset[str]
    parameters: dict[str, str]
    flags: tuple[str, ...] = ()
    example_gen: bool = False
    pusher: bool = False


@dataclass(frozen=True)
class ResolverFacts:
    """A Resolver, which becomes a step that looks up earlier artifacts.

    Attributes:
        id: The node's id.
        strategy: Import path of its strategy.
        config: The strategy's arguments, in TFX's JSON form.
        connected: Inputs made in the same run: key -> (producer, its output key).
        classes: Artifact class of every input, connected or not.
        upstream: Nodes it waits for.
    """

    id: str
    strategy: str
    config: str
    connected: dict[str, tuple[str, str]]
    classes: Classes
    upstream: tuple[str, ...]


@dataclass(frozen=True)
class Facts:
    """All nodes of a pipeline.

    Attributes:
        nodes: Components by id, the exit handler among them.
        resolvers: Resolvers by id, in topological order.
        runtime_parameters: Defaults by name; None where a run must give the value.
    """

    nodes: dict[str, NodeFacts] = field(default_factory=dict)
    resolvers: dict[str, ResolverFacts] = field(default_factory=dict)
    runtime_parameters: dict[str, Any] = field(default_factory=dict)


def gather(nodes: Iterable[Any]) -> Facts:
    """Looks at every node of a pipeline.

    Args:
        nodes: The nodes in topological order, and the exit handler if there is one.

    Returns:
        The facts.

    Raises:
        CompileError: A node is of a kind that does not run on Kubeflow Pipelines.
    """
    facts = Facts()
    for node in nodes:
        _refuse_unsupported(node)
        if isinstance(node, Resolver):
            facts.resolvers[node.id] = _resolver(node)
        elif isinstance(node, BaseComponent):
            facts.nodes[node.id] = _component(node)
        for value in node.exec_properties.values():
            if isinstance(value, RuntimeParameter):
                facts.runtime_parameters[value.name] = value.default
    return facts


def _refuse_unsupported(node: Any) -> None:
    if not isinstance(node, BaseNode) or not isinstance(node, BaseComponent | Resolver | Importer):
        raise CompileError(
            getattr(node, "id", type(node).__name__),
            f"a {type(node).__name__} inside a pipeline does not run on Kubeflow Pipelines",
            "Put its nodes into this pipeline, or run it as a pipeline of its own.",
        )
    if isinstance(node, InfraValidator):
        raise CompileError(
            node.id,
            "InfraValidator starts a container of its own, which no step may",
            "Check the model in a component that loads it, as an infra_blessing for the Pusher.",
        )
    inputs = node.raw_inputs if isinstance(node, Resolver) else node.inputs
    for key, channel in inputs.items():
        if not isinstance(channel, Channel):
            raise CompileError(
                node.id,
                f"input {key!r} is a {type(channel).__name__}; Kubeflow Pipelines takes the "
                "output of one node",
                "Connect it to one output; unions, loops and other pipelines' outputs do not run.",
            )


def _component(node: BaseComponent) -> NodeFacts:
    spec = type(node).SPEC_CLASS
    return NodeFacts(
        id=node.id,
        executor=_executor(node),
        inputs=_classes(node.id, node.inputs),
        outputs=_classes(node.id, node.outputs),
        optional=frozenset(key for key in node.inputs if spec.is_optional_input(key)),
        parameters={
            name: _kind(spec, name, value)
            for name, value in node.exec_properties.items()
            if value is not None
        },
        flags=tuple(getattr(node.executor_spec, "extra_flags", ())),
        example_gen=isinstance(node, FileBasedExampleGen),
        pusher=isinstance(node, Pusher),
    )


def _executor(node: BaseComponent) -> str:
    executor = node.executor_spec
    if isinstance(executor, TemplatedExecutorContainerSpec):
        return ""
    if not isinstance(executor, ExecutorClassSpec):
        raise CompileError(
            node.id,
            f"an executor of kind {type(executor).__name__} does not run on Kubeflow Pipelines",
            "Give the component a Python executor class or a container.",
        )
    return _import_path(node.id, executor.executor_class)


def _classes(node_id: str, channels: dict[str, BaseChannel]) -> Classes:
    return {key: _import_path(node_id, channel.type) for key, channel in channels.items()}


def _import_path(node_id: str, cls: type) -> str:
    """Import path of a class that the pod can import, too."""
    if cls.__module__ == "__main__":
        raise CompileError(
            node_id,
            f"{cls.__name__} is defined in the file that is run, which no pod has",
            "Move it into a module that is installed in the image.",
        )
    try:
        return str(name_utils.get_full_name(cls))
    except ValueError as error:
        raise CompileError(
            node_id,
            f"{cls.__module__}.{cls.__qualname__} cannot be imported by name",
            "Define it at the top level of a module that is installed in the image.",
        ) from error


def _kind(spec: Any, name: str, value: Any) -> str:
    """How the text or number that arrives in the pod becomes the executor's value again."""
    if isinstance(value, RuntimeParameter):
        value = value.ptype()
    if isinstance(value, FinalStatusStr):
        return "status"
    if isinstance(value, Placeholder):
        declared = spec.PARAMETERS[name].type
        return declared.__name__ if declared in (int, float, str, bool) else "str"
    for kind in (bool, int, float, str):  # bool first: it is an int as well
        if isinstance(value, kind):
            return kind.__name__
    if isinstance(value, message.Message):
        return f"message:{name_utils.get_full_name(type(value), strict_check=False)}"
    return "json"


def _resolver(node: Resolver) -> ResolverFacts:
    strategy = node.exec_properties.get(RESOLVER_STRATEGY_CLASS)
    if strategy is None:
        raise CompileError(
            node.id,
            "a resolver function does not run on Kubeflow Pipelines",
            "Use a ResolverStrategy class.",
        )
    channels = node.raw_inputs
    return ResolverFacts(
        id=node.id,
        # TFX's examples still use deprecated aliases, which have no import path of their own.
        strategy=_import_path(node.id, deprecation_utils.get_first_nondeprecated_class(strategy)),
        config=json_utils.dumps(node.exec_properties[RESOLVER_CONFIG]),
        connected={
            key: (channel.producer_component_id, channel.output_key)
            for key, channel in channels.items()
            if channel.producer_component_id and channel.output_key
        },
        classes=_classes(node.id, channels),
        upstream=tuple(sorted(upstream.id for upstream in node.upstream_nodes)),
    )
