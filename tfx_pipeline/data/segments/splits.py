"""Cuts the time range into train, eval and test, oldest first, with an embargo between them."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from tfx_pipeline.data.contract import SPLITS
from tfx_pipeline.data.options import DataOptions


class Interval(NamedTuple):
    """Steps from `start` up to, and without, `stop`."""

    start: int
    stop: int


def split_intervals(whole: Interval, options: DataOptions) -> dict[str, Interval]:
    """Gives each split its fraction of the whole time range.

    Window + horizon steps at each bound, the embargo, belong to no split, so that no step that
    one split sees or forecasts is near one of another.
    """
    steps = whole.stop - whole.start
    fractions = (0.0, options.train_fraction, options.train_fraction + options.eval_fraction, 1.0)
    bounds = [whole.start + round(steps * fraction) for fraction in fractions]
    return {
        split: Interval(first + at_start, max(first + at_start, stop - at_end))
        for split, (first, stop), (at_start, at_end) in zip(
            SPLITS, pairwise(bounds), _embargoes(options), strict=True
        )
    }


def steps_needed(options: DataOptions) -> int:
    """Shortest gapless time range in which every split has one window with its labels."""
    whole = options.windowing.window + options.windowing.horizon
    return round(
        max(
            (whole + sum(embargoes)) / fraction
            for fraction, embargoes in zip(_fractions(options), _embargoes(options), strict=True)
        )
    )


def _fractions(options: DataOptions) -> tuple[float, float, float]:
    """Of the time range that each split has, the embargo included."""
    newest = 1 - options.train_fraction - options.eval_fraction
    return options.train_fraction, options.eval_fraction, newest


def _embargoes(options: DataOptions) -> list[tuple[int, int]]:
    """Steps that each split loses at its start and end: the longer of two neighbours pays."""
    embargo = options.windowing.embargo
    older_pays = [older > newer for older, newer in pairwise(_fractions(options))]
    at_start = [0, *(0 if older else embargo for older in older_pays)]
    at_end = [*(embargo if older else 0 for older in older_pays), 0]
    return list(zip(at_start, at_end, strict=True))
