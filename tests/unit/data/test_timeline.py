"""The target over the whole time, against a plain loop, however the rows come."""

from datetime import timedelta

import numpy as np
import pytest

from tfx_pipeline.data.raw.rows import Rows
from tfx_pipeline.data.timeline import LENGTHS, MOST_PERIODS, TimelineSums
from tfx_pipeline.series.files import UCI_HOUSEHOLD, read_series
from tfx_pipeline.series.grid import Grid

NAMES = 7


def rows(meter: str, steps: np.ndarray, target: np.ndarray) -> Rows:
    values = np.tile(target.astype(np.float32), (NAMES, 1))
    return Rows(meter, steps, values, "a.csv", np.arange(steps.size))


@pytest.mark.parametrize(
    ("minutes", "length"),
    [(1, 3600), (2000, 3600), (40_000, 7200), (86_400, 6 * 3600), (2_075_259, 7 * 86_400)],
)
def test_periods_are_as_short_as_a_chart_has_room_for(minutes, length):
    spec = read_series(UCI_HOUSEHOLD)
    sums = TimelineSums(spec)
    start = 19_000_000
    sums.add(rows("", start + np.arange(minutes), np.ones(minutes)))
    found = sums.summary([(start, start + minutes)])
    assert found.period_seconds == length
    assert len(found.periods) <= MOST_PERIODS
    assert found.periods[0] == Grid(spec).text(start)
    assert set(found.mean) == {1.0}
    assert set(found.observed_fraction) == {1.0}
    assert (found.target, found.unit) == ("Global_active_power", "kW")


def test_it_equals_a_plain_loop():
    rng = np.random.default_rng(7)
    sums, seen = TimelineSums(read_series(UCI_HOUSEHOLD)), {}
    spans = [(1_000_030, 1_000_500), (999_900, 1_000_100), (1_001_000, 1_001_010)]
    for meter, (first, stop) in enumerate(spans):
        steps = np.arange(first, stop)
        target = np.where(rng.random(steps.size) < 0.3, np.nan, rng.random(steps.size))
        for part in np.split(np.arange(steps.size), [5, 5, 130]):
            sums.add(rows(f"meter {meter}", steps[part], target[part]))
        for step, value in zip(steps.tolist(), target.tolist(), strict=True):
            seen.setdefault(step // 60, []).append(value)
    found = sums.summary(spans)
    hours = range(999_900 // 60, 1_001_009 // 60 + 1)
    assert len(found.periods) == len(hours)
    for number, hour in enumerate(hours):
        values = seen.get(hour, [])
        observed = [value for value in values if not np.isnan(value)]
        if not values:
            assert found.observed_fraction[number] is None
        else:
            fraction = found.observed_fraction[number]
            assert fraction == pytest.approx(len(observed) / len(values), abs=1e-4)
        if observed:
            assert found.mean[number] == pytest.approx(np.mean(observed), abs=1e-4)
        else:
            assert found.mean[number] is None


@pytest.mark.parametrize("cadence", [1, 7, 900, 3600, 5 * 3600, 86_400])
def test_every_cadence_has_its_periods(cadence):
    spec = read_series(UCI_HOUSEHOLD).model_copy(update={"cadence": timedelta(seconds=cadence)})
    for steps in (1, 3, 1000, 100_000):
        sums = TimelineSums(spec)
        sums.add(rows("", 5000 + np.arange(steps), np.arange(steps) * 1.0))
        found = sums.summary([(5000, 5000 + steps)])
        assert len(found.periods) <= MOST_PERIODS
        assert sum(value is not None for value in found.mean) >= 1
        assert found.period_seconds in LENGTHS or found.period_seconds % cadence == 0
