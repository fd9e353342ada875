"""Cuts the time range into train, eval and test, oldest first, with an embargo between them."""

from __future__ import annotations

from typing import NamedTuple

from tfx_pipeline.data.contract import SPLITS
from tfx_pipeline.data.options import DataOptions


class Interval(NamedTuple):
    """Minutes since 1970 from `start` up to, and without, `stop`."""

    start: int
    stop: int


def split_intervals(whole: Interval, options: DataOptions) -> dict[str, Interval]:
    """Gives each split its share of the whole time range.

    The embargo of window + horizon minutes is taken from the start of the newer split, so that
    no minute that one split sees or forecasts is near one of another.
    """
    minutes = whole.stop - whole.start
    shares = (0.0, options.train_share, options.train_share + options.eval_share, 1.0)
    bounds = [whole.start + round(minutes * share) for share in shares]
    embargo = options.framing.embargo
    starts = [bounds[0], *(bound + embargo for bound in bounds[1:-1])]
    return {
        split: Interval(start, max(start, stop))
        for split, start, stop in zip(SPLITS, starts, bounds[1:], strict=True)
    }


def minutes_needed(options: DataOptions) -> int:
    """Shortest gapless time range in which every split has one window with its labels."""
    whole = options.framing.window + options.framing.horizon
    test_share = 1 - options.train_share - options.eval_share
    after_embargo = whole + options.framing.embargo
    return round(
        max(
            whole / options.train_share,
            after_embargo / options.eval_share,
            after_embargo / test_share,
        )
    )
