"""The longest run of one value, however the values come."""

from itertools import groupby

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tfx_pipeline.data.stuck import EqualValues

VALUES = st.lists(st.sampled_from([0.0, 1.0, 2.0, float("nan")]), max_size=60)


@given(VALUES, st.lists(st.integers(0, 60), max_size=5))
def test_blocks_make_no_difference(values, bounds):
    found = EqualValues()
    for part in np.split(np.arange(len(values)), sorted(bounds)):
        found.add(100 + part, np.array(values, np.float32)[part])

    observed = [(minute, value) for minute, value in enumerate(values, 100) if value == value]
    runs = [
        (len(run := list(group)), run[0][0], value)
        for value, group in groupby(observed, key=lambda pair: pair[1])
        if value
    ]
    longest = max((length for length, *_ in runs), default=0)
    assert found.longest.steps == longest
    if longest:
        assert found.longest == next(run for run in runs if run[0] == longest)
