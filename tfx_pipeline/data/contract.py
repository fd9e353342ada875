"""What an Example holds: the measurements, their order, and how segments are framed."""

from __future__ import annotations

from dataclasses import dataclass

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
"""Float [origins]: 1 where a forecast may be made and judged from that origin, else 0."""

FIRST_ORIGIN = "first_origin"
"""Int64 [1]: wall-clock seconds since 1970 of origin 0."""

HOUR = "hour"
"""Int64 [1]: hour of day of origin 0, 0..23."""

WEEKDAY = "weekday"
"""Int64 [1]: day of week of origin 0, 0 = Monday."""

WEEKEND = "weekend"
"""Int64 [1]: 1 where origin 0 lies on a Saturday or Sunday, else 0."""

METER = "meter"
"""Bytes [1]: the household; empty when the input has no meter column."""


@dataclass(frozen=True)
class Windowing:
    """How one segment is framed into windows; everything in minutes.

    Origin o of a segment (the minute "now") stands at index `window - 1 + o`. Its window is
    `[o, o + window)` and its labels, 1..horizon minutes ahead, are
    `[o + window, o + window + horizon)`.

    Attributes:
        window: Minutes of history that a forecast sees, the origin included.
        horizon: Minutes ahead that are forecast.
        origins: Consecutive origins that one segment serves.
    """

    window: int = 50
    horizon: int = 5
    origins: int = 60

    def __post_init__(self) -> None:
        for name in ("window", "horizon", "origins"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1 minute, not {getattr(self, name)}")

    @property
    def minutes(self) -> int:
        """Length of a segment's series: every minute that its origins see or forecast."""
        return self.origins + self.window + self.horizon - 1

    @property
    def embargo(self) -> int:
        """Minutes of data left out between two splits, so that no window reaches across."""
        return self.window + self.horizon
