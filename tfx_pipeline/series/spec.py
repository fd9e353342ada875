"""The description of a series: what a file's columns hold, and how they become steps.

One frozen value, `SeriesSpec`, which everything else receives; no name or unit of a measurement
stands outside it and the presets. `tfx_pipeline.series.files` reads it from YAML.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from tfx_pipeline.frozen import Frozen
from tfx_pipeline.series import time_format, units

RESERVED = frozenset(
    (
        *("weight", "first_origin", "hour", "weekday", "weekend", "meter", "group"),
        *("timestamp", "examples", "same_time_yesterday", "same_time_last_week"),
    )
)
"""Names that examples and requests use for themselves."""

Aggregate = Literal["mean", "sum", "difference", "last", "min", "max"]
"""How the rows of a step become its value: power is averaged, energy per interval summed, of a
counter that only rises the differences are taken."""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise ValueError(f"{name!r} is no time zone") from error
    except KeyError as error:
        raise ValueError(f"{name!r} is no time zone, such as Europe/Paris or UTC") from error
    return name


def _one_or_many(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Zone = Annotated[str, AfterValidator(_zone)]
Names = Annotated[tuple[str, ...], BeforeValidator(_one_or_many)]
"""One name or several."""


class Layout(Frozen):
    """How a kind of file writes its rows. CSV has a delimiter and a decimal sign; Parquet neither.

    A file is of the first layout whose timestamp columns it has.
    """

    timestamp: Names = Field(min_length=1, max_length=2)
    """The column with a row's time, or the two with its date and its time of day."""
    format: str = Field(default="iso", min_length=1)
    """`iso`, `seconds` or `milliseconds` since 1970, or the columns' strptime pattern, joined by a
    blank where there are two, such as `%d/%m/%Y %H:%M:%S`; without a zone it is local time."""
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    """Between two fields."""
    decimal: Literal[".", ","] = "."
    """Between units and tenths."""
    thousands: Literal[".", ",", " ", "'"] | None = None
    """Between thousands, where numbers are written so; a blank stands for narrow ones as well."""
    zone: Zone | None = None
    """Of its local times, where it is not the series': UTC, or Etc/GMT-1 for a clock that keeps
    Central European winter time."""

    @model_validator(mode="after")
    def _can_be_told_apart(self) -> Self:
        if self.delimiter == self.decimal:
            raise ValueError(f"delimiter and decimal are both {self.decimal!r}")
        if self.thousands == self.decimal:
            raise ValueError(f"thousands and decimal are both {self.decimal!r}")
        if not self.delimiter.isascii() or self.delimiter.isalnum() or self.delimiter in '"\n\r\0':
            raise ValueError(f"delimiter: {self.delimiter!r} cannot stand between two fields")
        return self

    @model_validator(mode="after")
    def _format_can_be_read(self) -> Self:
        if self.format == time_format.ISO or (
            self.format in time_format.EPOCHS and len(self.timestamp) == 1
        ):
            return self
        if self.format in time_format.EPOCHS:
            raise ValueError(f"format: {self.format} are of one column")
        faults = time_format.faults(self.format, len(self.timestamp))
        if faults:
            raise ValueError(f"format: {self.format!r}: {'; '.join(faults)}")
        return self


class Measurement(Frozen):
    """One column with numbers."""

    model_config = ConfigDict(allow_inf_nan=False)

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=64)
    """In examples, requests and reports."""
    column: str = Field(default="", validate_default=True)
    """In the file's header; the name unless given."""
    unit: str = Field(min_length=1, max_length=16)
    """Of a step's value: W, kW, Wh, kWh, V, A, degC, EUR/kWh; energy is per step."""
    aggregate: Aggregate = "mean"
    """How the rows of a step become its value."""
    lowest: float | None = None
    """Lowest value that is possible at all, in `unit`; 0 where nothing is fed back."""
    highest: float | None = None
    """Highest value that is possible at all."""
    restless: bool = False
    """Whether a value other than zero that stays the same for long means a stuck sensor."""
    part_of_target: bool = False
    """Whether it measures a part of what the target measures, as a sub-meter does."""

    @model_validator(mode="before")
    @classmethod
    def _column_is_the_name(cls, values: object) -> object:
        if isinstance(values, dict) and not values.get("column"):
            return values | {"column": values.get("name", "")}
        return values

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.name.lower() in RESERVED:
            raise ValueError(f"name: {self.name!r} is used by the pipeline itself; take another")
        if self.lowest is not None and self.highest is not None and self.lowest >= self.highest:
            raise ValueError(f"lowest ({self.lowest:g}) must be below highest ({self.highest:g})")
        return self


class PowerTriangle(Frozen):
    """The measurements of one connection that physics ties together, by name."""

    active: str
    """Active power, kW."""
    reactive: str
    """Reactive power, kvar (also written kW)."""
    voltage: str
    """V."""
    current: str
    """A."""


_TRIANGLE = {"active": "kW", "reactive": "kvar", "voltage": "V", "current": "A"}


class SeriesSpec(Frozen):
    """One series, or one for each of many meters."""

    schema_version: Literal[1] = 1
    """Of this description."""
    layouts: tuple[Layout, ...] = Field(min_length=1)
    """How its files may be written."""
    zone: Zone | None = None
    """Of local times in the files, and of the calendar: hours and days are the local clock's.
    null: a clock without summer time, in no zone."""
    interval_ends: bool = False
    """Whether a row's time is the end of the interval that it measures, or its start."""
    meter: Names = ()
    """The column that names a row's meter, where a file has it; of several the one that it has."""
    meter_columns: Names = ()
    """Patterns such as `MT_*` of columns that hold the target of one meter each, named by them."""
    group: str | None = None
    """The column that names the group of a row's meter, such as its tariff; for slices."""
    cadence: timedelta = Field(ge=timedelta(seconds=1), le=timedelta(days=1))
    """One step: an ISO 8601 duration of whole seconds, up to a day."""
    target: Measurement
    """What is forecast."""
    covariates: tuple[Measurement, ...] = ()
    """Known up to now."""
    known_ahead: tuple[Measurement, ...] = ()
    """Known as far ahead as is forecast: a temperature forecast, a tariff."""
    holidays: str | None = None
    """Country, or country-subdivision, whose public holidays are known: FR, DE-BY."""
    power_triangle: PowerTriangle | None = None
    """The measurements that the laws of the power triangle hold for."""
    ignored: Names = ()
    """Columns of the file, or patterns of them, that are not read."""

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """All of them, the target first."""
        return (self.target, *self.covariates, *self.known_ahead)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the measurements, the target's first: the order of every array of values."""
        return tuple(one.name for one in self.measurements)

    @property
    def step(self) -> int:
        """Seconds of a step."""
        return round(self.cadence.total_seconds())

    @property
    def parts(self) -> dict[str, float]:
        """Measurement that is a part of the target -> factor to the target's unit."""
        return {
            one.name: units.factor(one.unit, self.target.unit, self.step)
            for one in self.measurements
            if one.part_of_target
        }

    def steps(self, duration: timedelta) -> int | None:
        """A duration in steps; None where they do not divide it."""
        steps, rest = divmod(duration, self.cadence)
        return None if rest else steps

    def at(self, cadence: timedelta) -> SeriesSpec:
        """The same series in other steps; bounds of what is summed in a step grow with it.

        Raises:
            ValidationError: The cadence cannot be one.
        """
        ratio = cadence / self.cadence

        def stretched(one: Measurement) -> Measurement:
            if one.aggregate not in ("sum", "difference"):
                return one
            bounds = {"lowest": one.lowest, "highest": one.highest}
            return one.model_copy(
                update={
                    name: bound if bound is None else bound * ratio
                    for name, bound in bounds.items()
                }
            )

        changes = {
            "cadence": cadence,
            "target": stretched(self.target),
            "covariates": tuple(map(stretched, self.covariates)),
            "known_ahead": tuple(map(stretched, self.known_ahead)),
        }
        return SeriesSpec.model_validate({**dict(self), **changes})

    @model_validator(mode="after")
    def _is_one_series(self) -> Self:
        faults = list(self._faults())
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _faults(self) -> Iterator[str]:
        if self.cadence.microseconds:
            yield f"cadence: {self.cadence} is not of whole seconds"
        for name, count in Counter(name.lower() for name in self.names).items():
            if count > 1:
                yield f"{count} measurements are called {name}"
        columns = Counter(one.column.lower() for one in self.measurements)
        for column, count in columns.items():
            if count > 1 and not self.meter_columns:
                yield f"{count} measurements are of the column {column}"
        if self.zone is None and any(layout.zone for layout in self.layouts):
            yield "a layout has a zone; name the series' zone, too"
        if self.meter and self.meter_columns:
            yield "meter and meter_columns exclude each other"
        if self.meter_columns and (len(self.measurements) > 1 or self.group):
            yield "where columns are meters, they hold the target alone: no covariates, no group"
        triangle = self.power_triangle.model_dump() if self.power_triangle else {}
        by_name = dict(zip(self.names, self.measurements, strict=True))
        for role, name in triangle.items():
            if name not in by_name:
                yield f"power_triangle.{role}: no measurement is called {name}"
            elif not units.convertible(by_name[name].unit, _TRIANGLE[role]):
                unit = by_name[name].unit
                yield f"power_triangle.{role}: {name} is in {unit}, not {_TRIANGLE[role]}"
        if any(one.part_of_target for one in self.measurements) and not units.convertible(
            self.target.unit, "kW"
        ):
            yield f"part_of_target: the target is in {self.target.unit}, not power or energy"
        for one in self.measurements:
            if one.part_of_target and not units.convertible(one.unit, self.target.unit):
                yield f"{one.name} is a part of the target, but {one.unit} is no {self.target.unit}"
        if self.target.part_of_target:
            yield "the target is no part of itself"
