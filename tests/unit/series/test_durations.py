"""Lengths of time: steps, durations and words."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from tfx_pipeline.series.durations import Length, in_steps, in_whole_steps, iso, text

LENGTH = TypeAdapter(Length)


@pytest.mark.parametrize(
    ("written", "length"),
    [
        (50, 50),
        ("50", 50),
        ("PT50M", timedelta(minutes=50)),
        ("P7D", timedelta(days=7)),
        ("P1W", timedelta(days=7)),
    ],
)
def test_it_is_steps_or_a_duration(written, length):
    assert LENGTH.validate_python(written) == length


@pytest.mark.parametrize("written", ["", "soon", "1.5", 1.5, True, None, "P1Y2X", []])
def test_anything_else_is_refused(written):
    with pytest.raises(
        ValidationError, match="expected steps, such as 50, or an ISO 8601 duration"
    ):
        LENGTH.validate_python(written)


@given(st.integers(1, 86_400), st.integers(0, 20_000))
def test_a_multiple_of_the_step_is_its_steps(step, steps):
    duration = timedelta(seconds=step * steps)
    assert in_steps(duration, step) == in_whole_steps(duration, step) == steps
    assert LENGTH.validate_json(LENGTH.dump_json(duration)) == duration


def test_the_rest_is_refused_or_rounded_up():
    assert in_whole_steps(timedelta(minutes=61), 3600) == 2
    with pytest.raises(ValueError, match=r"PT1H1M is no whole number of steps of 1 h, .* 1 or 2"):
        in_steps(timedelta(minutes=61), 3600)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (7, "7 s"),
        (60, "1 min"),
        (5400, "1 h 30 min"),
        (86_400 + 7200, "1 day 2 h"),
        (1500 * 86_400, "1,500 days"),
    ],
)
def test_people_read_words(seconds, words):
    assert text(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(1, "PT1S"), (90, "PT1M30S"), (900, "PT15M"), (7200, "PT2H"), (86_400, "P1D")],
)
def test_settings_read_iso(seconds, written):
    assert iso(timedelta(seconds=seconds)) == written
