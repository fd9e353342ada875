"""The shape of a segment: derived numbers, and what is refused."""

import pytest
from pydantic import ValidationError

from tfx_pipeline.data.contract import Windowing

SHAPE = Windowing(window=50, horizon=5, origins=60)


def test_a_segment_holds_what_its_origins_see_and_forecast():
    assert (SHAPE.length, SHAPE.labels, SHAPE.embargo) == (114, 64, 55)


@pytest.mark.parametrize(("stride", "count", "phases"), [(1, 60, 1), (4, 15, 4), (7, 8, 11)])
def test_a_stride_parts_the_origins(stride, count, phases):
    assert (SHAPE.count(stride), SHAPE.phases(stride)) == (count, phases)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"window": 20_161}, "window"),
        ({"origins": 0}, "origins"),
        ({"window": 2}, "window"),
        ({"horizon": 0}, "horizon"),
        ({"step": 1}, "step"),
    ],
)
def test_what_cannot_be_is_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        Windowing.model_validate(SHAPE.model_dump() | changes)
