"""The settings of the gate."""

from pydantic import Field

from tfx_pipeline.frozen import Frozen


class GateSettings(Frozen):
    """What a model must show on the newest data before it is blessed."""

    margin: float = Field(ge=0.0, lt=1.0)
    """The MSE must be at least this fraction below persistence's."""
    baseline_tolerance: float = Field(ge=0.0)
    """Fraction by which the MSE may exceed the baseline model's."""
    slice_bound: float = Field(gt=0.0)
    """MSE over persistence's in every hour of day, on weekdays and on weekends."""
    min_forecasts: int = Field(ge=1)
    """Slices with fewer forecasts are not judged."""
    coverage: float = Field(gt=0.0, lt=1.0)
    """Fraction of the outcomes that the band P10..P90 should hold."""
    coverage_tolerance: float = Field(ge=0.0, le=1.0)
    """By how much it may miss that, either way."""
