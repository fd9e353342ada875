"""The types of a condition, checked as KFP's driver does before it evaluates one.

What metadata and parameters hold is only known at run time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tfx_kubeflow.cel.tree import (
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


@dataclass(frozen=True)
class Type:
    """A type of CEL's: its name, and what its members or items are."""

    name: str
    members: Mapping[str, "Type"] = field(default_factory=dict, compare=False)
    item: "Type | None" = None


BOOL, INT, DOUBLE, STRING, NULL, DYN = (
    Type(name) for name in ("bool", "int", "double", "string", "null", "dyn")
)


def _map(item: Type) -> Type:
    return Type("map", item=item)


ARTIFACT = Type("artifact", {"name": STRING, "uri": STRING, "metadata": _map(DYN)})
ARTIFACTS = Type("artifacts", {"artifacts": Type("list", item=ARTIFACT)})
INPUTS = Type("inputs", {"artifacts": _map(ARTIFACTS), "parameter_values": _map(DYN)})
VARIABLES = {"inputs": INPUTS}
LITERALS = {bool: BOOL, int: INT, float: DOUBLE, str: STRING, type(None): NULL}
KEYS = {"map": STRING, "list": INT}
ORDERED = (INT, DOUBLE, STRING, BOOL)
ALL = (*ORDERED, NULL, *INPUTS.members.values(), INPUTS, ARTIFACTS, ARTIFACT)
OPERANDS = {
    **dict.fromkeys(("==", "!="), ALL),
    **dict.fromkeys(("<", "<=", ">", ">="), ORDERED),
    "+": (INT, DOUBLE, STRING),
}


def check(tree: Tree) -> None:
    """Checks a condition's types as KFP's driver does before it evaluates it.

    Raises:
        CelError: A name that KFP does not declare, operands that do not go together, or no
            truth value.
    """
    _require_type(tree, _type(tree), BOOL)


def _type(tree: Tree) -> Type:
    match tree:
        case Literal(value):
            return LITERALS[type(value)]
        case Name(name):
            if name not in VARIABLES:
                raise CelError(f"no variable {name!r}; conditions have inputs", tree.at)
            return VARIABLES[name]
        case Member(operand, name):
            return _member_type(tree, _type(operand), name)
        case Index(operand, key):
            return _item_type(tree, _type(operand), _type(key))
        case ParseJson(operand):
            _require_type(tree, _type(operand), STRING)
            return DYN
        case Not(operand):
            _require_type(operand, _type(operand), BOOL)
            return BOOL
        case Binary():
            return _binary_type(tree)


def _member_type(tree: Member, operand: Type, name: str) -> Type:
    if operand == DYN:
        return DYN
    if operand.name == "map" and operand.item:
        return operand.item
    if name not in operand.members:
        known = ", ".join(operand.members) or "no members"
        raise CelError(f"no {name!r} in {operand.name}, which has: {known}", tree.at)
    return operand.members[name]


def _item_type(tree: Index, operand: Type, key: Type) -> Type:
    if operand == DYN and key in (STRING, INT, DOUBLE, BOOL, DYN):
        return DYN
    if operand.item is None:
        raise CelError(f"{operand.name} has no items", tree.at)
    _require_type(tree.key, key, KEYS[operand.name])
    return operand.item


def _binary_type(tree: Binary) -> Type:
    left, right = _type(tree.left), _type(tree.right)
    if tree.operator in ("&&", "||"):
        _require_type(tree.left, left, BOOL)
        _require_type(tree.right, right, BOOL)
        return BOOL
    known = {left, right} - {DYN}
    at_run_time = DYN in (left, right)  # where a null fits anything
    fitting = {*OPERANDS[tree.operator], NULL} if at_run_time else {*OPERANDS[tree.operator]}
    if len(known) > 1 or not known <= fitting:
        raise CelError(f"{left.name} {tree.operator} {right.name} does not go together", tree.at)
    if tree.operator == "+":
        return right if left == DYN else left
    return BOOL


def _require_type(tree: Tree, found: Type, required: Type) -> None:
    if found not in (required, DYN):
        raise CelError(f"{found.name} where {required.name} belongs", tree.at)
