"""Times of the command line, and this moment."""

from datetime import UTC, datetime

import pytest

from tests.support.settings import SERIES
from tfx_pipeline.series.spec import SeriesSpec
from tfx_pipeline.series.times import instant, now

PARIS = SeriesSpec.model_validate(SERIES.model_dump() | {"zone": "Europe/Paris"})


@pytest.mark.parametrize(
    ("text", "spec", "expected"),
    [
        ("2010-01-01", SERIES, datetime(2010, 1, 1, tzinfo=UTC)),
        ("2010-01-01T12:30", SERIES, datetime(2010, 1, 1, 12, 30, tzinfo=UTC)),
        ("2010-01-01T12:30", PARIS, datetime(2010, 1, 1, 11, 30, tzinfo=UTC)),
        ("2010-01-01T12:30+03:00", PARIS, datetime(2010, 1, 1, 9, 30, tzinfo=UTC)),
        # An hour that the clock shows twice: the first one, unless the offset says which.
        ("2023-10-29 02:30", PARIS, datetime(2023, 10, 29, 0, 30, tzinfo=UTC)),
        ("2023-10-29 02:30+01:00", PARIS, datetime(2023, 10, 29, 1, 30, tzinfo=UTC)),
    ],
)
def test_a_time_is_the_local_clocks_unless_it_says_otherwise(text, spec, expected):
    assert instant(text, spec) == expected.timestamp()


@pytest.mark.parametrize(
    ("text", "said"), [("yesterday", "is no time, such as"), ("2010-01-01T00:00Z", "no time zone")]
)
def test_what_is_no_time_is_refused(text, said):
    with pytest.raises(ValueError, match=said):
        instant(text, SERIES)


def test_without_a_zone_now_is_what_the_clock_shows():
    shown = datetime.now().replace(tzinfo=UTC).timestamp()
    assert abs(now(SERIES) - shown) <= 2
    assert abs(now(PARIS) - datetime.now(UTC).timestamp()) <= 2
