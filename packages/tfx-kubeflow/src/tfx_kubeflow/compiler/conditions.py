"""Conditions: from TFX's predicates to the CEL that Kubeflow Pipelines evaluates.

CEL compares values of one type only. Properties of artifacts arrive as doubles and strings,
whatever they were; parameters keep their type.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tfx.dsl.compiler.compiler_utils import implicit_channel_key
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.common.resolver import Resolver
from tfx.dsl.context_managers.dsl_context_registry import DslContextRegistry
from tfx.dsl.experimental.conditionals.conditional import get_predicates
from tfx.dsl.placeholder.placeholder import Predicate
from tfx.proto.orchestration import placeholder_pb2
from tfx.types import channel_utils
from tfx.types.artifact import CUSTOM_PROPERTIES_PREFIX, PropertyType
from tfx.types.channel import BaseChannel, Channel, ChannelWrappedPlaceholder

from tfx_kubeflow import cel
from tfx_kubeflow.compiler.parameters import EXACT, value_type
from tfx_kubeflow.errors import CompileError
from tfx_kubeflow.metadata.values import encoded
from tfx_kubeflow.protocol import sent

HINT = "Compare a property, a value or a URI with a number or a text by ==, !=, <, >, and, or, not."
INPUTS = cel.Name("inputs")
COMPARISONS = {
    placeholder_pb2.ComparisonOperator.Operation.EQUAL: "==",
    placeholder_pb2.ComparisonOperator.Operation.LESS_THAN: "<",
    placeholder_pb2.ComparisonOperator.Operation.GREATER_THAN: ">",
}
LOGIC = {
    placeholder_pb2.BinaryLogicalOperator.Operation.AND: "&&",
    placeholder_pb2.BinaryLogicalOperator.Operation.OR: "||",
}


@dataclass(frozen=True)
class Condition:
    """When a node runs.

    Attributes:
        cel: The expression.
        artifacts: Inputs that it needs beside the node's own: name -> output.
        parameters: The same of values.
    """

    cel: str
    artifacts: dict[str, Channel] = field(default_factory=dict)
    parameters: dict[str, Channel] = field(default_factory=dict)
    channels: tuple[Channel, ...] = ()
    """All outputs that it looks at."""


def conditions(nodes: Iterable[BaseNode], registry: DslContextRegistry) -> dict[str, Condition]:
    """Translates the predicates of all nodes that stand in conditions.

    Args:
        nodes: The nodes.
        registry: The pipeline's, which knows the conditions.

    Returns:
        Id -> condition.

    Raises:
        CompileError: Kubeflow Pipelines cannot evaluate one.
    """
    found = {}
    for node in nodes:
        predicates = get_predicates(node, registry)
        if predicates:
            translation = _Translation(node.id, _connected(node))
            trees = [translation.of(predicate) for predicate in predicates]
            tree = translation.checked(functools.reduce(functools.partial(cel.Binary, "&&"), trees))
            found[node.id] = Condition(
                cel.to_text(tree),
                translation.artifacts,
                translation.parameters,
                tuple(translation.channels.values()),
            )
    return found


def _connected(node: BaseNode) -> dict[str, BaseChannel]:
    inputs = node.raw_inputs if isinstance(node, Resolver) else node.inputs
    return {key: channel for key, channel in inputs.items() if channel.producer_component_id}


def _is_property(tree: cel.Tree) -> bool:
    """Whether this is a property of an artifact: one of its metadata."""
    operand = tree.operand if isinstance(tree, cel.Index) else None
    return isinstance(operand, cel.Member) and operand.name == "metadata"


class _Translation:
    """Translates predicates and collects the inputs that they need.

    Attributes:
        artifacts: As of a Condition.
        parameters: As of a Condition.
        channels: All outputs that were looked at, by TFX's key for them.
    """

    def __init__(self, node_id: str, inputs: Mapping[str, BaseChannel]) -> None:
        self.artifacts: dict[str, Channel] = {}
        self.parameters: dict[str, Channel] = {}
        self.channels: dict[str, Channel] = {}
        self._where = f"{node_id}: its condition"
        self._own = {implicit_channel_key(channel): key for key, channel in inputs.items()}

    def of(self, predicate: Predicate) -> cel.Tree:
        for part in predicate.traverse():
            if isinstance(part, ChannelWrappedPlaceholder):
                if not isinstance(part.channel, Channel):
                    raise self._refusal(f"it looks at a {type(part.channel).__name__}")
                self.channels[implicit_channel_key(part.channel)] = part.channel
                part.set_key(None)  # the producer may have got another id since future()
        encoded = channel_utils.encode_placeholder_with_channels(predicate, implicit_channel_key)
        return self._tree(encoded)

    def checked(self, tree: cel.Tree) -> cel.Tree:
        try:
            cel.check(tree)
        except cel.CelError as error:
            raise self._refusal(f"{cel.to_text(tree)}: {error}") from error
        return tree

    def _refusal(self, problem: str) -> CompileError:
        return CompileError(self._where, problem, HINT)

    def _tree(self, expression: Any) -> cel.Tree:
        if expression.HasField("value"):
            return self._constant(expression.value)
        if not expression.HasField("operator"):
            raise self._refusal("it looks at a whole artifact")
        name = expression.operator.WhichOneof("operator_type")
        operator = getattr(expression.operator, name)
        match name:
            case "compare_op":
                return self._comparison(operator)
            case "unary_logical_op":
                return cel.Not(self._tree(operator.expression))
            case "binary_logical_op":
                sides = (self._tree(operator.lhs), self._tree(operator.rhs))
                return cel.Binary(LOGIC[operator.op], *sides)
            case "concat_op":
                parts = [self._tree(part) for part in operator.expressions]
                return functools.reduce(functools.partial(cel.Binary, "+"), parts)
            case "artifact_property_op":
                return self._property(operator)
            case "artifact_uri_op" if not operator.split:
                return cel.Member(self._artifact(operator.expression), "uri")
            case "artifact_value_op":
                return self._value(operator)
            case _:
                raise self._refusal(f"Kubeflow Pipelines cannot evaluate its {name}")

    def _constant(self, value: Any) -> cel.Tree:
        kind = value.WhichOneof("value")
        if kind in ("string_value", "bool_value"):
            return cel.Literal(getattr(value, kind))
        if kind not in ("int_value", "double_value"):
            raise self._refusal(f"it compares with a {kind}")
        number = getattr(value, kind)
        if kind == "int_value" and abs(number) > EXACT:
            raise self._refusal(f"{number} is beyond 2^53, where Kubeflow Pipelines loses digits")
        if not math.isfinite(number):
            raise self._refusal(f"it compares with {number}")
        return cel.Literal(float(number))

    def _comparison(self, operator: Any) -> cel.Tree:
        left, right = self._tree(operator.lhs), self._tree(operator.rhs)
        if self._is_boolean(left) and self._is_variable(right):
            return self._truth_comparison(operator, left, right)
        if self._is_boolean(right) and self._is_variable(left):
            return self._truth_comparison(operator, right, left)
        sides = self._alike(left, right), self._alike(right, left)
        return cel.Binary(COMPARISONS[operator.op], *sides)

    def _is_variable(self, tree: cel.Tree) -> bool:
        return not isinstance(tree, cel.Literal) and not self._is_boolean(tree)

    def _truth_comparison(self, operator: Any, truth: cel.Tree, number: cel.Tree) -> cel.Tree:
        """A Boolean value equals the number that a truth value is among properties."""
        if COMPARISONS[operator.op] != "==":
            raise self._refusal("it asks whether a truth value is less than what is none")
        both = cel.Binary("&&", truth, cel.Binary("==", number, cel.Literal(1.0)))
        neither = cel.Binary("&&", cel.Not(truth), cel.Binary("==", number, cel.Literal(0.0)))
        return cel.Binary("||", both, neither)

    def _alike(self, side: cel.Tree, other: cel.Tree) -> cel.Tree:
        """A constant as the other side has it: a truth value is a number among properties."""
        if isinstance(side, cel.Literal) and isinstance(side.value, str):
            if self._is_value(other):
                return cel.Literal(sent(side.value))
            return cel.Literal(encoded(side.value)[0]) if _is_property(other) else side
        if not isinstance(side, cel.Literal) or side.value not in (0.0, 1.0):
            return side
        boolean = self._is_boolean(other)
        return cel.Literal(bool(side.value) if boolean else float(side.value))

    def _is_value(self, tree: cel.Tree) -> bool:
        key = tree.key if isinstance(tree, cel.Index) else None
        return isinstance(key, cel.Literal) and key.value in self.parameters

    def _is_boolean(self, tree: cel.Tree) -> bool:
        key = tree.key if isinstance(tree, cel.Index) else None
        channel = self.parameters.get(str(key.value)) if isinstance(key, cel.Literal) else None
        return channel is not None and channel.type.TYPE_NAME == "Boolean"

    def _property(self, operator: Any) -> cel.Tree:
        artifact = self._artifact(operator.expression)
        declared = self._channel(operator.expression).type.PROPERTIES or {}
        key = operator.key
        if key in declared:
            if operator.is_custom_property:
                key = CUSTOM_PROPERTIES_PREFIX + key
            elif declared[key].type is PropertyType.PROTO:
                raise self._refusal(f"it looks into a proto, {key!r}")
        return cel.Index(cel.Member(artifact, "metadata"), cel.Literal(key))

    def _value(self, operator: Any) -> cel.Tree:
        channel = self._channel(operator.expression)
        value_type(self._where, channel)
        if channel.type.TYPE_NAME == "JsonValue":
            raise self._refusal("it looks into a JSON value")
        name = implicit_channel_key(channel)
        self.parameters[name] = channel
        return cel.Index(cel.Member(INPUTS, "parameter_values"), cel.Literal(name))

    def _artifact(self, expression: Any) -> cel.Tree:
        channel = self._channel(expression)
        implicit = implicit_channel_key(channel)
        name = self._own.get(implicit)
        if name is None:
            name = implicit
            self.artifacts[name] = channel
        given = cel.Index(cel.Member(INPUTS, "artifacts"), cel.Literal(name))
        return cel.Index(cel.Member(given, "artifacts"), cel.Literal(0))

    def _channel(self, expression: Any) -> Channel:
        """The output that an expression takes the first artifact of."""
        index = expression.operator.index_op
        if not index.expression.HasField("placeholder") or index.index != 0:
            raise self._refusal("an output is one artifact on Kubeflow Pipelines, [0]")
        return self.channels[index.expression.placeholder.key]
