"""Times are read as a layout writes them, and nothing else is taken for one."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfx_pipeline.data.raw.timestamps import Timestamps
from tfx_pipeline.series.spec import Layout

FORMATS = [
    "%Y-%m-%d %H:%M:%S",
    "%d.%m.%Y %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p",
    "%d-%b-%Y %H:%M:%S",
    "%Y%m%d%H%M%S",
    "%H:%M:%S on %d %B %Y",
]


def parse(text, layout, zoned=True):
    found = Timestamps(layout, zoned).parse([pa.array([text])])
    return int(found.millis[0]), found.local


@settings(deadline=None)
@given(st.datetimes(datetime(1970, 1, 1), datetime(2099, 1, 1)), st.sampled_from(FORMATS))
def test_any_time_in_any_format(when, pattern):
    when = when.replace(microsecond=0)
    millis = round(1000 * when.replace(tzinfo=UTC).timestamp())
    layout = Layout(timestamp="t", format=pattern)
    assert parse(when.strftime(pattern), layout) == (millis, True)
    assert parse(f" {when.strftime(pattern)} ", layout) == (millis, True)


@settings(deadline=None)
@given(st.datetimes(datetime(1970, 1, 2), datetime(2099, 1, 1)), st.sampled_from("smn"))
def test_any_time_in_iso_with_and_without_an_offset(when, digits):
    when = when.replace(microsecond=0 if digits == "s" else when.microsecond // 1000 * 1000)
    millis = round(1000 * when.replace(tzinfo=UTC).timestamp())
    layout = Layout(timestamp="t")
    assert parse(when.isoformat(), layout) == (millis, True)
    assert parse(f"{when.isoformat()}Z", layout) == (millis, False)
    for offset in ("+02:00", "+0200", "+02"):
        assert parse(f"{when.isoformat()}{offset}", layout) == (millis - 7_200_000, False)


@pytest.mark.parametrize("offset", ["-05:30", "-0530", "-05"])
def test_an_offset_in_a_format(offset):
    layout = Layout(timestamp="t", format="%d.%m.%Y %H:%M %z")
    seconds = 5 * 3600 + 1800 * ("30" in offset)
    assert parse(f"02.01.1970 00:00 {offset}", layout) == ((86_400 + seconds) * 1000, False)


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("31.02.2024", "%d.%m.%Y"),
        ("29.02.2023", "%d.%m.%Y"),
        ("0.1.2024", "%d.%m.%Y"),
        ("1.13.2024", "%d.%m.%Y"),
        ("1.1.2024 x", "%d.%m.%Y"),
        ("1.1.24", "%d.%m.%Y"),
        ("1.1.2024 24:01", "%d.%m.%Y %H:%M"),
        ("1.1.2024 10:60", "%d.%m.%Y %H:%M"),
        ("1.1.2024 13:00 PM", "%d.%m.%Y %I:%M %p"),
        ("1 Foo 2024", "%d %b %Y"),
        ("1.1.1969", "%d.%m.%Y"),
        ("1.1.2100", "%d.%m.%Y"),
        ("2024-02-30", "iso"),
        ("01/02/2024", "iso"),
        ("1709251200000", "seconds"),
        ("soon", "seconds"),
        ("nan", "seconds"),
        ("-1", "milliseconds"),
    ],
)
def test_what_is_no_time_is_refused(text, pattern):
    layout = Layout(timestamp="t", format=pattern)
    with pytest.raises(ValueError):
        parse(text, layout)
    assert not Timestamps(layout, True).fits(0, text)


def test_midnight_may_be_the_end_of_a_day():
    layout = Layout(timestamp="t", format="%d.%m.%Y %H:%M")
    assert parse("31.12.2023 24:00", layout) == parse("01.01.2024 00:00", layout)


def test_an_offset_without_a_zone_of_the_series_is_refused():
    for text, pattern in (("2024-01-01T00:00Z", "iso"), ("01.01.2024 +0100", "%d.%m.%Y %z")):
        layout = Layout(timestamp="t", format=pattern)
        with pytest.raises(ValueError):
            parse(text, layout, zoned=False)
        assert parse(text, layout)[1] is False


def test_fractions_of_a_second_count():
    assert parse("1709251200.25", Layout(timestamp="t", format="seconds"))[0] == 1709251200250
    layout = Layout(timestamp="t", format="%Y-%m-%d %H:%M:%S.%f")
    assert parse("1970-01-02 00:00:00.5", layout)[0] == 86_400_500
