"""A pipeline's nodes, checked: what runs on Kubeflow Pipelines, and what their steps must know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tfx.components import FileBasedExampleGen, InfraValidator, Pusher
from tfx.dsl.component.experimental.executor_specs import TemplatedExecutorContainerSpec
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.dsl.components.common.importer import Importer
from tfx.dsl.components.common.resolver import RESOLVER_CONFIG, RESOLVER_STRATEGY_CLASS, Resolver
from tfx.types.channel import BaseChannel, Channel
from tfx.utils import deprecation_utils, json_utils, name_utils

from tfx_kubeflow.compiler.options import check_options
from tfx_kubeflow.errors import CompileError
from tfx_kubeflow.protocol import MODULE_FILE, Classes

USER_FUNCTIONS = ("preprocessing_fn", "run_fn", "tuner_fn")


@dataclass(frozen=True)
class ResolverSpec:
    """A Resolver, which becomes a step that looks up earlier artifacts.

    Attributes:
        node: The resolver.
        strategy: Import path of its strategy.
        config: The strategy's arguments, in TFX's JSON form.
        connected: Inputs made in the same run: key -> (producer, its output key).
        classes: Artifact class of every input, connected or not.
    """

    node: Resolver
    strategy: str
    config: str
    connected: dict[str, tuple[str, str]]
    classes: Classes


@dataclass(frozen=True)
class Nodes:
    """All nodes of a pipeline, by id, in topological order.

    Attributes:
        components: Components, the exit handler among them.
        resolvers: Resolvers.
        importers: Importers.
        exit_handler: Id of the component that runs after all others; None: there is none.
    """

    components: dict[str, BaseComponent] = field(default_factory=dict)
    resolvers: dict[str, ResolverSpec] = field(default_factory=dict)
    importers: dict[str, Importer] = field(default_factory=dict)
    exit_handler: str | None = None

    @property
    def ids(self) -> list[str]:
        """All ids, sorted."""
        return sorted({*self.components, *self.resolvers, *self.importers})

    @property
    def example_gens(self) -> set[str]:
        """Ids of the ExampleGens whose driver looks at files."""
        return self._of(FileBasedExampleGen)

    @property
    def pushers(self) -> set[str]:
        """Ids of the components that push a model."""
        return self._of(Pusher)

    def _of(self, cls: type[BaseComponent]) -> set[str]:
        return {node_id for node_id, node in self.components.items() if isinstance(node, cls)}

    def is_optional(self, node_id: str, key: str) -> bool:
        """Says whether a component can do without one of its inputs."""
        node = self.components.get(node_id)
        return node is not None and key in node.inputs and node.spec.is_optional_input(key)


def gather(nodes: Iterable[object], exit_handler: BaseComponent | None = None) -> Nodes:
    """Looks at every node of a pipeline.

    Args:
        nodes: The nodes in topological order.
        exit_handler: What runs after them.

    Returns:
        The nodes by id.

    Raises:
        CompileError: A node is of a kind that does not run on Kubeflow Pipelines.
    """
    found = Nodes(exit_handler=exit_handler.id if exit_handler else None)
    for node in nodes:
        _refuse_unsupported(node)
        check_options(node)
        if isinstance(node, Resolver):
            found.resolvers[node.id] = _resolver(node)
        elif isinstance(node, Importer):
            found.importers[node.id] = node
        elif isinstance(node, BaseComponent):
            check_functions(node)
            found.components[node.id] = node
    if not (found.components or found.resolvers or found.importers):
        raise CompileError("pipeline", "it has no node", "Give it at least one component.")
    for node in [*found.components.values(), *found.importers.values()]:
        _refuse_strangers(node, found)
    for resolver in found.resolvers.values():
        _refuse_strangers(resolver.node, found)
    if exit_handler is not None:
        _refuse_exit_handler(exit_handler, found)
        check_options(exit_handler)
        found.components[exit_handler.id] = exit_handler
    return found


def _refuse_unsupported(node: object) -> None:
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
    inputs: Mapping[str, BaseChannel] = (
        node.raw_inputs if isinstance(node, Resolver) else node.inputs
    )
    for key, channel in inputs.items():
        if not isinstance(channel, Channel):
            raise CompileError(
                node.id,
                f"input {key!r} is a {type(channel).__name__}; Kubeflow Pipelines takes the "
                "output of one node",
                "Connect it to one output; unions, loops and other pipelines' outputs do not run.",
            )


def _refuse_strangers(node: BaseNode, nodes: Nodes) -> None:
    """Refuses what would be lost: neighbours and artifacts from outside the pipeline."""
    neighbours = {other.id for other in (*node.upstream_nodes, *node.downstream_nodes)}
    missing = sorted(neighbours - set(nodes.ids))
    if missing:
        raise CompileError(
            node.id,
            f"it is connected to {', '.join(missing)}, which the pipeline does not have",
            "Add the node to the pipeline's components, or take the connection away.",
        )
    for key, channel in node.outputs.items():
        if getattr(channel, "_predefined_artifact_uris", None):
            raise CompileError(
                node.id,
                f"output {key!r} has URIs of its own, and Kubeflow Pipelines chooses them",
                "Take `set_external` away; import existing artifacts with an Importer.",
            )


def _refuse_exit_handler(node: BaseComponent, nodes: Nodes) -> None:
    if not isinstance(node, BaseComponent):
        raise CompileError(
            getattr(node, "id", type(node).__name__),
            "an exit handler is a component",
            "Pass a component to set_exit_handler.",
        )
    if node.id in nodes.ids:
        raise CompileError(
            node.id,
            "it is both a node and the exit handler",
            "Give one another id with .with_id().",
        )
    if node.inputs:
        raise CompileError(
            node.id,
            "an exit handler takes no artifacts: they may not exist when it runs",
            "Give it parameters only.",
        )


def check_functions(node: BaseComponent) -> None:
    """Refuses functions of the user's that no pod could import.

    Raises:
        CompileError: A function has no module, and there is no module file.
    """
    for name in USER_FUNCTIONS:
        given = node.exec_properties.get(name)
        module = node.exec_properties.get(MODULE_FILE)
        if isinstance(given, str) and "." not in given and not module:
            raise CompileError(
                node.id,
                f"{name} {given!r} names no module",
                f"Write {name}='package.module.{given}', or give the module_file as well.",
            )


def is_container(node: BaseComponent) -> bool:
    """Says whether a container runs instead of an executor of Python's."""
    return isinstance(node.executor_spec, TemplatedExecutorContainerSpec)


def executor_class(node: BaseComponent) -> str:
    """Returns the import path of a component's executor.

    Raises:
        CompileError: It is no Python class, or none that a pod can import.
    """
    executor = node.executor_spec
    if not isinstance(executor, ExecutorClassSpec):
        raise CompileError(
            node.id,
            f"an executor of kind {type(executor).__name__} does not run on Kubeflow Pipelines",
            "Give the component a Python executor class or a container.",
        )
    return import_path(node.id, executor.executor_class)


def artifact_classes(node_id: str, channels: Mapping[str, BaseChannel]) -> Classes:
    """Returns the import paths of the artifact classes of inputs or outputs."""
    return {key: import_path(node_id, channel.type) for key, channel in channels.items()}


def import_path(node_id: str, cls: type) -> str:
    """Returns the import path of a class that the pod can import, too.

    Raises:
        CompileError: There is none.
    """
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


def _resolver(node: Resolver) -> ResolverSpec:
    strategy = node.exec_properties.get(RESOLVER_STRATEGY_CLASS)
    if strategy is None:
        raise CompileError(
            node.id,
            "a resolver function does not run on Kubeflow Pipelines",
            "Use a ResolverStrategy class.",
        )
    channels = node.raw_inputs
    return ResolverSpec(
        node=node,
        # TFX's examples still use deprecated aliases, which have no import path of their own.
        strategy=import_path(node.id, deprecation_utils.get_first_nondeprecated_class(strategy)),
        config=json_utils.dumps(node.exec_properties[RESOLVER_CONFIG]),
        connected={
            key: (channel.producer_component_id, channel.output_key)
            for key, channel in channels.items()
            if channel.producer_component_id and channel.output_key
        },
        classes=artifact_classes(node.id, channels),
    )
