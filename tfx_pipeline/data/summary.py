"""What there is to report about the raw data, to people and to ML Metadata."""

from __future__ import annotations

from tfx_pipeline.frozen import Frozen

DATA_SUMMARY_FILE = "data_summary.json"
"""The `DataSummary`, beside the splits of the Examples. Kubeflow Pipelines hands the properties of
an artifact to each step that reads it, as part of one argument, which Linux limits, and repeats
them some forty times in the state of a run: a summary grows with the measurements."""

DATA_SUMMARY_PROPERTY = "data_summary"
"""Custom property of the Examples: the `DataExtent` of the summary in JSON."""

DATA_FILES_PROPERTY = "data_files"
"""Custom property of the Examples: a list of `DataFile` in JSON, in order of time, or where it is
long a `FileList`."""

LISTED_FILES = 64
"""Files that the property may list."""

DATA_FILES_FILE = "data_files.json"
"""The list where it is longer: a file beside the splits of the Examples."""


class DataFile(Frozen):
    """A file that was read."""

    path: str
    """Path or URI, as the machine sees it that read it."""
    size: int
    """Bytes."""
    sha256: str
    """Of its contents."""


class FileList(Frozen):
    """What tells of the list of files where it is long."""

    count: int
    """Files in it."""
    sha256: str
    """Of `DATA_FILES_FILE`."""


class GapSummary(Frozen):
    """A run of missing steps."""

    meter: str
    """Empty where the files name none."""
    first: str
    """Begin of the first step, by the local clock."""
    last: str
    """Of the last step."""
    steps: int
    """Length."""


class Timeline(Frozen):
    """The target over the whole time, in periods of one length."""

    target: str
    """The target's name."""
    unit: str
    """Its unit."""
    periods: tuple[str, ...]
    """Begin of each period, by the local clock."""
    period_seconds: int
    """Length of a period."""
    observed_fraction: tuple[float | None, ...]
    """Of the steps that its meters span in it, those with a value; null where there are none."""
    mean: tuple[float | None, ...]
    """Of the values; null where there are none."""


class FrozenRun(Frozen):
    """A run of steps in which a measurement keeps one value."""

    meter: str
    """Empty where the files name none."""
    first: str
    """Begin of the first step, by the local clock."""
    steps: int
    """Length, without missing steps."""
    value: float
    """The value."""
    unit: str
    """Its unit."""


class Extreme(Frozen):
    """The lowest or highest value of a measurement."""

    value: float
    """The value."""
    unit: str
    """Its unit."""
    when: str
    """Begin of its step, by the local clock."""
    file: str
    """Where it stands."""
    line: int
    """Its line in the file."""

    def __str__(self) -> str:
        return f"{self.value:g} {self.unit} at {self.when} in {self.file}, line {self.line}"


class MeterFraction(Frozen):
    """A meter, and a fraction of its steps."""

    meter: str
    """The meter."""
    fraction: float
    """Of its own steps."""


class SplitSummary(Frozen):
    """One split."""

    first: str
    """Begin of the first step, by the local clock."""
    last: str
    """Of the last step."""
    windows: int
    """Origins from which a forecast may be made."""
    unlabelled: int
    """Those of them that are not scored: every step ahead is missing."""
    examples: int
    """Segments that hold the origins."""


class DataExtent(Frozen):
    """How much data there is: what lineage tells of it, and compares."""

    first: str
    """Begin of the first step, by the local clock."""
    last: str
    """Of the last step."""
    rows: int
    """Data rows read, bad ones included."""
    meters: int
    """Meters."""
    missing_steps: int
    """Steps without a row or without the target, summed over meters."""
    gaps: int
    """Runs of missing steps between two observed ones."""


class DataSummary(DataExtent):
    """The whole input."""

    files: int
    """Files read."""
    step_seconds: int
    """Seconds of a step."""
    steps: int
    """Steps from the first to the last row, summed over meters."""
    longest_gap: GapSummary | None
    """The longest of them."""
    longest_gaps: tuple[GapSummary, ...] = ()
    """The longest of them, longest first: at most ten."""
    timeline: Timeline | None = None
    """The target over the whole time; null where that is not known."""
    missing_fraction: dict[str, float]
    """Measurement -> fraction of the steps without a value."""
    missing_worst: dict[str, MeterFraction]
    """Measurement -> the meter that lacks most; empty where there is one meter."""
    physics_fraction: dict[str, float]
    """Physical law -> fraction of the steps that break it."""
    physics_worst: dict[str, MeterFraction]
    """Physical law -> the meter that breaks it most; empty where there is one meter."""
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
    counters: dict[str, int]
    """What was noticed in counters, such as resets and rollovers -> how often."""
    splits: dict[str, SplitSummary]
    """Split -> what is in it."""
