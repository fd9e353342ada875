"""The first pass over the raw data: checks every row, and finds what Examples it gives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tfx_pipeline.data import clock
from tfx_pipeline.data.contract import SPLITS, TARGET
from tfx_pipeline.data.extremes import Extremes
from tfx_pipeline.data.gaps import Gap
from tfx_pipeline.data.meter import DAY, TARGET_ROW, Meter
from tfx_pipeline.data.options import DataOptions
from tfx_pipeline.data.raw.errors import BadRows, DataError, Problem
from tfx_pipeline.data.raw.reader import Reader, in_order
from tfx_pipeline.data.raw.source import Opener
from tfx_pipeline.data.segments.cutter import SplitInterval, usable_intervals
from tfx_pipeline.data.segments.splits import Interval, minutes_needed, split_intervals
from tfx_pipeline.data.summary import DataSummary
from tfx_pipeline.data.totals import longest_gap, split_summary, totals


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
    meters: dict[str, Meter] = {}
    extremes = Extremes()
    for rows in reader:
        extremes.add(rows)
        meters.setdefault(rows.meter, Meter(rows.meter, options)).add(rows)
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
        step=options.series.step,
        first=clock.text(whole.start * 60),
        last=clock.text((whole.stop - 1) * 60),
        lowest=extremes.lowest,
        highest=extremes.highest,
        bad_rows=dict(bad_rows.count),
        first_bad_rows=[str(problem) for problem in bad_rows.first],
        splits={name: split_summary(name, splits[name], intervals, meters) for name in SPLITS},
        **totals(list(meters.values())),
    )
    _require_windows(summary, whole, options, longest_gap(meters.values()))
    return Inspection(files, intervals, summary)


def _require_cadence(meters: Iterable[Meter], files: Sequence[str]) -> None:
    steps = sum((meter.steps[1:] for meter in meters), np.zeros(DAY, np.int64))
    if steps.sum() > 2 * steps[0]:
        usual = int(np.argmax(steps)) + 1
        detail = f"data is every {usual} minutes, this pipeline needs one row a minute"
        raise DataError.of(Problem("cadence", detail, files[0]))


def _require_target(meters: Iterable[Meter], files: Sequence[str]) -> None:
    if not any(meter.observed[TARGET_ROW] for meter in meters):
        raise DataError.of(Problem("missing", "no minute has a value", files[0], column=TARGET))


def _require_days_before_months(meters: Iterable[Meter]) -> None:
    """Refuses dates that look like days of one month, read as the same day of many months."""
    for meter in meters:
        gap, intervals = meter.gaps.longest, meter.gaps.intervals()
        days = np.array(sorted({interval.start // DAY for interval in intervals}), "M8[D]")
        months = days.astype("M8[M]")
        if (
            gap is not None
            and days.size > 1
            and all(one.start // DAY == (one.stop - 1) // DAY for one in intervals)
            and np.unique(days - months).size == 1
            and (np.diff(months).astype(int) == 1).all()
        ):
            detail = f"{' is followed by '.join(map(str, days[:2]))}: are the months written first"
            raise DataError.of(Problem("timestamp", f"{detail}?", gap.file, gap.line))


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
            f"{clock.text(gap.minutes.stop * 60)} comes {len(gap) // DAY:,} days after the row "
            f"before it, {clock.text(gap.minutes.start * 60 - 60)}; that leaves "
        )
        raise DataError.of(Problem("date", detail + problems[0].detail, gap.file, gap.line))
    if problems:
        raise DataError.of(*problems)
