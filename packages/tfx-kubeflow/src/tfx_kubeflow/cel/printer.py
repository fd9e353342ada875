"""An expression as text."""

import math
import re

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

SPECIAL = re.compile(r"[\\'\x00-\x1f\x7f\U00010000-\U0010ffff]|(?<=\{)\{|\$(?=[$(])")
NAMED = {"\\": r"\\", "'": r"\'", "\n": r"\n", "\r": r"\r", "\t": r"\t"}


def quote(text: str) -> str:
    """Returns the CEL literal of a text.

    Args:
        text: Any text. Two braces in a row are kept from Argo, which would expand what is in them,
            `$(` and two dollars from Kubernetes, and characters beyond U+FFFF from KFP's database,
            which knows none.
    """

    def escaped(match: re.Match[str]) -> str:
        code = ord(match[0])
        return NAMED.get(match[0], f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}")

    return f"'{SPECIAL.sub(escaped, text)}'"


def to_text(tree: Tree) -> str:
    """Returns an expression as CEL; `parse` reads it back.

    Raises:
        CelError: A number that CEL has no literal for.
    """
    match tree:
        case Literal():
            return _literal_text(tree)
        case Name(name):
            return name
        case Member(operand, name):
            return f"{to_text(operand)}.{name}"
        case Index(operand, key):
            return f"{to_text(operand)}[{to_text(key)}]"
        case ParseJson(operand):
            return f"parseJson({to_text(operand)})"
        case Not(operand):
            return f"!({to_text(operand)})"
        case Binary(operator, left, right):
            return f"({to_text(left)} {operator} {to_text(right)})"


def _literal_text(literal: Literal) -> str:
    value = literal.value
    if isinstance(value, str):
        return quote(value)
    if value is None or isinstance(value, bool):
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int) and value not in INT64:
        raise CelError(f"{value} is beyond 64 bits", literal.at)
    if not math.isfinite(value):
        raise CelError(f"CEL has no literal for {value}", literal.at)
    return repr(value)
