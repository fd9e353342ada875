"""Which step is the last complete one of a meter, by the rows that have come."""

import numpy as np
import pytest

from tfx_pipeline.data.raw.batch import Batch
from tfx_pipeline.data.raw.reach import Reach
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec

START = 1_700_000_100  # a quarter of an hour begins
QUARTER = 900


def reach(minutes, values=None, **changes):
    target = {"name": "power", "unit": "kW"} | changes.pop("target", {})
    layouts = [{"timestamp": "time"}]
    series = SeriesSpec.model_validate(
        {"layouts": layouts, "cadence": "PT15M", "target": target} | changes
    )
    grid = Grid(series)
    found = Reach(series, grid)
    minutes = np.asarray(minutes)
    if values is None:
        values = np.ones((len(series.names), minutes.size))
    millis = 1000 * (START + 60 * minutes).astype(np.int64)
    meter = np.zeros(minutes.size, np.int64)
    for part in (slice(0, 1), slice(1, None)):  # as blocks of a file come
        found.add(Batch(meter[part], millis[part], values[:, part], meter[part], "file"))
    first = int(grid.index(START))
    return [found.complete(0, ended) - first for ended in (False, True)]


@pytest.mark.parametrize(
    ("minutes", "going_on", "ended"),
    [
        ([0, 15, 30], 2, 2),  # whole steps
        ([0], -1, 0),  # the first row may be a step or a part of one
        ([0, 5, 10], 0, 0),  # the next one is due as the next step begins
        ([0, 5], -1, -1),
        ([0, 6, 12], -1, 0),  # it stands until 18, and a row at 14 could still come
        ([0, 6, 12, 18], 0, 0),
        ([0, 60], 4, 4),  # a gap
        ([1, 61], 3, 4),
        ([7, 10, 13], -1, 0),
    ],
    ids=str,
)
def test_rows_stamped_at_the_beginning(minutes, going_on, ended):
    assert reach(minutes) == [going_on, ended]


@pytest.mark.parametrize(
    ("minutes", "complete"), [([15, 30], 1), ([14, 29], 0), ([16, 31], 1), ([15], 0)], ids=str
)
def test_rows_stamped_at_the_end(minutes, complete):
    assert reach(minutes, interval_ends=True) == [complete, complete]


def test_readings_of_a_counter():
    counter = {"name": "energy", "unit": "kWh", "aggregate": "difference"}
    assert reach([0, 15, 30], target=counter) == [1, 1]
    assert reach([0, 14], target=counter) == [-1, -1]


def test_days_follow_the_clock():
    """Rows a day apart, of which one has 25 hours."""
    zone = {"zone": "Europe/Berlin", "cadence": "P1D"}
    midnight = 1_698_444_000  # 2023-10-28 00:00 in Berlin
    minutes = (midnight - START) // 60 + np.array([0, 1440])
    grid = Grid(
        SeriesSpec.model_validate(
            {"layouts": [{"timestamp": "t"}], "target": {"name": "power", "unit": "kW"}} | zone
        )
    )
    last = int(grid.index(midnight)) + 1 - int(grid.index(START))
    assert reach(minutes, **zone) == [last, last]


def test_rows_of_what_is_known_ahead_complete_nothing():
    ahead = {"known_ahead": [{"name": "temperature", "unit": "degC"}]}
    values = np.array([[1, 1, np.nan, np.nan], [1, 1, 1, 1]])
    assert reach([0, 15, 30, 45], values, **ahead) == [1, 1]
    # without any, a row says that its time has passed
    assert reach([0, 15, 30, 45], np.array([[1, 1, np.nan, np.nan]])) == [3, 3]
