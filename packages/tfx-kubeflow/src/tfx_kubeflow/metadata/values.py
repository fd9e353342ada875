"""Values that changed their form on the way through Kubeflow Pipelines, turned back."""

import json
from typing import Any

LAUNCHER_METADATA = ("display_name", "store_session_info")
"""What KFP adds to an artifact's metadata for itself."""


def unwrapped(value: Any) -> Any:
    """Turns KFP's `{"list": ...}` and `{"struct": ...}` back into lists and mappings."""
    if isinstance(value, dict):
        if value.keys() == {"list"}:
            return unwrapped(value["list"])
        if value.keys() == {"struct"}:
            return unwrapped(value["struct"])
        return {key: unwrapped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unwrapped(item) for item in value]
    return value


def metadata(raw: dict[str, Any]) -> dict[str, Any]:
    """Returns an artifact's metadata without KFP's own, in its original form."""
    return {key: unwrapped(value) for key, value in raw.items() if key not in LAUNCHER_METADATA}


def without_nulls(value: Any) -> Any:
    """Drops nulls, which KFP's launcher does not take in metadata."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value if item is not None]
    return value


def parameter(value: Any, kind: str) -> Any:
    """Turns a parameter back into what the executor takes.

    Args:
        value: What KFP hands over.
        kind: int, float, str, bool, json, or message:<import path>.

    Raises:
        ValueError: The value is not of that kind.
    """
    if kind == "bool":
        return value if isinstance(value, bool) else bool(json.loads(str(value).lower()))
    if kind == "int":
        return int(float(value)) if not isinstance(value, str) else int(value)
    if kind == "float":
        return float(value)
    if kind == "json":
        return json.loads(value) if isinstance(value, str) else value
    if kind.startswith("message:"):
        return _message(value, kind.removeprefix("message:"))
    return value if isinstance(value, str) else json.dumps(value)


def _message(text: str, path: str) -> Any:
    from google.protobuf import json_format
    from tfx.utils import name_utils

    return json_format.Parse(text, name_utils.resolve_full_name(path)())
