"""The base of typed records and of groups of settings."""

import os
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


class Frozen(BaseModel):
    """A pydantic model: frozen, unknown keys refused, fields described by their docstrings."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def _expanded(path: str) -> str:
    if not path.strip():
        raise ValueError("must name a path")
    return os.path.expanduser(path)  # noqa: PTH111, a URI or a pattern as well


UserPath = Annotated[str, AfterValidator(_expanded)]
"""A path as people write it: `~` is their home, and nothing is not the current folder."""
