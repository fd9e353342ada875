"""Bounds that leave no slice to look at are refused."""

import pytest

from tests.support.settings import gate_settings


def test_slices_as_large_as_half_of_the_data_are_the_most():
    assert gate_settings(min_forecasts=2000, min_slice_forecasts=1000)
    with pytest.raises(ValueError, match=r"min_slice_forecasts \(1001\) may be at most half of"):
        gate_settings(min_forecasts=2000, min_slice_forecasts=1001)
