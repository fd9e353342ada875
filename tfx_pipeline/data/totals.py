"""What there is to report of all meters together, and of each split."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tfx_pipeline.data.gaps import Gap, longest
from tfx_pipeline.data.meter import TARGET_ROW, Meter
from tfx_pipeline.data.physics import Law
from tfx_pipeline.data.segments.cutter import SplitInterval
from tfx_pipeline.data.segments.splits import Interval
from tfx_pipeline.data.summary import FrozenRun, GapSummary, MeterFraction, SplitSummary
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec


def longest_gaps(meters: Iterable[Meter]) -> list[Gap]:
    """The longest gaps in the target of any meter, longest first."""
    return longest(gap for meter in meters for gap in meter.gaps.longest)


def totals(meters: Sequence[Meter], spec: SeriesSpec, laws: Sequence[Law]) -> dict[str, Any]:
    """What a `DataSummary` says of all meters together, by its fields."""
    grid = Grid(spec)
    steps = np.array([meter.steps for meter in meters])[:, None]
    missing = steps - [meter.observed for meter in meters]
    breaks = np.array([[meter.law_breaks[law.name] for law in laws] for meter in meters])
    names = [law.name for law in laws]
    gaps = [
        GapSummary(
            meter=gap.meter,
            first=grid.text(gap.steps.start),
            last=grid.text(gap.steps.stop - 1),
            steps=len(gap),
        )
        for gap in longest_gaps(meters)
    ]
    return {
        "meters": len(meters),
        "step_seconds": spec.step,
        "steps": int(steps.sum()),
        "missing_steps": int(missing[:, TARGET_ROW].sum()),
        "gaps": sum(meter.gaps.count for meter in meters),
        "longest_gap": gaps[0] if gaps else None,
        "longest_gaps": gaps,
        "missing_fraction": _fractions(spec.names, missing, steps),
        "missing_worst": _worst(spec.names, missing, steps, meters),
        "physics_fraction": _fractions(names, breaks, steps),
        "physics_worst": _worst(names, breaks, steps, meters),
        "longest_frozen": _longest_frozen(meters, spec, grid),
    }


def _fractions(
    names: Sequence[str], counts: npt.NDArray[np.int64], steps: npt.NDArray[np.int64]
) -> dict[str, float]:
    """By name, of counts [meters, names] among the steps of all meters [meters, 1]."""
    return dict(zip(names, (counts.sum(axis=0) / steps.sum()).tolist(), strict=True))


def _worst(
    names: Sequence[str],
    counts: npt.NDArray[np.int64],
    steps: npt.NDArray[np.int64],
    meters: Sequence[Meter],
) -> dict[str, MeterFraction]:
    """By name, the meter with the greatest count of its own steps; none where there is but one."""
    if len(meters) == 1:
        return {}
    found = {}
    for name, own in zip(names, (counts / steps).T, strict=True):
        worst = int(np.argmax(own))
        found[name] = MeterFraction(meter=meters[worst].name, fraction=float(own[worst]))
    return found


def _longest_frozen(meters: Sequence[Meter], spec: SeriesSpec, grid: Grid) -> dict[str, FrozenRun]:
    found = {}
    for one in spec.measurements:
        if not one.restless:
            continue
        meter = max(meters, key=lambda meter: meter.frozen[one.name].longest.steps)
        run = meter.frozen[one.name].longest
        if run.steps:
            found[one.name] = FrozenRun(
                meter=meter.name,
                first=grid.text(run.first),
                steps=run.steps,
                value=round(run.value, 4),
                unit=one.unit,
            )
    return found


def split_summary(
    split: str,
    interval: Interval,
    intervals: dict[str, list[SplitInterval]],
    meters: dict[str, Meter],
    grid: Grid,
) -> SplitSummary:
    """Counts what is in a split.

    Args:
        split: Its name.
        interval: Its steps.
        intervals: Meter -> its split intervals, of all splits.
        meters: By name.
        grid: Of the series.
    """
    own = {name: [one for one in many if one.split == split] for name, many in intervals.items()}
    return SplitSummary(
        first=grid.text(interval.start),
        last=grid.text(interval.stop - 1),
        windows=sum(len(range(*one.origins)) for many in own.values() for one in many),
        unlabelled=sum(
            meters[name].gaps.unlabelled_within([one.origins for one in many])
            for name, many in own.items()
        ),
        examples=sum(len(range(*one.segments)) for many in own.values() for one in many),
    )
