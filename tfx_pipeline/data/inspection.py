"""The first pass over the raw data: checks every row, and finds what Examples it gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tfx_pipeline.data import clock
from tfx_pipeline.data.contract import MEASUREMENTS, SPLITS, TARGET
from tfx_pipeline.data.options import DataOptions
from tfx_pipeline.data.physics import LAWS, count_violations
from tfx_pipeline.data.raw.errors import BadRows, DataError, Problem
from tfx_pipeline.data.raw.reader import Reader, Rows, in_order
from tfx_pipeline.data.raw.source import Opener
from tfx_pipeline.data.segments.cutter import Piece, pieces
from tfx_pipeline.data.segments.splits import Interval, minutes_needed, split_intervals
from tfx_pipeline.data.summary import DataSummary, SplitSummary

_TARGET = MEASUREMENTS.index(TARGET)
_DAY = 1440


@dataclass(frozen=True)
class Inspection:
    """What the second pass has to write, and what there is to tell about the data.

    Attributes:
        files: The input in order of time.
        pieces: Household -> its usable pieces, in order of time.
        summary: Counts for people and for lineage.
    """

    files: list[str]
    pieces: dict[str, list[Piece]]
    summary: DataSummary


def inspect(
    files: Sequence[str],
    options: DataOptions,
    opener: Opener = open,  # type: ignore[assignment]
) -> Inspection:
    """Reads all rows once, in bounded memory, and decides what is to be written.

    Args:
        files: Paths of UCI or ISO files, plain, gzip or zip.
        options: How they are read and cut.
        opener: Opens a path; `open` for local files.

    Raises:
        DataError: The data breaks a rule.
    """
    files = in_order(files, opener)
    bad_rows = BadRows(options.max_bad_rows)
    reader = Reader(files, bad_rows, options.rows, opener, task="Checked")
    meters: dict[str, _Meter] = {}
    for rows in reader:
        meters.setdefault(rows.meter, _Meter(options.max_gap)).add(rows)
    _require_cadence(meters.values(), files)
    whole = Interval(
        min(meter.first for meter in meters.values()),
        max(meter.last for meter in meters.values()) + 1,
    )
    splits = split_intervals(whole, options)
    found = {
        name: pieces(meter.stretches(), splits, options.windowing) for name, meter in meters.items()
    }
    summary = _summary(len(files), reader.rows, whole, meters, bad_rows, splits, found)
    _require_windows(summary, whole, options)
    return Inspection(files, found, summary)


class _Meter:
    """What is known of one household so far."""

    def __init__(self, max_gap: int) -> None:
        self.first = self.last = 0
        self.rows = 0
        self.observed = np.zeros(len(MEASUREMENTS), np.int64)
        self.steps = np.zeros(_DAY + 1, np.int64)
        self.law_breaks: Counter[str] = Counter()
        self._max_gap = max_gap
        self._starts: list[npt.NDArray[np.int64]] = []
        self._ends: list[npt.NDArray[np.int64]] = []
        self._last_observed: int | None = None

    def add(self, rows: Rows) -> None:
        minutes = rows.minutes
        steps = np.diff(minutes, prepend=self.last if self.rows else minutes[:1])
        self.steps += np.bincount(np.minimum(steps, _DAY), minlength=_DAY + 1)
        if not self.rows:
            self.first = int(minutes[0])
        self.last = int(minutes[-1])
        self.rows += minutes.size
        present = ~np.isnan(rows.values)
        self.observed += present.sum(axis=1)
        self.law_breaks.update(count_violations(dict(zip(MEASUREMENTS, rows.values, strict=True))))
        self._stretch(minutes[present[_TARGET]])

    def _stretch(self, observed: npt.NDArray[np.int64]) -> None:
        """Notes where the target's runs of missing minutes are too long."""
        if not observed.size:
            return
        if self._last_observed is None:
            self._starts.append(observed[:1])
        else:
            observed = np.concatenate(([self._last_observed], observed))
        breaks = np.flatnonzero(np.diff(observed) - 1 > self._max_gap)
        self._ends.append(observed[breaks])
        self._starts.append(observed[breaks + 1])
        self._last_observed = int(observed[-1])

    def stretches(self) -> list[Interval]:
        """Runs from an observed target to another without a gap that is too long."""
        if self._last_observed is None:
            return []
        starts = np.concatenate(self._starts).tolist()
        ends = [*np.concatenate(self._ends).tolist(), self._last_observed]
        return [Interval(start, end + 1) for start, end in zip(starts, ends, strict=True)]


def _require_cadence(meters: Iterable[_Meter], files: Sequence[str]) -> None:
    steps = sum((meter.steps[1:] for meter in meters), np.zeros(_DAY, np.int64))
    if steps.sum() > 2 * steps[0]:
        usual = int(np.argmax(steps)) + 1
        detail = f"data is every {usual} minutes, this pipeline needs one row a minute"
        raise DataError.of(Problem("cadence", detail, files[0]))


def _summary(
    files: int,
    rows: int,
    whole: Interval,
    meters: dict[str, _Meter],
    bad_rows: BadRows,
    splits: dict[str, Interval],
    found: dict[str, list[Piece]],
) -> DataSummary:
    minutes = sum(meter.last + 1 - meter.first for meter in meters.values())
    observed = sum((meter.observed for meter in meters.values()), np.zeros(len(MEASUREMENTS)))
    missing = minutes - observed
    law_breaks = sum((meter.law_breaks for meter in meters.values()), Counter())
    return DataSummary(
        files=files,
        rows=rows,
        meters=len(meters),
        first=clock.text(whole.start * 60),
        last=clock.text((whole.stop - 1) * 60),
        minutes=minutes,
        missing_minutes=int(missing[_TARGET]),
        missing_fraction=dict(zip(MEASUREMENTS, (missing / minutes).tolist(), strict=True)),
        physics_fraction={law.name: law_breaks[law.name] / minutes for law in LAWS},
        bad_rows=dict(bad_rows.count),
        first_bad_rows=[str(problem) for problem in bad_rows.first],
        splits={split: _split_summary(split, splits[split], found) for split in SPLITS},
    )


def _split_summary(split: str, interval: Interval, found: dict[str, list[Piece]]) -> SplitSummary:
    of_split = [piece for many in found.values() for piece in many if piece.split == split]
    return SplitSummary(
        first=clock.text(interval.start * 60),
        last=clock.text((interval.stop - 1) * 60),
        windows=sum(piece.origins.stop - piece.origins.start for piece in of_split),
        examples=sum(piece.segments.stop - piece.segments.start for piece in of_split),
    )


def _require_windows(summary: DataSummary, whole: Interval, options: DataOptions) -> None:
    windowing = options.windowing
    problems = [
        Problem(
            "split",
            f"no window for the {name} split, {split.first} to {split.last}: it needs "
            f"{windowing.window + windowing.horizon} minutes in a row (window + horizon) without a "
            f"gap of more than {options.max_gap}; all splits together need about "
            f"{minutes_needed(options):,} such minutes, the input spans "
            f"{whole.stop - whole.start:,}",
        )
        for name, split in summary.splits.items()
        if not split.windows
    ]
    if problems:
        raise DataError.of(*problems)
