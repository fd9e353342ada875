"""The settings of the data gate."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from tensorflow_metadata.proto.v0 import anomalies_pb2

from tfx_pipeline.frozen import Frozen, UserPath
from tfx_pipeline.hints import did_you_mean

Severity = Literal["error", "warning", "ignore"]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]


def _is_known(name: str) -> str:
    known = anomalies_pb2.AnomalyInfo.Type.keys()
    if name not in known:
        raise ValueError(f"no anomaly type of TFDV{did_you_mean(name, known)}")
    return name


class ValidationSettings(Frozen):
    """What the data gate lets through."""

    schema_file: UserPath
    """Curated TFDV schema of the raw data."""
    severity: dict[Annotated[str, AfterValidator(_is_known)], Severity]
    """TFDV anomaly type -> severity; a type that is not named is an error."""
    max_missing_fraction: Fraction
    """Of the minutes without a value, which stops the pipeline, per measurement."""
    missing_fraction_warning: Fraction
    """The same, for a warning."""
    max_physics_fraction: Fraction
    """Of the minutes breaking a physical law, which stops the pipeline, per law."""
    physics_fraction_warning: Fraction
    """The same, for a warning."""
    max_frozen_minutes: int = Field(ge=1)
    """In which a measurement keeps one value other than zero, which stops the pipeline."""
    frozen_minutes_warning: int = Field(ge=1)
    """The same, for a warning."""

    @model_validator(mode="after")
    def _warns_before_it_stops(self) -> Self:
        for kind in ("missing_fraction", "physics_fraction", "frozen_minutes"):
            warning, limit = getattr(self, f"{kind}_warning"), getattr(self, f"max_{kind}")
            if warning > limit:
                raise ValueError(f"{kind}_warning ({warning}) is above max_{kind} ({limit})")
        return self
