"""The settings of the data gate."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from tensorflow_metadata.proto.v0 import anomalies_pb2

from tfx_pipeline.frozen import Frozen, UserPath
from tfx_pipeline.hints import did_you_mean
from tfx_pipeline.series.durations import Length, in_whole_steps

FINDINGS_PROPERTY = "findings"
"""Custom property of the DataApproval: the warnings, as in its file, in JSON."""
DRIFT_PROPERTY = "drift"
"""Custom property of the DataApproval, a list in JSON, where there were data before."""
FEWEST_EQUAL = 12
"""Steps; a few equal values in a row are chance where steps are long and values are rounded."""

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
    """Curated TFDV schema of the raw data; `{series}` stands for the series' name, and where that
    file is not there, the schema is derived from the description."""
    severity: dict[Annotated[str, AfterValidator(_is_known)], Severity]
    """TFDV anomaly type -> severity; a type that is not named is an error."""
    max_missing_fraction: Fraction
    """Of the steps without a value, which stops the pipeline, per measurement."""
    missing_fraction_warning: Fraction
    """The same, for a warning."""
    max_physics_fraction: Fraction
    """Of the steps breaking a physical law, which stops the pipeline, per law."""
    physics_fraction_warning: Fraction
    """The same, for a warning."""
    max_frozen: Length
    """Steps or a duration in which a measurement keeps one value other than zero, which stops the
    pipeline."""
    frozen_warning: Length
    """The same, for a warning."""

    @model_validator(mode="after")
    def _warns_before_it_stops(self) -> Self:
        for kind in ("missing_fraction", "physics_fraction"):
            warning, limit = getattr(self, f"{kind}_warning"), getattr(self, f"max_{kind}")
            if warning > limit:
                raise ValueError(f"{kind}_warning ({warning}) is above max_{kind} ({limit})")
        return self

    def frozen_limits(self, step: int) -> tuple[int, int]:
        """`max_frozen` and `frozen_warning` in steps, durations of at least `FEWEST_EQUAL`.

        Args:
            step: Seconds of a step.

        Raises:
            ValueError: The warning is above the limit.
        """
        limit, warning = (
            length if isinstance(length, int) else max(in_whole_steps(length, step), FEWEST_EQUAL)
            for length in (self.max_frozen, self.frozen_warning)
        )
        if warning > limit:
            raise ValueError(
                f"validation.frozen_warning ({warning} steps) is above validation.max_frozen "
                f"({limit} steps)"
            )
        return limit, warning
