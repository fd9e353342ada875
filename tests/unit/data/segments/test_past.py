"""The same time on an earlier day: by the local clock, across gaps, missing where not observed."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tests.support.settings import defaults
from tfx_pipeline.data.segments.past import Past
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec


def series(cadence: str, zone: str | None = None) -> SeriesSpec:
    described = defaults().spec.model_dump()
    return SeriesSpec.model_validate(described | {"cadence": cadence, "zone": zone})


def past_of(spec: SeriesSpec, steps: np.ndarray) -> Past:
    """A past in which each value is the number of its step, from 1 on."""
    past = Past(spec)
    for part in np.array_split(steps, 7):
        past.add(part, (part - steps[0] + 1).astype(np.float32))
    return past


@pytest.mark.parametrize(("cadence", "day"), [("PT1M", 1440), ("PT30M", 48), ("P1D", 1)])
@pytest.mark.parametrize("days", [1, 7])
def test_without_a_zone_it_is_so_many_steps_before(cadence, day, days):
    steps = 1_000_000 + np.arange(10 * day)
    past = past_of(series(cadence), steps)
    found = past.before(steps, days)
    assert np.isnan(found[: days * day]).all()
    np.testing.assert_array_equal(found[days * day :], 1 + np.arange((10 - days) * day))


def test_what_was_not_observed_is_missing():
    steps = np.delete(1000 + np.arange(200), [60, 61])
    past = Past(series("PT30M"))
    values = np.ones(steps.size, np.float32)
    values[70] = np.nan
    past.add(steps, values)
    wanted = 1000 + np.arange(48, 248)
    assert np.flatnonzero(np.isnan(past.before(wanted, 1))).tolist() == [60, 61, 72]


@pytest.mark.parametrize("cadence", ["PT7S", "PT7H"])
def test_a_cadence_that_does_not_divide_a_day_has_no_same_time(cadence):
    steps = np.arange(100_000, 100_200)
    assert np.isnan(past_of(series(cadence), steps).before(steps + 50, 1)).all()


@pytest.mark.parametrize("cadence", ["PT15M", "PT1H", "PT6H"])
@pytest.mark.parametrize("days", [1, 7])
@pytest.mark.parametrize("start", [datetime(2024, 3, 20), datetime(2024, 10, 18)])
def test_the_local_clock_decides_when_it_changes(cadence, days, start):
    spec = series(cadence, "Europe/Paris")
    zone, grid = ZoneInfo("Europe/Paris"), Grid(spec)
    begin = int(start.replace(tzinfo=zone).timestamp())
    steps = np.arange(grid.index(begin), grid.index(begin + 18 * 86_400))
    found = past_of(spec, steps).before(steps, days)

    local = [datetime.fromtimestamp(int(second), zone) for second in grid.seconds(steps)]
    place = {int(step): number for number, step in enumerate(steps)}
    for number, when in enumerate(local):
        earlier = when.replace(tzinfo=None) - timedelta(days=days)
        if earlier.hour == 2:  # twice or never on one day
            continue
        instant = int(earlier.replace(tzinfo=zone).timestamp())
        before = place.get(int(grid.index(instant)))
        if before is None:
            assert np.isnan(found[number])
        else:
            assert found[number] == before + 1


def test_what_is_forgotten_is_more_than_a_week_past():
    steps = np.arange(100_000)
    past = past_of(series("PT1M"), steps)
    past.forget(90_000)
    wanted = np.arange(90_000, 100_000)
    np.testing.assert_array_equal(past.before(wanted, 7), wanted - 10_080 + 1)
    assert np.isnan(past.before(np.arange(80_000), 1)).all()
