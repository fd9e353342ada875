"""What a push tells of a version: `<base>/.<version>.json`, for people and pages.

Its name is hidden, so that whoever lists the folder finds versions alone. Nothing is decided by it.
Versions of older pushes, and of other tools, have none.
"""

from __future__ import annotations

import posixpath
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from tfx_kubeflow.errors import StepError
from tfx_kubeflow.storage import documents


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class Origin(_Part):
    """Where a model comes from, as far as the push was told."""

    pipeline: str | None = None
    """Name of the pipeline."""
    run: str | None = None
    """Its run."""
    model: str | None = None
    """URI of the Model artifact."""
    model_id: int | None = None
    """Its number in ML Metadata."""
    pushed_model: str | None = None
    """URI of the PushedModel artifact, which holds a copy."""
    blessings: dict[str, dict[str, Any]] = {}
    """Input of the Pusher -> what the blessing's custom properties say, JSON inside them read."""
    figures: dict[str, float] = {}
    """Numbers among these, by name."""


class PushRecord(Origin):
    """A push of a version."""

    schema_version: Literal[1] = 1
    """Of the file."""
    version: str
    """Name of the version."""
    digest: str
    """SHA-256 over the names and contents of its files."""
    pushed_at: int
    """Seconds since 1970."""


def name(version: str) -> str:
    """Returns the name of the record of a version, beside it."""
    return f".{version}.json"


def path(base: str, version: str) -> str:
    """Returns the path or URI of the record of a version."""
    return posixpath.join(base, name(version))


def read(base: str, version: str) -> PushRecord | None:
    """Returns what a push told of a version; None where there is no record.

    Args:
        base: Folder or URI of the push destination.
        version: Name of the version.

    Raises:
        StepError: The file holds something else.
        OSError: It cannot be read.
    """
    content = documents.read(path(base, version)).content
    if content is None:
        return None
    try:
        return PushRecord.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        raise StepError(f"{path(base, version)}: no record of a push ({first['msg']})") from error


def write(base: str, record: PushRecord) -> None:
    """Writes the record of a version, whole or not at all, over that of a push that was killed.

    Raises:
        OSError: It cannot be written.
    """
    where = path(base, record.version)
    content = record.model_dump_json(indent=2, exclude_none=True) + "\n"
    documents.replace(where, content.encode(), documents.read(where))
