"""Rows of many meters in fewer parts: the same rows, in the same order of each meter."""

import tracemalloc
from itertools import groupby

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tfx_pipeline.data.gather import MANY, gathered
from tfx_pipeline.data.raw.rows import Rows


def part(meter: str, first: int, count: int, file: str = "a.csv") -> Rows:
    steps = np.arange(first, first + count)
    return Rows(meter, steps, steps[None].astype(np.float32), file, steps + 2)


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 9), st.sampled_from(["1", "2"]))),
    st.integers(1, 40),
)
def test_each_meter_keeps_its_rows_and_their_order(parts, most):
    rows, first = [], 0
    for meter, count, file in sorted(parts, key=lambda one: one[2]):
        rows.append(part(meter, first, count, file))
        first += count

    found = list(gathered(rows, most))

    for meter in "abc":
        before = [one for one in rows if one.meter == meter]
        after = [one for one in found if one.meter == meter]
        for field in ("steps", "lines", "values"):
            assert [value for one in after for value in getattr(one, field).ravel()] == [
                value for one in before for value in getattr(one, field).ravel()
            ]
        assert [file for one in after for file in [one.file] * one.steps.size] == [
            file for one in before for file in [one.file] * one.steps.size
        ]


def test_few_rows_at_a_time_become_many():
    rows = [part(meter, 10 * number, 10) for number in range(100) for meter in "abcde"]
    found = list(gathered(rows, most_values=2500))
    assert [one.meter for one in found[:5]] == list("abcde")
    assert len(found) == 10
    assert [len(list(group)) for _, group in groupby(found, key=lambda one: one.meter)] == [1] * 10


def test_many_rows_do_not_wait():
    rows = iter([part("a", 0, MANY), part("b", 0, 1)])
    assert next(gathered(rows)).meter == "a"
    assert next(rows).meter == "b"


def test_rows_that_wait_keep_nothing_of_what_they_were_read_with():
    batches = (part(str(number), 0, 100_000) for number in range(20))
    tracemalloc.start()
    try:
        found = gathered(rows.where(slice(0, 5)) for rows in batches)
        assert next(found).steps.size == 5
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    one_batch = 20 * 100_000
    assert kept < 2 * one_batch  # the last is still at hand
