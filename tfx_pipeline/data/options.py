"""The settings of the raw data: which are read, and how they become windows, all in steps."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from pydantic import Field, ValidationError, model_validator

from tfx_pipeline.data.contract import Windowing
from tfx_pipeline.frozen import Frozen, UserPath
from tfx_pipeline.series.durations import Length, in_steps
from tfx_pipeline.series.spec import SeriesSpec


class DataRules(Frozen):
    """How the raw data are read and cut, wherever they are."""

    rows: int | None = Field(ge=1)
    """Read only the first N rows of the input; null: all."""
    max_bad_rows: int = Field(ge=0)
    """Isolated unreadable rows accepted; they are counted, reported and become missing steps."""
    train_fraction: float = Field(gt=0.0, lt=1.0)
    """Of the time range, the oldest part, to train on."""
    eval_fraction: float = Field(gt=0.0, lt=1.0)
    """Of the time range after it, for tuning; the newest rest, the test split, is the gate's."""

    @model_validator(mode="after")
    def _leaves_a_test_split(self) -> Self:
        if self.train_fraction + self.eval_fraction >= 1.0:
            raise ValueError("train_fraction + eval_fraction must leave a newest part for the gate")
        return self


class WindowingSettings(Frozen):
    """How the series is cut into windows: lengths in steps, or durations such as P7D."""

    cadence: timedelta | None
    """One step, an ISO 8601 duration; null: as the series is described."""
    window: Length
    """How far the model looks back."""
    horizon: Length
    """How far it looks ahead."""
    origins: Length
    """Forecast origins per tf.Example."""

    def at_cadence(self, series: SeriesSpec) -> SeriesSpec:
        """The series in steps of `cadence`.

        Raises:
            ValueError: The cadence cannot be one.
        """
        if self.cadence is None:
            return series
        try:
            return series.at(self.cadence)
        except ValidationError as error:
            raise ValueError(f"windowing.{reason(error)}") from error

    def shape(self, step: int) -> Windowing:
        """The lengths in steps.

        Args:
            step: Seconds of a step.

        Raises:
            ValueError: A duration is no whole number of steps, or a length is out of bounds.
        """
        lengths = {}
        for name in Windowing.model_fields:
            try:
                lengths[name] = in_steps(getattr(self, name), step)
            except ValueError as error:
                raise ValueError(f"windowing.{name}: {error}") from error
        try:
            return Windowing(**lengths)
        except ValidationError as error:
            raise ValueError(f"windowing.{reason(error)}") from error


class DataSettings(DataRules):
    """Where the raw data are and how they are cut."""

    path: UserPath | None
    """File, folder or pattern, with spans as span-{SPAN}; null: what the description of the series
    names, or else the embedded UCI data set."""
    max_gap: Length
    """Steps or a duration; a longer run without the target ends an interval, which no window
    crosses."""

    def options(self, series: SeriesSpec, windowing: Windowing) -> DataOptions:
        """Everything that decides which Examples come out of the same files.

        Raises:
            ValueError: `max_gap` is no whole number of steps, or is not below the window.
        """
        try:
            max_gap = in_steps(self.max_gap, series.step)
        except ValueError as error:
            raise ValueError(f"data.max_gap: {error}") from error
        rules = self.model_dump(exclude={"path", "max_gap"})
        try:
            return DataOptions(series=series, windowing=windowing, max_gap=max_gap, **rules)
        except ValidationError as error:
            raise ValueError(reason(error)) from error


class DataOptions(DataRules):
    """Everything that decides which Examples come out of the same files."""

    series: SeriesSpec
    """What the files hold, and at which cadence it is read."""
    windowing: Windowing
    """Shape of a segment."""
    max_gap: int = Field(ge=0)
    """Steps; a longer run without the target ends an interval, which no window crosses."""

    @model_validator(mode="after")
    def _fits_the_window(self) -> Self:
        if self.max_gap >= self.windowing.window:
            raise ValueError(
                f"data.max_gap ({self.max_gap}) must be smaller than windowing.window "
                f"({self.windowing.window}): a window needs at least one observed step"
            )
        return self


def reason(error: ValidationError) -> str:
    """What is wrong with the first of the fields that are, in one line."""
    first = error.errors(include_url=False)[0]
    place = ".".join(map(str, first["loc"]))
    message = first["msg"].removeprefix("Value error, ")
    shown = f" (is {first['input']!r})" if place and not isinstance(first["input"], dict) else ""
    return f"{place}: {message}{shown}" if place else message
