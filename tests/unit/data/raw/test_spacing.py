"""Data that is coarser than the steps is refused, with the way out."""

import numpy as np
import pytest

from tests.unit.data.raw.test_aggregation import START, read, spec, write
from tfx_pipeline.data.raw.errors import DataError


def error(path, series, **options):
    with pytest.raises(DataError) as caught:
        read(path, series, **options)
    return caught.value


def rows_of(tmp_path, seconds, name="rows.csv"):
    return write(tmp_path / name, 1000 * (START + np.asarray(seconds)), np.ones(len(seconds)))


@pytest.mark.parametrize("shift", [0, 30])
@pytest.mark.parametrize("block", [80, 1 << 20])
def test_coarser_rows_are_refused_with_the_way_out(tmp_path, shift, block):
    caught = error(rows_of(tmp_path, shift + 900 * np.arange(100)), spec(), block_bytes=block)
    assert caught.problems[0].rule == "cadence"
    assert "data is every 15 min (PT15M), not every 1 min" in str(caught)
    assert "windowing.cadence" in str(caught)


def test_a_coarser_part_that_matters_is_refused_with_its_place(tmp_path):
    minutes = np.arange(600)
    seconds = np.concatenate((60 * minutes, 36000 + 300 * np.arange(1, 40)))
    caught = error(rows_of(tmp_path, seconds), spec())
    assert "every 5 min" in str(caught)
    assert "22% of the time" in str(caught)
    assert 602 <= caught.problems[0].line <= 607
    few = np.concatenate((60 * minutes, 36000 + 300 * np.arange(1, 10)))
    assert read(rows_of(tmp_path, few), spec())


def test_irregular_rows_that_are_mostly_farther_apart_are_refused(tmp_path):
    rng = np.random.default_rng(0)
    caught = error(rows_of(tmp_path, np.cumsum(rng.integers(100, 600, 200))), spec())
    assert "not every 1 min" in str(caught)


def test_gaps_are_no_cadence(tmp_path):
    kept = np.random.default_rng(1).random(5000) > 0.3
    assert read(rows_of(tmp_path, 60 * np.flatnonzero(kept)), spec())
