"""The value of an expression, as cel-go finds it."""

import json
from collections.abc import Callable, Mapping
from operator import ge, gt, le, lt
from typing import Any

from tfx_kubeflow.cel.parser import parse
from tfx_kubeflow.cel.tree import (
    INT64,
    Binary,
    CelError,
    Index,
    Literal,
    Member,
    Name,
    Not,
    ParseJson,
    Tree,
)
from tfx_kubeflow.cel.type_check import check

ORDER: dict[str, Callable[[Any, Any], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}


def holds(condition: str, executor_input: Mapping[str, Any]) -> bool:
    """Evaluates a condition as KFP's driver does.

    Args:
        condition: CEL.
        executor_input: KFP's ExecutorInput, as JSON.

    Raises:
        CelError: It cannot be read, names what is not there, or is neither true nor false; each
            fails a run on a cluster, too.
    """
    tree = parse(condition)
    check(tree)
    inputs = executor_input.get("inputs", {})
    value = evaluate(
        tree,
        {
            "inputs": {
                "artifacts": inputs.get("artifacts", {}),
                "parameter_values": inputs.get("parameterValues", {}),
            }
        },
    )
    if not isinstance(value, bool):
        raise CelError(f"neither true nor false but {value!r}", tree.at)
    return value


def evaluate(tree: Tree, variables: Mapping[str, Any]) -> Any:
    """Returns the value of an expression.

    Args:
        tree: What `parse` returned.
        variables: JSON values; their numbers are doubles.

    Raises:
        CelError: A key that is not there, or operands that do not go together.
    """
    match tree:
        case Literal(value):
            return value
        case Name(name):
            return _item(tree, variables, name)
        case Member(operand, name):
            return _member(tree, evaluate(operand, variables), name)
        case Index(operand, key):
            return _item(tree, evaluate(operand, variables), evaluate(key, variables))
        case ParseJson(operand):
            return _json(tree, evaluate(operand, variables))
        case Not(operand):
            return not _bool(operand, evaluate(operand, variables))
        case Binary("&&" | "||"):
            return _logic(tree, variables)
        case Binary(_, left, right):
            return _binary(tree, evaluate(left, variables), evaluate(right, variables))


def _member(tree: Member, value: Any, name: str) -> Any:
    if isinstance(value, Mapping) and name not in value and name in ("uri", "name", "metadata"):
        return {} if name == "metadata" else ""  # of a message of KFP's, unset
    return _item(tree, value, name)


def _item(tree: Name | Member | Index, value: Any, key: Any) -> Any:
    if isinstance(value, list) and _is_number(key):
        there = key in range(len(value))
    elif isinstance(value, Mapping):
        there = isinstance(key, str) and key in value
    else:
        raise CelError(f"{value!r} has no items", tree.at)
    if not there:
        raise CelError(f"no such key: {key}", tree.at)
    found = value[key if isinstance(key, str) else int(key)]
    return float(found) if _is_number(found) else found


def _json(tree: ParseJson, value: Any) -> Any:
    try:
        found = json.loads(value, parse_constant=_no_constant)
    except (TypeError, ValueError) as error:
        raise CelError(f"{value!r} is no JSON: {error}", tree.at) from error
    return float(found) if _is_number(found) else found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is Python's own")


def _logic(tree: Binary, variables: Mapping[str, Any]) -> bool:
    """One side may decide, whichever it is: an error on the other one is none."""
    decides = tree.operator == "||"
    error: CelError | None = None
    for side in (tree.left, tree.right):
        try:
            if _bool(side, evaluate(side, variables)) is decides:
                return decides
        except CelError as failed:
            error = error or failed
    if error:
        raise error
    return not decides


def _bool(tree: Tree, value: Any) -> bool:
    if not isinstance(value, bool):
        raise CelError(f"{value!r} is neither true nor false", tree.at)
    return value


def _binary(tree: Binary, left: Any, right: Any) -> Any:
    if tree.operator in ("==", "!="):
        return _equal(left, right) is (tree.operator == "==")
    if tree.operator == "+":
        return _sum(tree, left, right)
    comparable = (_is_number(left) and _is_number(right)) or (
        type(left) is type(right) and isinstance(left, bool | str)
    )
    if not comparable:
        raise CelError(f"{left!r} {tree.operator} {right!r} has no order", tree.at)
    return ORDER[tree.operator](left, right)


def _sum(tree: Binary, left: Any, right: Any) -> Any:
    if (
        type(left) is not type(right)
        or isinstance(left, bool)
        or not isinstance(left, int | float | str)
    ):
        raise CelError(f"{left!r} + {right!r} has no sum", tree.at)
    total = left + right
    if isinstance(total, int) and total not in INT64:
        raise CelError(f"{total} is beyond 64 bits", tree.at)
    return total


def _equal(left: Any, right: Any) -> bool:
    """Values of different types differ, but for numbers."""
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_equal, left, right))
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(_equal(left[key], right[key]) for key in left)
    if _is_number(left) and _is_number(right):
        return bool(left == right)
    return type(left) is type(right) and bool(left == right)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
