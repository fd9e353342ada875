"""What serves, as state of its own: `<base>/labels.json` names the stable version and the canary.

Where there is no such file, the newest complete version serves, as TensorFlow Serving has it. Once
there is one, a push adds a version and moves nothing.
"""

from __future__ import annotations

import contextlib
import logging
import posixpath
import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tfx_kubeflow.errors import StepError
from tfx_kubeflow.storage import documents, lock

log = logging.getLogger(__name__)

FILE = "labels.json"
MOST_EVENTS = 100
"""Older ones are dropped from the history."""
ATTEMPTS, LONGEST_WAIT = 10, 0.5
"""Attempts of a change where others write as well, and seconds between them."""

Name = Literal["stable", "canary", "previous"]


class _Part(BaseModel):
    # A file of a newer release may say more; what is known of it is read.
    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class Label(_Part):
    """A version that has a label."""

    version: str = Field(pattern=r"^[+-]?[0-9]{1,200}$")
    """Its folder's name below the base."""
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    """SHA-256 over the names and contents of its files (`served_versions.digest`)."""
    since: int
    """Seconds since 1970 when it got the label."""


class Canary(Label):
    """The version that answers a part of the requests."""

    percent: int = Field(ge=1, le=50)
    """Of the requests that name no version and no label."""


class Event(_Part):
    """A change, for people."""

    at: int
    """Seconds since 1970."""
    verb: str
    """What was done: promote, canary, end canary, rollback, prune."""
    version: str
    """The version that it was done to."""
    label: Name | None = None
    """The label that this version got."""


class Labels(_Part):
    """Which versions serve, and how that came to be."""

    schema_version: Literal[1] = 1
    """Of the file."""
    stable: Label
    """Answers requests that name no version and no label, and is the gate's baseline."""
    canary: Canary | None = None
    """Answers a part of them."""
    previous: Label | None = None
    """What was stable before: where a rollback goes."""
    history: tuple[Event, ...] = ()
    """Changes, newest last, at most 100."""

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions that serve: stable and, where there is one, canary."""
        return tuple(dict.fromkeys(one.version for one in (self.stable, self.canary) if one))

    def of(self, version: str) -> list[Name]:
        """Returns the labels of a version."""
        found: dict[Name, Label | None] = {
            "stable": self.stable,
            "canary": self.canary,
            "previous": self.previous,
        }
        return [name for name, label in found.items() if label and label.version == version]


class LabelsError(StepError):
    """A labels file that cannot be read as one; the message names it and a hint."""


def path(base: str) -> str:
    """Returns the path or URI of the labels of a push destination."""
    return posixpath.join(base, FILE)


def read(base: str) -> Labels | None:
    """Returns the labels of a push destination; None where it has none.

    Args:
        base: Folder or URI of the destination.

    Raises:
        LabelsError: The file holds something else.
        OSError: It cannot be read.
    """
    return _parsed(base, documents.read(path(base)).content)


def change(base: str, step: Callable[[Labels | None], Labels]) -> Labels:
    """Changes the labels of a push destination, such that no other writer's change is lost.

    Args:
        base: Folder or URI of the destination.
        step: From the labels that are there, which may be none, to those that shall be. It may be
            called several times: each time another writer was faster. In a folder it runs under
            the lock that pushes take.

    Returns:
        The labels that are there now.

    Raises:
        StepError: Others write all the time; or what `step` raises.
        OSError: They cannot be written; what was there still is.
    """
    for attempt in range(ATTEMPTS):
        time.sleep(random.uniform(0, LONGEST_WAIT) if attempt else 0)  # noqa: S311, no secret
        with contextlib.suppress(documents.Conflict), turn(base):
            seen = documents.read(path(base))
            found = _parsed(base, seen.content)
            wanted = step(found)
            if wanted != found:
                wanted = wanted.model_copy(update={"history": wanted.history[-MOST_EVENTS:]})
                content = wanted.model_dump_json(indent=2) + "\n"
                documents.replace(path(base), content.encode(), seen)
            return wanted
    raise StepError(f"{path(base)}: others change it all the time; try again")


def turn(base: str) -> AbstractContextManager[None]:
    """Holds the lock of a folder of versions; an object store has none."""
    return contextlib.nullcontext() if "://" in base else lock.held(Path(base))


def _parsed(base: str, content: bytes | None) -> Labels | None:
    if content is None:
        return None
    try:
        return Labels.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise LabelsError(
            f"{path(base)}: {field + ': ' if field else ''}{first['msg']}; restore the file, or "
            "remove it, so that the newest version serves"
        ) from error
