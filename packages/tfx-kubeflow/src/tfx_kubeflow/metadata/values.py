"""Values of properties, as Kubeflow Pipelines keeps them, and turned back.

KFP's metadata is JSON on its way into ML Metadata and out of it: numbers are doubles, booleans come
back as numbers, lists and mappings in a wrapper; nulls are errors. What would not come back as it
was goes as text or number, and a property of the step's own, KINDS, has what it is.
"""

from __future__ import annotations

import base64
import json
import math
from typing import Any

from google.protobuf import any_pb2

from tfx_kubeflow.protocol import expands, hidden

LAUNCHER_METADATA = ("display_name", "store_session_info")
"""What KFP adds to an artifact's metadata for itself."""
KINDS = "tfx_kubeflow_kinds"
"""Property that holds, as JSON, the kind of each property that does not show it."""
EXECUTOR_FLAGS = "executor_flags"
"""Custom property of an artifact: the flags of the executor that made it, with spaces between."""
EXACT = 2**53
"""Integers up to here are doubles without loss."""


def metadata(raw: dict[str, Any]) -> dict[str, Any]:
    """Returns an artifact's metadata without KFP's own and without its wrappers."""
    return {key: _unwrapped(value) for key, value in raw.items() if key not in LAUNCHER_METADATA}


def _unwrapped(value: Any) -> Any:
    return next(iter(value.values())) if _is_wrapper(value) else value


def _is_wrapper(value: Any) -> bool:
    match value:
        case {"list": list()} | {"struct": dict()}:
            return len(value) == 1
    return False


def without_nulls(properties: dict[str, Any]) -> dict[str, Any]:
    """Drops properties that are null, which KFP's launcher does not take."""
    return {key: value for key, value in properties.items() if value is not None}


def encoded(value: Any, in_json: bool = False) -> tuple[Any, str | None]:
    """Returns a value as KFP keeps it, and its kind where that does not show.

    Args:
        value: A property's value; a protobuf is packed as an Any.
        in_json: It is a JSON value, which is not the same as the text or boolean in it; yet it is
            kept as they are, since conditions compare it with them.
    """
    match value:
        case any_pb2.Any():
            return base64.b64encode(value.SerializeToString()).decode("ascii"), "proto"
        case str() if expands(value):
            return hidden(value), "json"
        case str() if in_json:
            return value, "json_str"
        case bool():
            return float(value), "json_bool" if in_json else "bool"
        case int() if in_json:
            return float(value), None
        case int():
            return (float(value), None) if abs(value) <= EXACT else (str(value), "int")
        case float() if not math.isfinite(value):
            return (json.dumps(value), "json") if in_json else (str(value), "float")
        case list() | dict() if (
            _is_wrapper(value) or not _is_json(value) or expands(json.dumps(value))
        ):
            return hidden(value), "json"
    return value, None


def decoded(value: Any, kind: str | None) -> Any:
    """Returns the value of which `encoded` made this, given its kind.

    Raises:
        ValueError: It is none of that kind.
    """
    match kind:
        case "bool" | "json_bool":
            return bool(value)
        case "int":
            return int(value)
        case "float":
            return float(value)
        case "json":
            return json.loads(value)
        case "proto":
            return any_pb2.Any.FromString(base64.b64decode(value, validate=True))
    return value


def _is_json(value: Any) -> bool:
    """Says whether a value holds no NaN and no infinity, which JSON cannot hold."""
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True
