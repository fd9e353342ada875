"""Shards hold neighbouring times, all segments, and no segment twice."""

from __future__ import annotations

import numpy as np

from tests.support.settings import WINDOWING, data_options
from tfx_pipeline.data.contract import SPLITS
from tfx_pipeline.data.segments.cutter import SplitInterval, usable_intervals
from tfx_pipeline.data.segments.shards import SHARDS, covered, positions, shards
from tfx_pipeline.data.segments.splits import Interval, split_intervals


def all_intervals(minutes: int) -> list[SplitInterval]:
    whole = Interval(1_000_000, 1_000_000 + minutes)
    return usable_intervals([whole], split_intervals(whole, data_options()), WINDOWING)


def test_every_segment_has_one_shard_in_order_of_time() -> None:
    for minutes in (1250, 2000, 60_000):
        found = all_intervals(minutes)
        all_shards = shards(found)
        assert [(shard.split, shard.number) for shard in all_shards] == [
            (split, number) for split in SPLITS for number in range(SHARDS)
        ]
        for interval in found:
            segments = np.arange(*interval.segments)
            places = positions(all_shards, interval.split, segments)
            assert (np.diff(places) >= 0).all()
            for segment, place in zip(segments.tolist(), places.tolist(), strict=True):
                shard = all_shards[place]
                assert shard.split == interval.split
                assert shard.segments.start <= segment < shard.segments.stop


def test_shards_are_about_equally_long() -> None:
    lengths = [
        shard.segments.stop - shard.segments.start for shard in shards(all_intervals(600_000))
    ]

    for split in range(3):
        own = lengths[split * SHARDS : (split + 1) * SHARDS]
        assert max(own) - min(own) <= 1


def test_some_neighbouring_shards_cover_their_segments_only() -> None:
    chosen = shards(all_intervals(60_000))[10:20]

    spans = covered(chosen)

    assert spans["train"] == Interval(chosen[0].segments.start, chosen[5].segments.stop)
    assert spans["eval"] == Interval(chosen[6].segments.start, chosen[9].segments.stop)
    assert "test" not in spans
    places = positions(chosen, "eval", np.array([chosen[7].segments.start]))
    assert places.tolist() == [7]
