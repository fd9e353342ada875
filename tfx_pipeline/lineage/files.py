"""The raw data that Examples were read of: how much, and which files."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import TypeAdapter

from tfx_pipeline.data.summary import (
    DATA_FILES_FILE,
    DATA_FILES_PROPERTY,
    DATA_SUMMARY_PROPERTY,
    DataExtent,
    DataFile,
    FileList,
)
from tfx_pipeline.lineage.records import Artifact, LineageError

_FILES = TypeAdapter(tuple[DataFile, ...])


def extent_of(examples: Artifact) -> dict[str, Any]:
    """Returns the fields of their `DataExtent`; none where that was not recorded."""
    recorded = json.loads(examples.properties.get(DATA_SUMMARY_PROPERTY, "{}"))
    # Earlier releases recorded the whole summary.
    return {name: recorded[name] for name in DataExtent.model_fields if name in recorded}


def files_of(examples: Artifact) -> tuple[DataFile, ...]:
    """Returns the files that Examples were read of; none where that was not recorded.

    Raises:
        LineageError: They are many, and their list cannot be read from here.
    """
    text = examples.properties.get(DATA_FILES_PROPERTY, "[]")
    recorded = json.loads(text)
    if isinstance(recorded, list):
        return _FILES.validate_python(recorded)
    return _FILES.validate_json(_listed(examples, FileList.model_validate(recorded)))


def _listed(examples: Artifact, recorded: FileList) -> bytes:
    from tfx_kubeflow.storage import filesystems  # imports TFX, which takes a second

    path = f"{examples.uri.rstrip('/')}/{DATA_FILES_FILE}"
    try:
        with filesystems.of(path).open(path, "rb") as stream:
            content: bytes = stream.read()
    except Exception as error:  # each store has its own
        raise LineageError(
            f"data {examples.id} was read of {recorded.count:,} files, whose list is {path}; it "
            f"cannot be read from here: {error}"
        ) from error
    if hashlib.sha256(content).hexdigest() != recorded.sha256:
        raise LineageError(
            f"{path} is not the list of the {recorded.count:,} files that data {examples.id} was "
            "read of: somebody has changed it"
        )
    return content
