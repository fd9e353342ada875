"""Numbers the output shards so that each holds one part of its split's time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tfx_pipeline.data.contract import SPLITS
from tfx_pipeline.data.segments.cutter import SplitInterval
from tfx_pipeline.data.segments.splits import Interval

SHARDS = 16
"""Per split; an interleaved read of all of them mixes the seasons."""


class Shard(NamedTuple):
    """One output file.

    Attributes:
        split: Its split.
        number: 0..SHARDS-1, oldest first.
        segments: The aligned segments that belong into it, of any meter.
    """

    split: str
    number: int
    segments: Interval


def shards(intervals: Iterable[SplitInterval]) -> list[Shard]:
    """Divides each split's time evenly.

    Args:
        intervals: Of all meters; at least one per split.

    Returns:
        SHARDS shards per split, in order of time. Where there are fewer segments than shards,
        some are empty.
    """
    intervals = list(intervals)
    found = []
    for split in SPLITS:
        spans = [interval.segments for interval in intervals if interval.split == split]
        bounds = np.linspace(
            min(span.start for span in spans), max(span.stop for span in spans), SHARDS + 1
        )
        edges = np.rint(bounds).astype(int).tolist()
        found += [
            Shard(split, number, Interval(*edges[number : number + 2])) for number in range(SHARDS)
        ]
    return found


def covered(chosen: Iterable[Shard]) -> dict[str, Interval]:
    """Split -> the segments that neighbouring shards hold together."""
    found: dict[str, Interval] = {}
    for shard in chosen:
        first = found.get(shard.split, shard.segments)
        found[shard.split] = Interval(first.start, shard.segments.stop)
    return found


def positions(
    chosen: Sequence[Shard], split: str, segments: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Finds the shard of each segment.

    Args:
        chosen: Shards in order of time.
        split: Split of the segments.
        segments: int64 [n], numbers of aligned segments that belong into one of `chosen`.

    Returns:
        int64 [n], index into `chosen`.
    """
    own = [index for index, shard in enumerate(chosen) if shard.split == split]
    stops = [chosen[index].segments.stop for index in own]
    return own[0] + np.searchsorted(stops, segments, side="right")
