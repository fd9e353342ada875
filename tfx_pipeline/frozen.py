"""The base of typed records and of groups of settings."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A pydantic model: frozen, unknown keys refused, fields described by their docstrings."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
