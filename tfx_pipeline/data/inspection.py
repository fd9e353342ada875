"""The first pass over the raw data: checks every row, and finds what Examples it gives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tfx_pipeline.data.contract import SPLITS
from tfx_pipeline.data.extremes import Extremes
from tfx_pipeline.data.gaps import Gap
from tfx_pipeline.data.gather import gathered
from tfx_pipeline.data.meter import TARGET_ROW, Meter
from tfx_pipeline.data.options import DataOptions
from tfx_pipeline.data.physics import laws
from tfx_pipeline.data.raw.errors import BadRows, DataError, Problem
from tfx_pipeline.data.raw.reader import Reader, in_order
from tfx_pipeline.data.raw.source import Opener
from tfx_pipeline.data.segments.cutter import SplitInterval, usable_intervals
from tfx_pipeline.data.segments.splits import Interval, split_intervals, steps_needed
from tfx_pipeline.data.summary import DataSummary
from tfx_pipeline.data.timeline import TimelineSums
from tfx_pipeline.data.totals import longest_gaps, split_summary, totals
from tfx_pipeline.series.clock import DAY
from tfx_pipeline.series.durations import text
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec

_YEAR = 12
"""Months."""


@dataclass(frozen=True)
class Inspection:
    """What the second pass has to write, and what there is to report about the data.

    Attributes:
        files: The input in order of time.
        intervals: Meter -> its split intervals, in order of time.
        groups: Meter -> its group, where the series has groups.
        summary: Counts for people and for lineage.
    """

    files: list[str]
    intervals: dict[str, list[SplitInterval]]
    groups: dict[str, str]
    summary: DataSummary


def inspect(
    files: Sequence[str],
    options: DataOptions,
    opener: Opener = open,  # type: ignore[assignment]
) -> Inspection:
    """Reads all rows once, in bounded memory, and decides what is to be written.

    Args:
        files: Paths of files as the series is described.
        options: How they are read and cut.
        opener: Opens a path; `open` for local files.

    Raises:
        DataError: The data breaks a rule.
    """
    spec, grid = options.series, Grid(options.series)
    files = in_order(files, spec, opener)
    bad_rows = BadRows(options.max_bad_rows)
    reader = Reader(files, spec, bad_rows, options.rows, opener, task="Checked")
    rules = laws(spec)
    meters: dict[str, Meter] = {}
    extremes = Extremes(spec)
    timeline = TimelineSums(spec)
    for rows in gathered(reader):
        extremes.add(rows)
        timeline.add(rows)
        if rows.meter not in meters:
            meters[rows.meter] = Meter(rows.meter, options, rules)
        meters[rows.meter].add(rows)
    _require_target(meters.values(), spec, files)
    _require_days_in_place(meters.values(), grid)
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
        first=grid.text(whole.start),
        last=grid.text(whole.stop - 1),
        lowest=extremes.lowest,
        highest=extremes.highest,
        bad_rows=dict(bad_rows.count),
        first_bad_rows=[str(problem) for problem in bad_rows.first],
        counters=dict(reader.noticed),
        timeline=timeline.summary([(meter.first, meter.last + 1) for meter in meters.values()]),
        splits={
            name: split_summary(name, splits[name], intervals, meters, grid) for name in SPLITS
        },
        **totals(list(meters.values()), spec, rules),
    )
    gap = next(iter(longest_gaps(meters.values())), None)
    _require_windows(summary, whole, options, gap)
    return Inspection(files, intervals, reader.groups, summary)


def _require_target(meters: Iterable[Meter], spec: SeriesSpec, files: Sequence[str]) -> None:
    if not any(meter.observed[TARGET_ROW] for meter in meters):
        column = spec.target.column
        raise DataError.of(Problem("missing", "no step has a value", files[0], column=column))


def _require_days_in_place(meters: Iterable[Meter], grid: Grid) -> None:
    """Refuses dates that look like days of one month, read as the same day of months or years."""
    for meter in meters:
        gap = next(iter(meter.gaps.longest), None)
        steps = np.array(meter.gaps.intervals())
        if gap is None or len(steps) < 2:
            continue
        first, last = grid.local(grid.seconds(steps - [0, 1])).T // DAY
        days = np.unique(first).astype("M8[D]")
        months = days.astype("M8[M]")
        apart = set(np.diff(months).astype(int).tolist())
        if (first == last).all() and np.unique(days - months).size == 1 and apart in ({1}, {_YEAR}):
            before, after = (grid.text(at)[:10] for at in (gap.steps.start - 1, gap.steps.stop))
            written = "months" if apart == {1} else "years"
            detail = f"{before} is followed by {after}: are the {written} written first?"
            raise DataError.of(Problem("timestamp", detail, gap.file, gap.line))


def _require_windows(
    summary: DataSummary, whole: Interval, options: DataOptions, gap: Gap | None
) -> None:
    needed = options.windowing.window + options.windowing.horizon
    grid, step = Grid(options.series), options.series.step
    problems = [
        Problem(
            "split",
            f"no window with a label for the {name} split, {split.first} to {split.last}: it needs "
            f"{needed:,} steps ({text(needed * step)}) in a row (window + horizon) without a gap "
            f"of more than {options.max_gap}; all splits together need about "
            f"{steps_needed(options):,} such steps, the input spans "
            f"{whole.stop - whole.start:,}",
        )
        for name, split in summary.splits.items()
        if split.windows == split.unlabelled
    ]
    if problems and gap and 2 * len(gap) > whole.stop - whole.start:
        length = len(gap) * step
        detail = (
            f"{grid.text(gap.steps.stop)} comes {text(length - length % DAY)} after the row "
            f"before it, {grid.text(gap.steps.start - 1)}; that leaves "
        )
        raise DataError.of(Problem("date", detail + problems[0].detail, gap.file, gap.line))
    if problems:
        raise DataError.of(*problems)
