"""What an Example holds: its features besides the measurements, and the windows of a segment."""

from pydantic import Field

from tfx_pipeline.frozen import Frozen

SPLITS: tuple[str, ...] = ("train", "eval", "test")
"""Splits in order of time, oldest first."""

WEIGHT = "weight"
"""Float [origins]: 1 where a forecast may be made and scored from that origin, else 0."""

FIRST_ORIGIN = "first_origin"
"""Int64 [1]: seconds since 1970 of origin 0, UTC; wall clock where the series has no zone."""

HOUR = "hour"
"""Int64 [1]: hour of day of origin 0 by the local clock, 0..23."""

WEEKDAY = "weekday"
"""Int64 [1]: day of week of origin 0 by the local clock, 0 = Monday."""

WEEKEND = "weekend"
"""Int64 [1]: 1 where origin 0 lies on a Saturday or Sunday, else 0."""

METER = "meter"
"""Bytes [1]: the meter's name; empty when the input has no meter column."""

GROUP = "group"
"""Bytes [1]: the meter's group; only where the series describes one."""

SAME_TIME_YESTERDAY = "same_time_yesterday"
"""Float [labels]: the target one day before each labelled step, by the local clock; NaN where it
was not observed, or where the cadence does not divide a day. For naive forecasts and the gate,
never an input of a model, which looks back as far as its window."""

SAME_TIME_LAST_WEEK = "same_time_last_week"
"""Float [labels]: the same, one week before."""


class Windowing(Frozen):
    """How one segment is cut into windows; everything in steps.

    Origin o of a segment (the step "now") stands at index `window - 1 + o`. Its window is
    `[o, o + window)` and its labels, 1..horizon steps ahead, are
    `[o + window, o + window + horizon)`. Segment number k starts its origins at step k * origins.

    A segment's series is `length` values of each measurement, of which neighbours share all but
    `origins`: the fewer origins there are to a window, the more often a value is stored.
    """

    window: int = Field(ge=3, le=20_160)
    """Steps the model looks back, the origin included; at most two weeks of minutes."""
    horizon: int = Field(ge=1, le=10_080)
    """Steps it looks ahead; at most a week of minutes."""
    origins: int = Field(ge=1, le=10_080)
    """Forecast origins per tf.Example."""

    @property
    def length(self) -> int:
        """Of a segment's series: every step that its origins see or forecast."""
        return self.origins + self.window + self.horizon - 1

    @property
    def labels(self) -> int:
        """Steps that a segment's origins forecast, from the one after origin 0 on."""
        return self.origins + self.horizon - 1

    @property
    def embargo(self) -> int:
        """Steps of data left out between two splits, so that no window reaches across."""
        return self.window + self.horizon

    def count(self, stride: int) -> int:
        """Origins of a segment that are so many apart, as many as there are from any phase."""
        return self.origins // stride

    def phases(self, stride: int) -> int:
        """Places of the first of them: from one phase or another, each origin is among them."""
        return self.origins - stride * (self.count(stride) - 1)
