"""What an Example holds: the measurements, their order, and the windows of a segment."""

from typing import Self

from pydantic import Field, model_validator

from tfx_pipeline.frozen import Frozen

MEASUREMENTS: tuple[str, ...] = (
    "Global_active_power",
    "Global_reactive_power",
    "Voltage",
    "Global_intensity",
    "Sub_metering_1",
    "Sub_metering_2",
    "Sub_metering_3",
)
"""Raw columns in their order: kW, kW, V, A, and three times Wh per minute."""

TARGET = "Global_active_power"
"""The measurement that is forecast, in kW."""

SPLITS: tuple[str, ...] = ("train", "eval", "test")
"""Splits in order of time, oldest first."""

WEIGHT = "weight"
"""Float [origins]: 1 where a forecast may be made and scored from that origin, else 0."""

FIRST_ORIGIN = "first_origin"
"""Int64 [1]: wall-clock seconds since 1970 of origin 0."""

HOUR = "hour"
"""Int64 [1]: hour of day of origin 0, 0..23."""

WEEKDAY = "weekday"
"""Int64 [1]: day of week of origin 0, 0 = Monday."""

WEEKEND = "weekend"
"""Int64 [1]: 1 where origin 0 lies on a Saturday or Sunday, else 0."""

METER = "meter"
"""Bytes [1]: the meter's name; empty when the input has no meter column."""


class Windowing(Frozen):
    """How one segment is cut into windows; everything in minutes.

    Origin o of a segment (the minute "now") stands at index `window - 1 + o`. Its window is
    `[o, o + window)` and its labels, 1..horizon minutes ahead, are
    `[o + window, o + window + horizon)`.
    """

    window: int = Field(ge=3, le=1440)
    """Minutes the model looks back, the origin included."""
    horizon: int = Field(ge=1, le=120)
    """Minutes it looks ahead."""
    origins: int = Field(ge=1, le=60)
    """Forecast origins per tf.Example; a divisor of 60: an Example lies in one clock hour."""

    @model_validator(mode="after")
    def _divides_an_hour(self) -> Self:
        if 60 % self.origins:
            raise ValueError(f"origins must divide 60, {self.origins} does not")
        return self

    @property
    def minutes(self) -> int:
        """Length of a segment's series: every minute that its origins see or forecast."""
        return self.origins + self.window + self.horizon - 1

    @property
    def embargo(self) -> int:
        """Minutes of data left out between two splits, so that no window reaches across."""
        return self.window + self.horizon

    @property
    def strides(self) -> tuple[int, ...]:
        """Steps between origins that divide the origins, smallest first."""
        return tuple(step for step in range(1, self.origins + 1) if self.origins % step == 0)
