"""Execution parameters: constants, runtime parameters, and values that another node computes.

Kubeflow Pipelines knows numbers as doubles, and Argo expands what stands in double braces. What
would not survive that travels as text, and the step turns it back.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from google.protobuf import json_format, message
from tfx.dsl.compiler import placeholder_utils
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.placeholder import placeholder as ph
from tfx.orchestration.data_types import RuntimeParameter
from tfx.orchestration.kubeflow.decorators import FinalStatusStr
from tfx.orchestration.portable.data_types import ExecutionInfo
from tfx.types import channel_utils
from tfx.types.channel import BaseChannel
from tfx.types.value_artifact import ValueArtifact
from tfx.utils import json_utils, name_utils

from tfx_kubeflow.compiler import ir
from tfx_kubeflow.errors import CompileError
from tfx_kubeflow.protocol import RUNTIME_PARAMETER, SENT_AS_JSON, VALUE, changes, hidden

EXACT = 2**53
"""Integers up to here are doubles without loss."""
TYPES = {bool: ir.BOOLEAN, int: ir.INTEGER, float: ir.DOUBLE, str: ir.STRING}
VALUE_TYPES = {
    "Integer": ir.INTEGER,
    "Float": ir.DOUBLE,
    "String": ir.STRING,
    "Boolean": ir.BOOLEAN,
    "JsonValue": ir.STRING,
}
"""TYPE_NAME of a value artifact -> type of the parameter that carries its value."""
VALUE_KINDS = {
    "Integer": "int",
    "Float": "float",
    "String": "str",
    "Boolean": "bool",
    "JsonValue": "jsonable",
}
AT_RUN_TIME = (
    ph.ArtifactPlaceholder,
    ph.EnvironmentVariablePlaceholder,
    ph.ExecInvocationPlaceholder,
    ph.ExecPropertyPlaceholder,
    ph.RuntimeInfoPlaceholder,
)
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
JSONABLE = '"__tfx_object_type__"'


@dataclass(frozen=True)
class Parameter:
    """An input parameter of a step.

    Attributes:
        type: Kubeflow Pipelines' type.
        source: Where its value comes from: an InputParameterSpec.
        kind: How the step turns it back into the executor's own value; see protocol.ExecutorStep.
        escaped: Whether the text is JSON in which braces are hidden.
        runtime: Runtime parameters that stand within it.
    """

    type: str
    source: ir.Spec
    kind: str
    escaped: bool = False
    runtime: tuple[RuntimeParameter, ...] = ()


def parameter(node: BaseComponent, name: str, value: Any) -> Parameter:
    """Describes one execution parameter.

    Args:
        node: The component.
        name: Name of the parameter.
        value: Its value, not None.

    Raises:
        CompileError: The value cannot be passed on.
    """
    where = f"{node.id}: parameter {name!r}"
    if isinstance(value, RuntimeParameter):
        return _runtime(value)
    if isinstance(value, ph.Placeholder):
        if looks_at_outputs(value):
            return _of_other_node(where, value)
        return parameter(node, name, _resolved(where, value))
    if isinstance(value, FinalStatusStr):
        return Parameter(ir.STRING, {"taskFinalStatus": {}}, "status")
    if isinstance(value, str):
        return _text(where, value)
    for kind in (bool, int, float):  # bool first: it is an int as well
        if isinstance(value, kind):
            return _number(value, kind)
    return _structure(where, value, declared=_declared(node, name))


def _declared(node: BaseComponent, name: str) -> Any:
    known = node.spec.PARAMETERS.get(name)
    return known.type if known else None


def _runtime(value: RuntimeParameter) -> Parameter:
    check_runtime_parameter(value)
    ptype = value.ptype or str
    return Parameter(TYPES[ptype], component_input(value.name), ptype.__name__, runtime=(value,))


def component_input(name: str) -> ir.Spec:
    """Returns the reference to an input of the DAG around a task."""
    return {"componentInputParameter": name}


def check_runtime_parameter(value: RuntimeParameter) -> None:
    """Refuses what Kubeflow Pipelines takes for no parameter.

    Raises:
        CompileError: Its name or its default is not possible.
    """
    where = f"runtime parameter {value.name!r}"
    if not NAME.fullmatch(str(value.name)):
        raise CompileError(
            where, "its name is not one", "Use letters, digits, dots, dashes and underscores."
        )
    default = value.default
    if isinstance(default, float) and not math.isfinite(default):
        raise CompileError(where, f"its default {default} is no number", "Give a finite one.")
    if isinstance(default, str) and any(ord(character) > 0xFFFF for character in default):
        raise CompileError(
            where,
            "its default has a character that KFP's database does not know",
            "Use those up to U+FFFF.",
        )
    if isinstance(default, int) and abs(default) > EXACT:
        raise CompileError(
            where,
            "its default is beyond 2^53, where Kubeflow Pipelines loses digits",
            "Make it a str parameter.",
        )


def _number(value: Any, kind: type) -> Parameter:
    exact = abs(value) <= EXACT if kind is int else math.isfinite(value)
    if exact:
        return Parameter(TYPES[kind], constant(value), kind.__name__)
    return Parameter(ir.STRING, constant(str(value)), kind.__name__)


def constant(value: Any) -> ir.Spec:
    """Returns a constant as an input parameter takes it."""
    return {"runtimeValue": {"constant": value}}


def _text(where: str, value: str) -> Parameter:
    if JSONABLE in value and RuntimeParameter.__name__ in value:
        # A dict for a parameter that is a proto: TFX has written it as its own JSON.
        return _structure(where, json_utils.loads(value), kind="str")
    if changes(value) or value.startswith(SENT_AS_JSON):
        return Parameter(ir.STRING, constant(hidden(value)), "str", escaped=True)
    return Parameter(ir.STRING, constant(value), "str")


def _structure(where: str, value: Any, kind: str = "json", declared: Any = None) -> Parameter:
    runtime: dict[str, RuntimeParameter] = {}
    if isinstance(value, message.Message):
        text = json_format.MessageToJson(value, sort_keys=True, indent=None)
        kind = f"message:{_message_class(where, value, declared)}"
    elif isinstance(value, dict | list | tuple):
        text = _json(where, _marked(value, runtime))
    else:
        text, kind = _jsonable(where, value), "jsonable"
    for item in runtime.values():
        check_runtime_parameter(item)
    escaped = changes(text)
    source = constant(hidden(text) if escaped else text)
    return Parameter(ir.STRING, source, kind, escaped, tuple(runtime.values()))


def _message_class(where: str, value: message.Message, declared: Any) -> str:
    """Import path of a proto's class; TFX's placeholders make classes that have none."""
    proto = isinstance(declared, type) and issubclass(declared, message.Message)
    cls: Any = declared if proto else type(value)
    if not cls.__module__ or cls.DESCRIPTOR.full_name != value.DESCRIPTOR.full_name:
        raise CompileError(
            where,
            f"the class of its {value.DESCRIPTOR.full_name} cannot be imported by name",
            "Declare the parameter with the proto's class.",
        )
    return str(name_utils.get_full_name(cls, strict_check=False))


def _marked(value: Any, runtime: dict[str, RuntimeParameter]) -> Any:
    """The value with an object that names it instead of each runtime parameter."""
    if isinstance(value, RuntimeParameter):
        runtime[value.name] = value
        return {RUNTIME_PARAMETER: value.name}
    if isinstance(value, dict):
        return {key: _marked(item, runtime) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_marked(item, runtime) for item in value]
    return value


def _json(where: str, value: Any) -> str:
    return _written(where, value, json.dumps)


def _jsonable(where: str, value: Any) -> str:
    return _written(where, value, json_utils.dumps)


def _written(where: str, value: Any, dumps: Callable[[Any], str]) -> str:
    try:
        return dumps(value)
    except (TypeError, ValueError) as error:
        raise CompileError(
            where,
            f"it cannot be written as JSON ({error})",
            "Give numbers, texts, lists and mappings of them, or a proto.",
        ) from error


def _of_other_node(where: str, value: ph.Placeholder) -> Parameter:
    channel = simple_channel(where, value)
    key = str(channel.output_key)
    source = ir.output_parameter(str(channel.producer_component_id), key + VALUE)
    type_name = channel.type.TYPE_NAME
    return Parameter(value_type(where, channel), source, VALUE_KINDS[type_name])


def _resolved(where: str, value: ph.Placeholder) -> Any:
    """The value of an expression of constants, such as a proto that TFX has wrapped."""
    unknown = CompileError(
        where,
        "what it is made of is not known when the pipeline is compiled",
        "Give it a constant, a runtime parameter or `output.future()[0].value`.",
    )
    if any(isinstance(part, AT_RUN_TIME) for part in value.traverse()):
        raise unknown
    context = placeholder_utils.ResolutionContext(exec_info=ExecutionInfo())
    try:
        return placeholder_utils.resolve_placeholder_expression(value.encode(), context)
    except Exception as error:  # whatever TFX's resolver stumbles over: it is no constant
        raise unknown from error


def looks_at_outputs(value: ph.Placeholder) -> bool:
    """Says whether an expression takes something of other nodes' outputs."""
    return any(isinstance(part, ph.ChannelWrappedPlaceholder) for part in value.traverse())


def simple_channel(where: str, value: ph.Placeholder) -> BaseChannel:
    """Returns the output whose first artifact's value a parameter is.

    Raises:
        CompileError: It is another expression than `.future()[0].value`.
    """
    try:
        return channel_utils.unwrap_simple_channel_placeholder(value)
    except ValueError as error:
        raise CompileError(
            where,
            "Kubeflow Pipelines passes whole values only",
            "Give it `output.future()[0].value`, or compute it in a component.",
        ) from error


def value_type(where: str, channel: BaseChannel) -> str:
    """Returns the type of the parameter that carries an output's value.

    Raises:
        CompileError: Its artifacts hold no value that a parameter can carry.
    """
    found = VALUE_TYPES.get(channel.type.TYPE_NAME) if is_value(channel) else None
    if found is None:
        raise CompileError(
            where,
            f"the value of a {channel.type.TYPE_NAME} is no parameter",
            f"Take {', '.join(VALUE_TYPES)}, or give the artifact itself as an input.",
        )
    return found


def is_value(channel: BaseChannel) -> bool:
    """Says whether an output's artifacts hold a value."""
    return issubclass(channel.type, ValueArtifact)
