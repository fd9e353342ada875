"""The tree of an expression, and the error that names a position in its text."""

from dataclasses import dataclass, field


class CelError(ValueError):
    """An expression that cannot be read, is of the wrong type, or has no value.

    Args:
        problem: What is wrong.
        at: Where in the expression, from 0.
    """

    def __init__(self, problem: str, at: int) -> None:
        super().__init__(f"column {at + 1}: {problem}")
        self.at = at


@dataclass(frozen=True)
class Literal:
    """A text, number, truth value or null."""

    value: str | int | float | bool | None
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True)
class Name:
    """A variable; KFP declares `inputs`."""

    name: str
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True)
class Member:
    """`operand.name`."""

    operand: "Tree"
    name: str
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True)
class Index:
    """`operand[key]`."""

    operand: "Tree"
    key: "Tree"
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True)
class ParseJson:
    """`parseJson(operand)`, a function of KFP's."""

    operand: "Tree"
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True)
class Not:
    """`!operand`."""

    operand: "Tree"
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True)
class Binary:
    """`left operator right`."""

    operator: str
    left: "Tree"
    right: "Tree"
    at: int = field(default=0, compare=False, repr=False)


Tree = Literal | Name | Member | Index | ParseJson | Not | Binary

LEVELS = (("||",), ("&&",), ("==", "!=", "<=", ">=", "<", ">"), ("+",))
"""Binary operators, those that bind least first; all are left-associative."""
INT64 = range(-(2**63), 2**63)
