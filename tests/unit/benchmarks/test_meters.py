"""Generated households: the same by number and seed, unlike each other, as their file says."""

import importlib.util
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from tfx_pipeline.series.files import read_series

PROJECT = Path(__file__).parents[3]
SPEC = importlib.util.spec_from_file_location("meters", PROJECT / "benchmarks" / "meters.py")
meters = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(meters)

DAYS = 120


@pytest.fixture(scope="module")
def weather():
    return meters.weather(DAYS, seed=3)


def test_a_meter_is_the_same_whichever_come_before_it(tmp_path):
    many = pq.read_table(meters.write(tmp_path / "many", 0, 4, 10, seed=1)).to_pandas()
    one = pq.read_table(meters.write(tmp_path / "one", 2, 1, 10, seed=1)).to_pandas()
    again = many[many.meter == "M00002"].reset_index(drop=True)
    assert again.equals(one)


def test_households_differ(weather):
    energy = np.stack([meters.household(n, weather, seed=3).energy for n in range(20)])
    assert np.isfinite(energy).all()
    assert (energy > 0).all()
    assert energy.max() < 20
    yearly = energy.sum(axis=1) * 365 / DAYS
    assert yearly.max() > 3 * yearly.min()
    correlation = np.corrcoef(energy)[np.triu_indices(20, 1)]
    assert correlation.max() < 0.9
    shapes = energy.reshape(20, -1, 48).mean(axis=1)
    assert len(set(shapes.argmax(axis=1))) > 5


def test_the_description_is_one_of_the_file(tmp_path):
    file = meters.write(tmp_path, 0, 3, 10, seed=1)
    spec = read_series(tmp_path / "meters.yaml")
    table = pq.read_table(file)
    assert {*spec.meter, spec.group, *spec.names, "timestamp"} == set(table.column_names)
    assert table.num_rows == 3 * 10 * 86_400 // spec.step
