"""The cadence is the rows' own where they keep one, else one that sums a few of them up."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfx_pipeline.data.describe.cadence import NICE, find_cadence, note_gaps
from tfx_pipeline.data.describe.errors import DescribeError, Remarks

START = 1_672_531_200


def cadence(begins):
    remarks = Remarks()
    begins = START + np.asarray(begins)
    return find_cadence(np.diff(begins), begins, "file", remarks), remarks


@pytest.mark.parametrize("step", NICE)
def test_regular_rows_keep_their_step(step):
    found, remarks = cadence(step * np.arange(100))
    assert found == (step, step, True)
    assert not remarks.made


@given(st.sampled_from(NICE[5:-4]), st.integers(0, 2**32))
def test_gaps_change_nothing(step, seed):
    kept = np.random.default_rng(seed).random(300) > 0.1
    begins = step * np.flatnonzero(kept)
    found, remarks = cadence(begins)
    assert found.seconds == step
    note_gaps(np.diff(begins), found, remarks)
    missing = begins[-1] // step - begins[0] // step + 1 - kept.sum()
    assert f" {missing:,} rows missing" in remarks.about("cadence")[0].text


@pytest.mark.parametrize(
    ("step", "wanted"), [(7, 60), (11, 60), (13, 120), (100, 600), (420, 3600), (5000, 28_800)]
)
def test_odd_steps_are_summed_up(step, wanted):
    found, remarks = cadence(step * np.arange(400))
    assert found.seconds == wanted
    assert remarks.doubtful("cadence")


def test_rows_that_come_a_little_late_keep_their_step():
    late = np.random.default_rng(1).integers(2, 9, 500)
    found, remarks = cadence(900 * np.arange(500) + late)
    assert found.seconds == 900
    assert "behind the full step" in remarks.about("cadence")[0].text


def test_days_of_23_and_25_hours_are_days():
    steps = np.full(400, 86_400)
    steps[[80, 290]] = 82_800, 90_000
    found, remarks = cadence(np.cumsum(steps))
    assert found.seconds == 86_400
    note_gaps(steps, found, remarks)
    assert not remarks.made


@pytest.mark.parametrize("begins", [[0], [0, 0], [0, 604_800, 1_209_600], [900, 600, 300, 0]])
def test_no_cadence(begins):
    with pytest.raises(DescribeError, match=r"file: .*"):
        cadence(begins)
