"""What TFX lets a node ask of its orchestrator: a driver, and how it is executed."""

from __future__ import annotations

from tfx.components.example_gen.component import FileBasedExampleGen, QueryBasedExampleGen
from tfx.components.example_gen.driver import FileBasedDriver, QueryBasedDriver
from tfx.components.example_gen.input_processor import QueryBasedInputProcessor
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.base_driver import BaseDriver
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.common.importer import Importer
from tfx.dsl.experimental.node_execution_options.utils import TriggerStrategy
from tfx.orchestration.data_types import RuntimeParameter
from tfx.proto import range_config_pb2
from tfx.types.standard_component_specs import INPUT_CONFIG_KEY, RANGE_CONFIG_KEY
from tfx.utils import proto_utils

from tfx_kubeflow.errors import CompileError

SPAN = "@span_"
"""Begins what TFX's driver for queries fills in: times of the span."""
USUAL_TRIGGERS = (
    TriggerStrategy.TRIGGER_STRATEGY_UNSPECIFIED,
    TriggerStrategy.ALL_UPSTREAM_NODES_SUCCEEDED,
)


def check_options(node: BaseNode) -> None:
    """Refuses what a node asks for and Kubeflow Pipelines would not do.

    Raises:
        CompileError: It has a driver of its own, or execution options other than retries.
    """
    if isinstance(node, BaseComponent):
        _check_driver(node)
    options = node.node_execution_options
    if options is None:
        return
    requested = {
        "trigger_strategy": options.trigger_strategy not in USUAL_TRIGGERS,
        "success_optional": options.success_optional,
        "execution_timeout_sec": options.execution_timeout_sec,
        "lifetime_start": options.lifetime_start,
        "max_execution_retries": isinstance(node, Importer) and execution_retries(node),
    }
    for name, is_set in requested.items():
        if is_set:
            raise CompileError(
                node.id,
                f"its NodeExecutionOptions have {name}, which Kubeflow Pipelines does not do for "
                f"{'an' if isinstance(node, Importer) else 'a'} {type(node).__name__}",
                "Leave it out; an exit handler runs whatever became of the other nodes.",
            )


def execution_retries(node: BaseNode) -> int | None:
    """Returns how often a node's author lets it be tried again; None: nothing is said."""
    options = node.node_execution_options
    return options.max_execution_retries if options is not None else None


def query_span(node: BaseComponent) -> int | None:
    """Returns the span that the driver of a query-based ExampleGen would record.

    Args:
        node: Any component.

    Returns:
        The span; None: it is another component, or has no range, or one that only a run knows.

    Raises:
        CompileError: Its range names no span.
    """
    given = node.exec_properties.get(RANGE_CONFIG_KEY)
    known = isinstance(given, str) and RuntimeParameter.__name__ not in given
    if not known or not isinstance(node, QueryBasedExampleGen):
        return None
    span_range = range_config_pb2.RangeConfig()
    proto_utils.json_to_proto(given, span_range)
    try:
        span, _ = QueryBasedInputProcessor((), span_range).resolve_span_and_version()
    except (ValueError, NotImplementedError) as error:
        raise CompileError(
            node.id,
            "its range_config names no span of a query",
            "Give it a StaticRange that starts and ends with the same span.",
        ) from error
    return int(span)


def _check_driver(node: BaseComponent) -> None:
    for driver in {node.driver_class, node.DRIVER_CLASS}:
        ours = isinstance(node, FileBasedExampleGen) and _only_processes_input(driver)
        query = isinstance(node, QueryBasedExampleGen) and driver is QueryBasedDriver
        if query and SPAN in str(node.exec_properties.get(INPUT_CONFIG_KEY)):
            raise CompileError(
                node.id,
                "Kubeflow Pipelines runs no driver that would fill the span into its query",
                f"Write the times into the query instead of {SPAN}...",
            )
        if driver is not BaseDriver and not ours and not query:
            raise CompileError(
                node.id,
                f"Kubeflow Pipelines does not run its driver, {driver.__name__}",
                "Do what the driver does in the executor, or in a component before it.",
            )


def _only_processes_input(driver: type[BaseDriver]) -> bool:
    """Whether a driver is TFX's for files, up to its input processor, which a step runs."""
    return issubclass(driver, FileBasedDriver) and all(
        getattr(driver, name) is getattr(FileBasedDriver, name)
        for name in ("run", "resolve_exec_properties")
    )
