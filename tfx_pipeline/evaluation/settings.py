"""The settings of the gate."""

from typing import Self

from pydantic import ConfigDict, Field, model_validator

from tfx_pipeline.frozen import Frozen


class GateSettings(Frozen):
    """What a model must show on the newest data before it is blessed."""

    model_config = ConfigDict(allow_inf_nan=False)

    min_forecasts: int = Field(ge=1)
    """Scored forecasts without which nothing is blessed."""
    margin: float = Field(ge=0.0, lt=1.0)
    """Fraction by which the MSE of the mean must be below the naive forecast's."""
    mae_margin: float = Field(ge=0.0, lt=1.0)
    """Fraction by which the MAE of the median must be below the naive forecast's."""
    baseline_tolerance: float = Field(ge=0.0)
    """Fraction by which the MSE may exceed the baseline model's."""
    slice_bound: float = Field(gt=0.0)
    """MSE over the naive forecast's in every hour of day, on weekdays and on weekends."""
    min_slice_forecasts: int = Field(ge=1)
    """Slices with fewer forecasts are reported only; at most half of `min_forecasts`."""
    coverage: float = Field(gt=0.0, lt=1.0)
    """Fraction of the outcomes that the band P10..P90 should hold."""
    coverage_tolerance: float = Field(ge=0.0, le=1.0)
    """By how much it may miss that, either way."""

    @model_validator(mode="after")
    def _most_forecasts_lie_in_large_slices(self) -> Self:
        # Weekdays or weekends hold at least half of all forecasts.
        if 2 * self.min_slice_forecasts > self.min_forecasts:
            raise ValueError(
                f"min_slice_forecasts ({self.min_slice_forecasts}) may be at most half of "
                f"min_forecasts ({self.min_forecasts}), or there may be no slice to look at"
            )
        return self
