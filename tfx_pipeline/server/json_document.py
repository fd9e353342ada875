"""The JSON of a request's body, as TensorFlow Serving reads it: with NaN and Infinity."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import orjson

from tfx_pipeline.server.errors import ServingError, invalid

COLON = re.compile(rb'"\s*:')
EXPONENT = re.compile(rb"[eE]\+?[0-9]{3}")
AS_NINES = bytes.maketrans(b"012345678", b"9" * 9)
DIGITS = b"9" * 309
"""Of the smallest number that a double cannot hold and that has no exponent."""


def parse(body: bytes) -> dict[str, Any]:
    """Returns the object that a body holds.

    Raises:
        ServingError: It is no JSON object, has a key twice, or is nested too deeply.
    """
    if not body.strip():
        raise invalid("the body is empty; it must be a JSON object")
    document = _fast(body)
    if document is None:
        document = _exact(body)
    if not isinstance(document, dict):
        raise invalid(f"the body must be a JSON object, is {kind(document)}")
    return document


def kind(value: Any) -> str:
    """Returns what JSON calls a value."""
    names = {dict: "an object", list: "an array", str: "a string", bool: "true or false"}
    return names.get(type(value), "null" if value is None else "a number")


def _fast(body: bytes) -> Any:
    """What the body holds; None where the exact parser must look at it.

    orjson takes the last of several equal keys; it knows no NaN, and refuses what is beyond a
    double. There are at most as many keys as
    there are quotes before a colon, so where as many came out as that, none was there twice.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return document if _keys(document) == len(COLON.findall(body)) else None


def _keys(document: Any) -> int:
    """Keys down to the rows of `instances`, which is as deep as they usually go."""
    if not isinstance(document, dict):
        return 0
    inner = 0
    for value in document.values():
        if isinstance(value, dict):
            inner += len(value)
        elif isinstance(value, list):
            inner += sum(len(row) for row in value if isinstance(row, dict))
    return len(document) + inner


def _exact(body: bytes) -> Any:
    try:
        text = body.decode()
        return json.loads(
            text,
            object_pairs_hook=_without_duplicates,
            parse_float=_double if _maybe_huge(body) else None,
        )
    except UnicodeDecodeError as error:
        raise invalid(f"JSON Parse error: byte {error.start} is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise invalid(f"JSON Parse error: {error.msg} at offset: {error.pos}") from error
    except RecursionError as error:
        raise invalid("JSON Parse error: nested too deeply") from error
    except ServingError:
        raise
    except ValueError as error:  # a number of thousands of digits
        raise invalid(f"JSON Parse error: {error}") from error


def _maybe_huge(body: bytes) -> bool:
    """Whether a number may be beyond a double, which Python would read as infinite."""
    return bool(EXPONENT.search(body)) or DIGITS in body.translate(AS_NINES)


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise invalid(f"JSON Parse error: key {twice!r} is there twice")
    return found


def _double(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise invalid(f"JSON Parse error: {text[:40]} is beyond a double")
    return value
