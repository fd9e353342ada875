import pytest
from pydantic import ValidationError

from tfx_pipeline.series import time_format
from tfx_pipeline.series.spec import Layout


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("%d/%m/%Q", "%Q is not known"),
        ("%d/%m", "lacks a year"),
        ("%Y-%m-%d %Y", "a year, %Y stands in it 2 times"),
        ("%Y-%m-%d %I:%M", "%I and %p belong together"),
        ("day", "lacks a year"),
        ("%", "% is not known"),
    ],
)
def test_a_pattern_that_gives_no_time_is_refused(pattern, words):
    with pytest.raises(ValidationError, match=words):
        Layout(timestamp="t", format=pattern)


def test_a_pattern_for_two_columns_is_cut_between_date_and_time():
    assert time_format.parts("%d %b %Y %H:%M", 2) == ["%d %b %Y", "%H:%M"]
    assert time_format.parts("%H:%M %d.%m.%Y", 2) == ["%H:%M", "%d.%m.%Y"]
    with pytest.raises(ValidationError, match="two patterns, joined by a blank"):
        Layout(timestamp=["a", "b"], format="%d.%m.%YT%H:%M")
    with pytest.raises(ValidationError, match="seconds are of one column"):
        Layout(timestamp=["a", "b"], format="seconds")
