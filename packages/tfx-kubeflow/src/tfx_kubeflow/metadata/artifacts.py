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


def make_artifact(cls: str, address: str, name: str, metadata: dict[str, Any]) -> Artifact:
    """Makes TFX's object of an artifact.

    Args:
        cls: Import path of its class: KFP does not hand the type over.
        address: Where it is, for the executor.
        name: KFP's name: the id in ML Metadata for an input.
        metadata: Its properties.

    Returns:
        The artifact.
    """
    artifact: Artifact = name_utils.resolve_full_name(cls)()
    artifact.uri = address
    artifact.id = numeric_id(name)
    for key, value in metadata.items():
        _set_property(artifact, key, value)
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


def _set_property(artifact: Artifact, key: str, value: Any) -> None:
    declared = artifact.artifact_type.properties
    number = isinstance(value, int | float)
    match declared.get(key):
        case metadata_store_pb2.INT if number:
            setattr(artifact, key, int(value))
        case metadata_store_pb2.DOUBLE if number:
            setattr(artifact, key, float(value))
        case metadata_store_pb2.STRING if isinstance(value, str):
            setattr(artifact, key, value)
        case metadata_store_pb2.STRUCT:
            setattr(artifact, key, value)
        case _:
            stripped = key.removeprefix(CUSTOM_PROPERTIES_PREFIX)
            key = stripped if stripped in declared else key
            if isinstance(value, str):
                artifact.set_string_custom_property(key, value)
            else:
                # A JSON number answers as an integer and as a double, whichever is asked for.
                artifact.set_json_value_custom_property(key, float(value) if number else value)


def properties(artifact: Artifact) -> dict[str, Any]:
    """Returns what KFP shall record of an artifact, without nulls."""
    message = artifact.mlmd_artifact
    declared = artifact.artifact_type.properties
    found: dict[str, Any] = {}
    for key in message.properties:
        found[key] = _json(getattr(artifact, key))
    for key, value in message.custom_properties.items():
        name = CUSTOM_PROPERTIES_PREFIX + key if key in declared else key
        kind = value.WhichOneof("value")
        if kind == "struct_value":
            found[name] = artifact.get_json_value_custom_property(key)
        elif kind is not None:
            found[name] = _json(getattr(value, kind))
    kept: dict[str, Any] = values.without_nulls(found)
    return kept


def _json(value: Any) -> Any:
    return float(value) if isinstance(value, int) else value


def prepare_output(artifact: Artifact) -> None:
    """Makes the folder that an executor writes into."""
    path = Path(artifact.uri)
    folder = path.parent if isinstance(artifact, ValueArtifact) else path
    folder.mkdir(parents=True, exist_ok=True)


def is_written(artifact: Artifact) -> bool:
    """Says whether there is anything at an artifact's place."""
    path = Path(artifact.uri)
    if path.is_file():
        return True
    return any(item.is_file() for item in path.rglob("*"))


def read_inputs(
    classes: dict[str, str], executor_input: Runtime, known: dict[str, str]
) -> dict[str, list[Artifact]]:
    """Makes the input artifacts of a step, without those that stand for nothing.

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
        items = given.get(key, {}).get("artifacts", ())
        present = [item for item in items if not uris.is_nothing(item["uri"])]
        if present:
            found[key] = [_input(cls, item, local, known.get(key)) for item in present]
    return found


def _input(cls: str, item: Runtime, local: dict[str, str], known: str | None) -> Artifact:
    metadata = values.metadata(item.get("metadata", {}))
    if known:
        metadata |= json.loads(known)
    place = local[item["uri"]]
    artifact = make_artifact(cls, place, item["name"], uris.mapped(metadata, local))
    if place != item["uri"] and not isinstance(artifact, ValueArtifact):
        # The launcher moves files; an artifact that is all metadata has lost its folder.
        Path(place).mkdir(parents=True, exist_ok=True)
    return artifact
