"""Artifacts: from KFP's ExecutorInput to TFX's objects, and back into its ExecutorOutput."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from ml_metadata.proto import metadata_store_pb2
from tfx.types.artifact import CUSTOM_PROPERTIES_PREFIX, Artifact
from tfx.types.value_artifact import ValueArtifact
from tfx.utils import name_utils

from tfx_kubeflow.metadata import values
from tfx_kubeflow.storage import uris

Runtime = dict[str, Any]
"""A RuntimeArtifact in JSON."""
DECLARED_KINDS = {
    metadata_store_pb2.INT: "int",
    metadata_store_pb2.DOUBLE: "float",
    metadata_store_pb2.BOOLEAN: "bool",
    metadata_store_pb2.PROTO: "proto",
}
"""Type of a declared property -> its kind, which need not be recorded."""


def make_artifact(cls: str, uri: str, name: str, metadata: dict[str, Any]) -> Artifact:
    """Makes TFX's object of an artifact.

    Args:
        cls: Import path of its class: KFP does not hand the type over.
        uri: Where it is, for the executor.
        name: KFP's name: the id in ML Metadata for an input.
        metadata: Its properties.

    Returns:
        The artifact.
    """
    artifact: Artifact = name_utils.resolve_full_name(cls)()
    artifact.uri = uri
    artifact.id = numeric_id(name)
    metadata = dict(metadata)
    kinds = json.loads(metadata.pop(values.KINDS, "{}"))
    for key, value in metadata.items():
        _set_property(artifact, key, value, kinds.get(key))
    fresh: Artifact = type(artifact)()
    fresh.set_mlmd_artifact(artifact.mlmd_artifact)  # the setters' caches would win over it
    return fresh


def title(cls: type[Artifact]) -> str:
    """Returns the name under which KFP records the artifacts of a class."""
    standard = cls.__module__.startswith("tfx.types.")
    return ("tfx." if standard else "") + str(cls.TYPE_NAME)


def numeric_id(name: str) -> int:
    """Returns an id for a name: KFP's names of inputs are ids, those of outputs are keys."""
    if name.isdigit():
        return int(name)
    return int(hashlib.sha256(name.encode()).hexdigest()[:15], 16)


def _set_property(artifact: Artifact, key: str, value: Any, kind: str | None) -> None:
    declared = artifact.artifact_type.properties
    if key in declared and _fits(value, declared[key]):
        value = values.decoded(value, kind or DECLARED_KINDS.get(declared[key]))
        if declared[key] == metadata_store_pb2.PROTO:
            artifact.mlmd_artifact.properties[key].proto_value.CopyFrom(value)
        else:
            setattr(artifact, key, value)
        return
    stripped = key.removeprefix(CUSTOM_PROPERTIES_PREFIX)
    prefixed = stripped in declared or stripped in values.LAUNCHER_METADATA
    _set_custom_property(artifact, stripped if prefixed else key, value, kind)


def _fits(value: Any, kind: int) -> bool:
    """Says whether a value is one of a declared type; else it is kept beside it."""
    match kind:
        case metadata_store_pb2.INT | metadata_store_pb2.DOUBLE | metadata_store_pb2.BOOLEAN:
            return isinstance(value, int | float) or _is_number(value)
        case metadata_store_pb2.STRING | metadata_store_pb2.PROTO:
            return isinstance(value, str)
    return True


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _set_custom_property(artifact: Artifact, key: str, value: Any, kind: str | None) -> None:
    value = values.decoded(value, kind)
    match kind:
        case "int":
            artifact.set_int_custom_property(key, value)
        case "float":
            artifact.set_float_custom_property(key, value)
        case "bool":
            artifact.set_bool_custom_property(key, value)
        case "proto":
            artifact.mlmd_artifact.custom_properties[key].proto_value.CopyFrom(value)
        case None if isinstance(value, str):
            artifact.set_string_custom_property(key, value)
        case _:
            # A JSON number answers as an integer and as a double, whichever is requested.
            number = isinstance(value, int | float) and not isinstance(value, bool)
            artifact.set_json_value_custom_property(key, float(value) if number else value)


def properties(artifact: Artifact) -> dict[str, Any]:
    """Returns what KFP shall record of an artifact, without nulls."""
    message = artifact.mlmd_artifact
    declared = artifact.artifact_type.properties
    found: dict[str, Any] = {}
    kinds: dict[str, str | None] = {}
    for key, value in message.properties.items():
        in_json = value.WhichOneof("value") == "struct_value"
        content = getattr(artifact, key) if in_json else _content(value)
        found[key], kind = values.encoded(content, in_json)
        kinds[key] = kind if kind != DECLARED_KINDS.get(declared[key]) else None
    for key, value in message.custom_properties.items():
        in_json = value.WhichOneof("value") == "struct_value"
        content = artifact.get_json_value_custom_property(key) if in_json else _content(value)
        taken = key in declared or key in values.LAUNCHER_METADATA
        name = CUSTOM_PROPERTIES_PREFIX + key if taken else key
        found[name], kinds[name] = values.encoded(content, in_json)
    hidden = {name: kind for name, kind in kinds.items() if kind is not None}
    if hidden:
        found[values.KINDS] = json.dumps(hidden, sort_keys=True)
    return values.without_nulls(found)


def _content(value: metadata_store_pb2.Value) -> Any:
    kind = value.WhichOneof("value")
    return None if kind is None else getattr(value, kind)


def prepare_output(artifact: Artifact) -> None:
    """Makes the folder that an executor writes into."""
    path = Path(artifact.uri)
    folder = path.parent if isinstance(artifact, ValueArtifact) else path
    folder.mkdir(parents=True, exist_ok=True)


def is_written(artifact: Artifact) -> bool:
    """Says whether there is anything at an artifact's URI."""
    path = Path(artifact.uri)
    if path.is_file():
        return True
    return any(item.is_file() for item in path.rglob("*"))


def read_inputs(
    classes: dict[str, str], executor_input: Runtime, known: dict[str, str]
) -> dict[str, list[Artifact]]:
    """Makes the input artifacts of a step.

    As in TFX, an input for which there is nothing is empty, and one that nothing is connected to is
    not among them.

    Args:
        classes: Key -> import path of the class.
        executor_input: KFP's ExecutorInput.
        known: Key -> JSON metadata that an importer could not pass on.
    """
    given = executor_input.get("inputs", {}).get("artifacts", {})
    local = {
        item["uri"]: uris.to_local(item["uri"])
        for group in given.values()
        for item in group.get("artifacts", ())
    }
    found = {}
    for key, cls in classes.items():
        if key in given:
            items = given[key].get("artifacts", ())
            present = [item for item in items if not uris.is_null(item["uri"])]
            found[key] = [_input(cls, item, local, known.get(key)) for item in present]
    return found


def _input(cls: str, item: Runtime, local: dict[str, str], known: str | None) -> Artifact:
    metadata = values.metadata(item.get("metadata", {}))
    if known:
        metadata |= json.loads(known)
    path = local[item["uri"]]
    artifact = make_artifact(cls, path, item["name"], uris.mapped(metadata, local))
    if path != item["uri"] and not isinstance(artifact, ValueArtifact):
        # The launcher moves files; an artifact that is all metadata has lost its folder.
        Path(path).mkdir(parents=True, exist_ok=True)
    return artifact
