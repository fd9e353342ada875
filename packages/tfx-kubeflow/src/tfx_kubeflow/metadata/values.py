"""Values that changed their form on the way through Kubeflow Pipelines, turned back."""

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
