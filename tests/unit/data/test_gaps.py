"""Gaps, the intervals between them, and windows without a label, minute by minute."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tfx_pipeline.data.gaps import KEPT, Gaps
from tfx_pipeline.data.raw.rows import Rows
from tfx_pipeline.data.segments.splits import Interval

OBSERVED = st.lists(st.booleans(), min_size=1, max_size=80)


@given(
    OBSERVED,
    st.lists(st.integers(0, 80), max_size=4),
    st.integers(0, 6),
    st.integers(1, 4),
    st.tuples(st.integers(0, 80), st.integers(0, 80)),
)
def test_blocks_make_no_difference(observed, bounds, max_gap, horizon, window):
    gaps = Gaps(max_gap, horizon)
    minutes = np.arange(len(observed))
    for part in np.split(minutes, sorted(bounds)):
        rows = Rows("north", 1000 + part, np.zeros((7, part.size), np.float32), "a.csv", 2 + part)
        gaps.add(rows, np.array(observed, bool)[part])

    places = [int(place) for place in np.flatnonzero(observed)]
    missing = [(a + 1, b) for a, b in pairwise(places) if b > a + 1]
    assert gaps.count == len(missing)
    longest = sorted(missing, key=lambda gap: gap[0] - gap[1])[:KEPT]
    assert [gap.steps for gap in gaps.longest] == [Interval(1000 + a, 1000 + b) for a, b in longest]
    assert [(gap.file, gap.line) for gap in gaps.longest] == [("a.csv", 2 + b) for _, b in longest]

    inside = gaps.intervals()
    assert [place for one in inside for place in range(*one)] == [
        1000 + minute
        for minute in range(places[0] if places else 0, places[-1] + 1 if places else 0)
        if not any(a <= minute < b and b - a > max_gap for a, b in missing)
    ]
    unlabelled = 0
    origins = []
    for one in inside:
        first, last = (
            max(one.start, 1000 + min(window)),
            min(one.stop - horizon, 1000 + max(window)),
        )
        origins += [Interval(first, last)] if first < last else []
    for origin in (origin - 1000 for one in origins for origin in range(*one)):
        unlabelled += not any(observed[origin + 1 : origin + horizon + 1])
    assert gaps.unlabelled_within(origins) == unlabelled
