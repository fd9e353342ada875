"""The first pass over the raw data: checks every row, and finds what Examples it gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfx_pipeline.data import clock
from tfx_pipeline.data.contract import MEASUREMENTS, SPLITS, TARGET
from tfx_pipeline.data.extremes import Extremes
from tfx_pipeline.data.gaps import Gap, Gaps
from tfx_pipeline.data.options import DataOptions
from tfx_pipeline.data.physics import LAWS, RESTLESS, count_violations
from tfx_pipeline.data.raw.errors import BadRows, DataError, Problem
from tfx_pipeline.data.raw.reader import Reader, in_order
from tfx_pipeline.data.raw.rows import Rows
from tfx_pipeline.data.raw.source import Opener
from tfx_pipeline.data.segments.cutter import SplitInterval, usable_intervals
from tfx_pipeline.data.segments.splits import Interval, minutes_needed, split_intervals
from tfx_pipeline.data.stuck import EqualValues
from tfx_pipeline.data.summary import DataSummary, FrozenRun, GapSummary, SplitSummary

_TARGET = MEASUREMENTS.index(TARGET)
_DAY = 1440


@dataclass(frozen=True)
class Inspection:
    """What the second pass has to write, and what there is to report about the data.

    Attributes:
        files: The input in order of time.
        intervals: Meter -> its split intervals, in order of time.
        summary: Counts for people and for lineage.
    """

    files: list[str]
    intervals: dict[str, list[SplitInterval]]
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
    extremes = Extremes()
    for rows in reader:
        extremes.add(rows)
        meters.setdefault(rows.meter, _Meter(rows.meter, options)).add(rows)
    _require_cadence(meters.values(), files)
    _require_target(meters.values(), files)
    _require_days_before_months(meters.values())
    whole = Interval(
        min(meter.first for meter in meters.values()),
        max(meter.last for meter in meters.values()) + 1,
    )
    splits = split_intervals(whole, options)
    intervals = {
        name: usable_intervals(meter.gaps.intervals(), splits, options.windowing)
        for name, meter in meters.items()
    }
    summary = DataSummary(
        files=len(files),
        rows=reader.rows,
        first=clock.text(whole.start * 60),
        last=clock.text((whole.stop - 1) * 60),
        lowest=extremes.lowest,
        highest=extremes.highest,
        bad_rows=dict(bad_rows.count),
        first_bad_rows=[str(problem) for problem in bad_rows.first],
        splits={name: _split_summary(name, splits[name], intervals, meters) for name in SPLITS},
        **_totals(list(meters.values())),
    )
    _require_windows(summary, whole, options, _longest_gap(meters.values()))
    return Inspection(files, intervals, summary)


class _Meter:
    """What is known of one meter so far."""

    def __init__(self, name: str, options: DataOptions) -> None:
        self.name = name
        self.first = self.last = 0
        self.rows = 0
        self.observed = np.zeros(len(MEASUREMENTS), np.int64)
        self.steps = np.zeros(_DAY + 1, np.int64)
        self.law_breaks: Counter[str] = Counter()
        self.gaps = Gaps(options.max_gap, options.windowing.horizon)
        self.frozen = {measurement: EqualValues() for measurement in RESTLESS}

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
        columns = dict(zip(MEASUREMENTS, rows.values, strict=True))
        self.law_breaks.update(count_violations(columns))
        for measurement, runs in self.frozen.items():
            runs.add(minutes, columns[measurement])
        self.gaps.add(rows, present[_TARGET])

    @property
    def minutes(self) -> int:
        """From the first to the last row."""
        return self.last + 1 - self.first


def _require_cadence(meters: Iterable[_Meter], files: Sequence[str]) -> None:
    steps = sum((meter.steps[1:] for meter in meters), np.zeros(_DAY, np.int64))
    if steps.sum() > 2 * steps[0]:
        usual = int(np.argmax(steps)) + 1
        detail = f"data is every {usual} minutes, this pipeline needs one row a minute"
        raise DataError.of(Problem("cadence", detail, files[0]))


def _require_target(meters: Iterable[_Meter], files: Sequence[str]) -> None:
    if not any(meter.observed[_TARGET] for meter in meters):
        raise DataError.of(Problem("missing", "no minute has a value", files[0], column=TARGET))


def _require_days_before_months(meters: Iterable[_Meter]) -> None:
    """Refuses dates that look like days of one month, read as the same day of many months."""
    for meter in meters:
        gap, intervals = meter.gaps.longest, meter.gaps.intervals()
        days = np.array(sorted({interval.start // _DAY for interval in intervals}), "M8[D]")
        months = days.astype("M8[M]")
        if (
            gap is not None
            and days.size > 1
            and all(one.start // _DAY == (one.stop - 1) // _DAY for one in intervals)
            and np.unique(days - months).size == 1
            and (np.diff(months).astype(int) == 1).all()
        ):
            detail = f"{' is followed by '.join(map(str, days[:2]))}: are the months written first"
            raise DataError.of(Problem("timestamp", f"{detail}?", gap.file, gap.line))


def _longest_gap(meters: Iterable[_Meter]) -> Gap | None:
    gaps = [meter.gaps.longest for meter in meters if meter.gaps.longest]
    return max(gaps, key=len, default=None)


def _totals(meters: Sequence[_Meter]) -> dict[str, Any]:
    """What the summary says of all meters together."""
    minutes = sum(meter.minutes for meter in meters)
    missing = minutes - np.sum([meter.observed for meter in meters], axis=0)
    law_breaks = sum((meter.law_breaks for meter in meters), Counter[str]())
    gap = _longest_gap(meters)
    return {
        "meters": len(meters),
        "minutes": minutes,
        "missing_minutes": int(missing[_TARGET]),
        "gaps": sum(meter.gaps.count for meter in meters),
        "longest_gap": gap
        and GapSummary(
            meter=gap.meter,
            first=clock.text(gap.minutes.start * 60),
            last=clock.text((gap.minutes.stop - 1) * 60),
            minutes=len(gap),
        ),
        "missing_fraction": dict(zip(MEASUREMENTS, (missing / minutes).tolist(), strict=True)),
        "physics_fraction": {law.name: law_breaks[law.name] / minutes for law in LAWS},
        "longest_frozen": _longest_frozen(meters),
    }


def _longest_frozen(meters: Sequence[_Meter]) -> dict[str, FrozenRun]:
    found = {}
    for measurement in RESTLESS:
        meter = max(meters, key=lambda one: one.frozen[measurement].longest.minutes)
        run = meter.frozen[measurement].longest
        if run.minutes:
            first = clock.text(run.first * 60)
            found[measurement] = FrozenRun(
                meter=meter.name, first=first, minutes=run.minutes, value=round(run.value, 4)
            )
    return found


def _split_summary(
    split: str,
    interval: Interval,
    intervals: dict[str, list[SplitInterval]],
    meters: dict[str, _Meter],
) -> SplitSummary:
    own = {name: [one for one in many if one.split == split] for name, many in intervals.items()}
    return SplitSummary(
        first=clock.text(interval.start * 60),
        last=clock.text((interval.stop - 1) * 60),
        windows=sum(len(range(*one.origins)) for many in own.values() for one in many),
        unlabelled=sum(
            meters[name].gaps.unlabelled_within([one.origins for one in many])
            for name, many in own.items()
        ),
        examples=sum(len(range(*one.segments)) for many in own.values() for one in many),
    )


def _require_windows(
    summary: DataSummary, whole: Interval, options: DataOptions, gap: Gap | None
) -> None:
    windowing = options.windowing
    problems = [
        Problem(
            "split",
            f"no window with a label for the {name} split, {split.first} to {split.last}: it needs "
            f"{windowing.window + windowing.horizon} minutes in a row (window + horizon) without a "
            f"gap of more than {options.max_gap}; all splits together need about "
            f"{minutes_needed(options):,} such minutes, the input spans "
            f"{whole.stop - whole.start:,}",
        )
        for name, split in summary.splits.items()
        if split.windows == split.unlabelled
    ]
    if problems and gap and 2 * len(gap) > whole.stop - whole.start:
        detail = (
            f"{clock.text(gap.minutes.stop * 60)} comes {len(gap) // _DAY:,} days after the row "
            f"before it, {clock.text(gap.minutes.start * 60 - 60)}; that leaves "
        )
        raise DataError.of(Problem("date", detail + problems[0].detail, gap.file, gap.line))
    if problems:
        raise DataError.of(*problems)
