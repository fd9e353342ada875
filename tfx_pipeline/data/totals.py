"""What there is to report of all meters together, and of each split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from tfx_pipeline.data import clock
from tfx_pipeline.data.contract import MEASUREMENTS
from tfx_pipeline.data.gaps import Gap
from tfx_pipeline.data.meter import TARGET_ROW, Meter
from tfx_pipeline.data.physics import LAWS, RESTLESS
from tfx_pipeline.data.segments.cutter import SplitInterval
from tfx_pipeline.data.segments.splits import Interval
from tfx_pipeline.data.summary import FrozenRun, GapSummary, SplitSummary


def longest_gap(meters: Iterable[Meter]) -> Gap | None:
    """The longest gap in the target of any meter."""
    gaps = [meter.gaps.longest for meter in meters if meter.gaps.longest]
    return max(gaps, key=len, default=None)


def totals(meters: Sequence[Meter]) -> dict[str, Any]:
    """What a `DataSummary` says of all meters together, by its fields."""
    minutes = sum(meter.minutes for meter in meters)
    missing = minutes - np.sum([meter.observed for meter in meters], axis=0)
    law_breaks = sum((meter.law_breaks for meter in meters), Counter[str]())
    gap = longest_gap(meters)
    return {
        "meters": len(meters),
        "minutes": minutes,
        "missing_minutes": int(missing[TARGET_ROW]),
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


def _longest_frozen(meters: Sequence[Meter]) -> dict[str, FrozenRun]:
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


def split_summary(
    split: str,
    interval: Interval,
    intervals: dict[str, list[SplitInterval]],
    meters: dict[str, Meter],
) -> SplitSummary:
    """Counts what is in a split.

    Args:
        split: Its name.
        interval: Its minutes.
        intervals: Meter -> its split intervals, of all splits.
        meters: By name.
    """
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
