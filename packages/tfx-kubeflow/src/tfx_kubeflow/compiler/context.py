"""What every pass may look at."""

from collections.abc import Mapping
from dataclasses import dataclass

from tfx_kubeflow.compiler.conditions import Condition
from tfx_kubeflow.compiler.nodes import Nodes
from tfx_kubeflow.compiler.options import execution_retries
from tfx_kubeflow.settings import KubeflowSettings, NodeSettings

DRIVER_SUFFIX = "-span"
"""Ends the id of the step that resolves what an ExampleGen will read."""


@dataclass(frozen=True)
class Context:
    """A pipeline and the settings that it is compiled with.

    Attributes:
        pipeline_name: Its name.
        nodes: Its nodes.
        conditions: Conditions by node, where there is one.
        settings: Image, root, and what pods ask for.
    """

    pipeline_name: str
    nodes: Nodes
    conditions: Mapping[str, Condition]
    settings: KubeflowSettings

    @property
    def drivers(self) -> dict[str, str]:
        """ExampleGens' driver steps -> the ExampleGen."""
        return {node_id + DRIVER_SUFFIX: node_id for node_id in self.nodes.example_gens}

    @property
    def store_readers(self) -> set[str]:
        """Steps that read or write URIs themselves, beside what the launcher moves for them.

        An exit handler gets no artifacts: it has to look for what the run made.
        """
        nodes = self.nodes
        handlers = [nodes.exit_handler] if nodes.exit_handler else []
        return {*nodes.resolvers, *nodes.example_gens, *nodes.pushers, *self.drivers, *handlers}

    def owner(self, task_id: str) -> str:
        """Returns the node whose settings hold for a step."""
        return self.drivers.get(task_id, task_id)

    def execution_retries(self, task_id: str) -> int | None:
        """Returns the retries that the pipeline itself asks for a step."""
        owner, nodes = self.owner(task_id), self.nodes
        resolver = nodes.resolvers.get(owner)
        node = resolver.node if resolver else nodes.components.get(owner)
        return execution_retries(node) if node is not None else None

    def node(self, task_id: str) -> NodeSettings:
        """Returns what the pod of a step asks for."""
        return self.settings.node(self.owner(task_id))
