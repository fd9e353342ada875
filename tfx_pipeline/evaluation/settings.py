"""The settings of the gate, and of the monitor that goes on where the gate ends."""

from datetime import timedelta
from typing import Self

from pydantic import ConfigDict, Field, model_validator

from tfx_pipeline.frozen import Frozen


class GateSettings(Frozen):
    """What a model must show on the newest data before it is blessed."""

    model_config = ConfigDict(allow_inf_nan=False)

    min_time: timedelta = Field(gt=timedelta(0))
    """Hours of the newest data, each counted once for all meters, with a scored forecast."""
    margin: float = Field(ge=0.0, lt=1.0)
    """Fraction by which the MSE of the mean must be below the best naive forecast's."""
    mae_margin: float = Field(ge=0.0, lt=1.0)
    """Fraction by which the MAE of the median must be below the best naive forecast's."""
    step_bound: float = Field(gt=0.0)
    """MSE, and MAE, over the best naive forecast's at every single step ahead."""
    baseline_tolerance: float = Field(ge=0.0)
    """Fraction by which the MSE may exceed the baseline model's."""
    slice_bound: float = Field(gt=0.0)
    """MSE over the best naive forecast's in every hour of day, on weekdays, on weekends, and in
    every group of meters."""
    min_slice_time: timedelta = Field(gt=timedelta(0))
    """Slices with fewer scored hours are reported only; at most half of `min_time`."""
    coverage: float = Field(gt=0.0, lt=1.0)
    """Fraction of the outcomes that the band P10..P90 should hold."""
    coverage_tolerance: float = Field(ge=0.0, le=1.0)
    """By how much it may miss that, either way."""

    @model_validator(mode="after")
    def _most_forecasts_lie_in_large_slices(self) -> Self:
        # Weekdays or weekends hold at least half of all hours.
        if 2 * self.min_slice_time > self.min_time:
            raise ValueError(
                f"min_slice_time ({self.min_slice_time}) may be at most half of min_time "
                f"({self.min_time}), or there may be no slice to look at"
            )
        return self


class MonitoringSettings(Frozen):
    """When `household-power monitor` raises an alarm."""

    model_config = ConfigDict(allow_inf_nan=False)

    period: timedelta = Field(gt=timedelta(0))
    """The newest forecasts, whose errors are scored."""
    recent: timedelta = Field(ge=timedelta(days=1))
    """The newest inputs, which are checked for gaps, stuck sensors, physics, drift and skew."""
    confidence: float = Field(gt=0.0, lt=1.0)
    """Probability that a live figure lies between the bounds that alarms go by."""
    error_bound: float = Field(ge=1.0)
    """MSE, and MAE, over the best naive forecast's, as a multiple of what the gate found."""
    coverage_tolerance: float = Field(ge=0.0, le=1.0)
    """By how much P10..P90 may miss `gate.coverage`, either way."""
    drift: float = Field(gt=0.0, le=1.0)
    """Jensen-Shannon divergence of a measurement from the training data."""
    skew: float = Field(gt=0.0, le=1.0)
    """The same from what the pipeline reads of the same steps."""
    stale: timedelta = Field(gt=timedelta(0))
    """Time without a forecast."""
