"""Text as an expression: recursive descent."""

import math
import re
from collections.abc import Iterator
from typing import NamedTuple, NoReturn

from tfx_kubeflow.cel.tree import (
    INT64,
    LEVELS,
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

CONSTANTS = {"true": True, "false": False, "null": None}
SIMPLE_ESCAPES = {
    **{"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"},
    **{char: char for char in "\\?\"'`"},
}
ESCAPE = re.compile(r"\\(?:x(..)|X(..)|u(.{4})|U(.{8})|([0-3][0-7]{2})|(.))", re.DOTALL)
TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<double>(?:\d+\.\d+|\.\d+)(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)
    |(?P<int>0[xX][0-9a-fA-F]+|\d+)
    |(?P<raw>[rR](?:'[^'\n\r]*'|"[^"\n\r]*"))
    |(?P<text>'(?:[^'\\\n\r]|\\.)*'|"(?:[^"\\\n\r]|\\.)*")
    |(?P<name>[A-Za-z_]\w*)
    |(?P<sign>\|\||&&|[=!<>]=|[-!<>+.,()\[\]])
    """,
    re.VERBOSE | re.ASCII,
)


class Token(NamedTuple):
    """A word of an expression."""

    kind: str
    text: str
    at: int


def parse(text: str) -> Tree:
    """Reads an expression.

    Args:
        text: CEL.

    Raises:
        CelError: It is none, or uses a part of CEL that conditions do not need.
    """
    return _Parser(text).expression()


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text):
        found = TOKEN.match(text, at)
        if found is None:
            problem = "string without end" if text[at] in "'\"" else f"unexpected {text[at]!r}"
            raise CelError(problem, at)
        if found.lastgroup != "space":
            yield Token(str(found.lastgroup), found[0], at)
        at = found.end()
    yield Token("end", "", at)


class _Parser:
    """Recursive descent, one method per level of the grammar."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._next = 0

    def expression(self) -> Tree:
        tree = self._binary(0)
        if self._token.kind != "end":
            self._unexpected()
        return tree

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._token
        self._next += 1
        return token

    def _took(self, sign: str) -> bool:
        found = self._token.kind == "sign" and self._token.text == sign
        self._next += found
        return found

    def _require(self, sign: str) -> None:
        if not self._took(sign):
            self._unexpected(f"; {sign!r} belongs here")

    def _unexpected(self, hint: str = "") -> NoReturn:
        token = self._token
        raise CelError(
            f"unexpected {token.text!r}{hint}" if token.text else f"ends{hint}", token.at
        )

    def _binary(self, level: int) -> Tree:
        if level == len(LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        while self._token.kind == "sign" and self._token.text in LEVELS[level]:
            operator = self._take()
            left = Binary(operator.text, left, self._binary(level + 1), operator.at)
        return left

    def _unary(self) -> Tree:
        at = self._token.at
        if self._took("!"):
            return Not(self._unary(), at)
        if self._took("-"):
            if self._token.kind not in ("int", "double"):
                self._unexpected("; a number belongs behind '-'")
            return self._number(sign="-")
        return self._member()

    def _member(self) -> Tree:
        tree = self._primary()
        while True:
            at = self._token.at
            if self._took("."):
                if self._token.kind != "name":
                    self._unexpected("; a name belongs behind '.'")
                tree = Member(tree, self._take().text, at)
            elif self._took("["):
                tree = Index(tree, self._binary(0), at)
                self._require("]")
            else:
                return tree

    def _primary(self) -> Tree:
        token = self._token
        if token.kind in ("int", "double"):
            return self._number()
        if token.kind in ("text", "raw"):
            return Literal(_string(self._take()), token.at)
        if token.kind == "name":
            return self._named()
        if not self._took("("):
            self._unexpected()
        tree = self._binary(0)
        self._require(")")
        return tree

    def _named(self) -> Tree:
        token = self._take()
        if token.text in CONSTANTS:
            return Literal(CONSTANTS[token.text], token.at)
        if not self._took("("):
            return Name(token.text, token.at)
        if token.text != "parseJson":
            raise CelError(f"no function {token.text!r}; conditions have parseJson", token.at)
        operand = self._binary(0)
        self._require(")")
        return ParseJson(operand, token.at)

    def _number(self, sign: str = "") -> Literal:
        token = self._take()
        if token.kind == "double":
            number = float(sign + token.text)
            if math.isinf(number):
                raise CelError(f"{token.text} is beyond a double", token.at)
            return Literal(number, token.at)
        value = int(sign + token.text, 16 if "x" in token.text.lower() else 10)
        if value not in INT64:
            raise CelError(f"{value} is beyond 64 bits", token.at)
        return Literal(value, token.at)


def _string(token: Token) -> str:
    if token.kind == "raw":
        return token.text[2:-1]

    def unescaped(match: re.Match[str]) -> str:
        digits = next(filter(None, match.groups()[:4]), None) or ""
        if match[6] in SIMPLE_ESCAPES:
            return SIMPLE_ESCAPES[match[6]]
        try:
            char = chr(int(match[5], 8) if match[5] else int(digits, 16))
            char.encode()  # half of a surrogate pair is no character
        except (ValueError, OverflowError):
            at = token.at + 1 + match.start()
            raise CelError(f"no such escape: {match[0]}", at) from None
        return char

    return ESCAPE.sub(unescaped, token.text[1:-1])
