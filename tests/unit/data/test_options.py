"""The settings of the raw minutes: what is refused."""

import pytest
from pydantic import ValidationError

from tests.support.settings import data_options
from tfx_pipeline.data.contract import Windowing
from tfx_pipeline.data.options import DataSettings


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"max_gap": 120}, r"data.max_gap \(120\) must be smaller than windowing.window \(120\)"),
        ({"max_gap": -1}, "max_gap"),
        ({"train_fraction": 0.9, "eval_fraction": 0.1}, "must leave a newest part"),
        ({"max_gaps": 3}, "max_gaps"),
    ],
)
def test_what_cannot_be_is_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        data_options(**changes)


def test_a_window_may_be_larger_than_usual():
    windowing = Windowing(window=100, horizon=5, origins=60)
    assert data_options(max_gap=99, windowing=windowing).max_gap == 99


def test_an_empty_path_is_not_the_current_folder():
    rules = data_options().model_dump(exclude={"series", "windowing"})
    assert DataSettings(path=None, **rules).path is None
    with pytest.raises(ValidationError, match="path"):
        DataSettings(path="", **rules)
