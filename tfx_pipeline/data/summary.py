"""What there is to tell about the raw data, for people and for lineage."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

DATA_SUMMARY_PROPERTY = "data_summary"
"""Custom property of the Examples: a `DataSummary` in JSON."""


@dataclass(frozen=True)
class SplitSummary:
    """One split.

    Attributes:
        first: Its first minute, wall clock.
        last: Its last minute.
        windows: Origins from which a forecast may be made and judged.
        examples: Segments that hold them.
    """

    first: str
    last: str
    windows: int
    examples: int


@dataclass(frozen=True)
class DataSummary:
    """The whole input.

    Attributes:
        files: Files read.
        rows: Data rows read, bad ones included.
        meters: Households.
        first: First minute, wall clock.
        last: Last minute.
        minutes: Minutes from the first to the last row, summed over households.
        missing_minutes: Those without a row or without the target.
        missing_fraction: Measurement -> share of the minutes without a value.
        physics_fraction: Physical law -> share of the minutes that break it.
        bad_rows: Rule -> rows left out.
        first_bad_rows: The first of them, in words.
        splits: Split -> what is in it.
    """

    files: int
    rows: int
    meters: int
    first: str
    last: str
    minutes: int
    missing_minutes: int
    missing_fraction: dict[str, float]
    physics_fraction: dict[str, float]
    bad_rows: dict[str, int]
    first_bad_rows: list[str]
    splits: dict[str, SplitSummary]

    @classmethod
    def from_json(cls, text: str) -> DataSummary:
        """Reads what `to_json` wrote."""
        fields = json.loads(text)
        splits = {name: SplitSummary(**split) for name, split in fields.pop("splits").items()}
        return cls(**fields, splits=splits)

    def to_json(self, indent: int | None = None) -> str:
        """Writes the summary as one JSON object."""
        return json.dumps(asdict(self), indent=indent)
