"""A step's parameters: from what Kubeflow Pipelines hands over to the executor's own values."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from tfx_kubeflow.protocol import RUNTIME_PARAMETER, received


def unescaped(given: Mapping[str, Any], escaped: Collection[str]) -> dict[str, Any]:
    """Returns the parameters as the pipeline's author wrote them.

    Args:
        given: What Kubeflow Pipelines hands over.
        escaped: Parameters whose text is JSON, since Argo would have expanded braces in it.

    Returns:
        The parameters, runtime parameters within them filled in.
    """
    runtime = {
        name.removeprefix(RUNTIME_PARAMETER): value
        for name, value in given.items()
        if name.startswith(RUNTIME_PARAMETER)
    }
    found = {}
    for name, value in given.items():
        if name.startswith(RUNTIME_PARAMETER):
            continue
        if name in escaped:
            text = json.loads(value)
        else:
            text = received(value) if isinstance(value, str) else value
        if runtime and isinstance(text, str) and f'"{RUNTIME_PARAMETER}"' in text:
            text = json.dumps(_filled_in(json.loads(text), runtime))
        found[name] = text
    return found


def _filled_in(value: Any, runtime: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        if value.keys() == {RUNTIME_PARAMETER}:
            return runtime[value[RUNTIME_PARAMETER]]
        return {key: _filled_in(item, runtime) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled_in(item, runtime) for item in value]
    return value


def parameter(value: Any, kind: str) -> Any:
    """Turns a parameter back into what the executor takes.

    Args:
        value: What Kubeflow Pipelines hands over.
        kind: int, float, str, bool, json, jsonable, or message:<import path>.

    Raises:
        ValueError: The value is not of that kind.
    """
    if kind == "bool":
        return value if isinstance(value, bool) else bool(json.loads(str(value).lower()))
    if kind == "int":
        return int(value) if isinstance(value, str) else int(float(value))
    if kind == "float":
        return float(value)
    if kind == "json":
        return json.loads(value) if isinstance(value, str) else value
    if kind == "jsonable":
        return _jsonable(value)
    if kind.startswith("message:"):
        return _message(value, kind.removeprefix("message:"))
    return value if isinstance(value, str) else json.dumps(value)


def _jsonable(text: str) -> Any:
    from tfx.utils import json_utils

    return json_utils.loads(text)


def _message(text: str, path: str) -> Any:
    from google.protobuf import json_format
    from tfx.utils import name_utils

    return json_format.Parse(text, name_utils.resolve_full_name(path)())
