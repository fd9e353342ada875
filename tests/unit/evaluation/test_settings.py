"""Bounds that leave no slice to look at are refused."""

import pytest

from tests.support.settings import gate_settings


def test_slices_as_large_as_half_of_the_data_are_the_most():
    assert gate_settings(min_time="P2D", min_slice_time="P1D")
    with pytest.raises(ValueError, match=r"min_slice_time \(1 day, 1:00:00\) may be at most half"):
        gate_settings(min_time="P2D", min_slice_time="PT25H")


@pytest.mark.parametrize("name", ["slice_bound", "baseline_tolerance"])
def test_a_bound_is_a_finite_number(name):
    with pytest.raises(ValueError, match=name):
        gate_settings(**{name: float("inf")})
