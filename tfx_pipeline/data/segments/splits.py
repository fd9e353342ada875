"""Cuts the time range into train, eval and test, oldest first, with an embargo between them."""

from __future__ import annotations

from typing import NamedTuple

from tfx_pipeline.data.contract import SPLITS
from tfx_pipeline.data.options import DataOptions


class Interval(NamedTuple):
    """Steps from `start` up to, and without, `stop`."""

    start: int
    stop: int


def split_intervals(whole: Interval, options: DataOptions) -> dict[str, Interval]:
    """Gives each split its fraction of the whole time range.

    The embargo of window + horizon steps is taken from the start of the newer split, so that
    no step that one split sees or forecasts is near one of another.
    """
    steps = whole.stop - whole.start
    fractions = (0.0, options.train_fraction, options.train_fraction + options.eval_fraction, 1.0)
    bounds = [whole.start + round(steps * fraction) for fraction in fractions]
    embargo = options.windowing.embargo
    starts = [bounds[0], *(bound + embargo for bound in bounds[1:-1])]
    return {
        split: Interval(start, max(start, stop))
        for split, start, stop in zip(SPLITS, starts, bounds[1:], strict=True)
    }


def steps_needed(options: DataOptions) -> int:
    """Shortest gapless time range in which every split has one window with its labels."""
    whole = options.windowing.window + options.windowing.horizon
    test_fraction = 1 - options.train_fraction - options.eval_fraction
    after_embargo = whole + options.windowing.embargo
    return round(
        max(
            whole / options.train_fraction,
            after_embargo / options.eval_fraction,
            after_embargo / test_fraction,
        )
    )
