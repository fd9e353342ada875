"""What there is to report about the raw data, to people and to ML Metadata."""

from __future__ import annotations

from tfx_pipeline.frozen import Frozen

DATA_SUMMARY_PROPERTY = "data_summary"
"""Custom property of the Examples: a `DataSummary` in JSON."""


class GapSummary(Frozen):
    """A run of missing minutes."""

    meter: str
    """Empty where the files name none."""
    first: str
    """First minute, wall clock."""
    last: str
    """Last minute."""
    minutes: int
    """Length."""


class FrozenRun(Frozen):
    """A run of minutes in which a measurement keeps one value."""

    meter: str
    """Empty where the files name none."""
    first: str
    """First minute, wall clock."""
    minutes: int
    """Length, without missing minutes."""
    value: float
    """The value, in the measurement's unit."""


class Extreme(Frozen):
    """The lowest or highest value of a measurement."""

    value: float
    """The value, in the measurement's unit."""
    when: str
    """Its minute, wall clock."""
    file: str
    """Where it stands."""
    line: int
    """Its line in the file."""

    def __str__(self) -> str:
        return f"{self.value:g} at {self.when} in {self.file}, line {self.line}"


class SplitSummary(Frozen):
    """One split."""

    first: str
    """First minute, wall clock."""
    last: str
    """Last minute."""
    windows: int
    """Origins from which a forecast may be made."""
    unlabelled: int
    """Those of them that are not scored: every minute ahead is missing."""
    examples: int
    """Segments that hold the origins."""


class DataSummary(Frozen):
    """The whole input."""

    files: int
    """Files read."""
    rows: int
    """Data rows read, bad ones included."""
    meters: int
    """Meters."""
    step: int
    """Seconds of a step."""
    first: str
    """First minute, wall clock."""
    last: str
    """Last minute."""
    minutes: int
    """Minutes from the first to the last row, summed over meters."""
    missing_minutes: int
    """Those without a row or without the target."""
    gaps: int
    """Runs of missing minutes between two observed ones."""
    longest_gap: GapSummary | None
    """The longest of them."""
    missing_fraction: dict[str, float]
    """Measurement -> fraction of the minutes without a value."""
    physics_fraction: dict[str, float]
    """Physical law -> fraction of the minutes that break it."""
    longest_frozen: dict[str, FrozenRun]
    """Measurement -> its longest run of one value other than zero."""
    lowest: dict[str, Extreme]
    """Measurement -> its lowest value."""
    highest: dict[str, Extreme]
    """Measurement -> its highest value."""
    bad_rows: dict[str, int]
    """Rule -> rows left out."""
    first_bad_rows: list[str]
    """The first of them, as errors would name them."""
    splits: dict[str, SplitSummary]
    """Split -> what is in it."""
