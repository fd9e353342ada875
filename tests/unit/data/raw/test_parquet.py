"""Parquet files are read as text files are, in bounded memory, and their rows are named."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.data.raw.test_aggregation import START, read, spec
from tfx_pipeline.data.raw.errors import BadRows, DataError
from tfx_pipeline.data.raw.reader import Reader

TIMES = [datetime.fromtimestamp(START + 60 * n, UTC).replace(tzinfo=None) for n in range(6)]
VALUES = [1.0, 2.5, None, -3.0, 4.0, 5.0]
ISO = [{"timestamp": "t"}]


def write(path, **columns):
    pq.write_table(pa.table(columns), path, row_group_size=4)
    return path


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Paris"])
def test_timestamps_of_arrow_s_types(tmp_path, unit, zone):
    times = pa.array(TIMES, pa.timestamp(unit))
    if zone:
        times = pa.compute.assume_timezone(times, "UTC").cast(pa.timestamp(unit, zone))
    found = read(write(tmp_path / "a.parquet", t=times, power=VALUES), spec(layouts=ISO))[""]
    assert list(found) == [0, 1, 2, 3, 4, 5]
    np.testing.assert_array_equal(list(found.values()), [1, 2.5, np.nan, -3, 4, 5])


@pytest.mark.parametrize(
    ("times", "layout"),
    [
        ([when.isoformat() for when in TIMES], {"timestamp": "t"}),
        ([START + 60 * n for n in range(6)], {"timestamp": "t", "format": "seconds"}),
        ([1000 * (START + 60 * n) for n in range(6)], {"timestamp": "t", "format": "milliseconds"}),
        ([f"{w:%d/%m/%y %H:%M}" for w in TIMES], {"timestamp": "t", "format": "%d/%m/%y %H:%M"}),
    ],
)
def test_times_as_texts_and_numbers(tmp_path, times, layout):
    path = write(tmp_path / "a.parquet", t=times, power=VALUES)
    assert list(read(path, spec(layouts=[layout]))[""]) == [0, 1, 2, 3, 4, 5]


def test_date_and_time_of_day_in_two_columns(tmp_path):
    path = write(
        tmp_path / "a.parquet",
        d=[when.date() for when in TIMES],
        t=[when.time() for when in TIMES],
        power=VALUES,
    )
    series = spec(layouts=[{"timestamp": ["d", "t"]}])
    assert list(read(path, series)[""]) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "values",
    [
        pa.array([1, 2, 3, 4, 5, 6], pa.int32()),
        pa.array([1, 2, 3, 4, 5, 6], pa.float64()),
        pa.array([Decimal(n) for n in range(1, 7)], pa.decimal128(9, 2)),
        pa.array(["1", "2", "3", "4", "5", "6"]),
    ],
)
def test_numbers_of_any_type(tmp_path, values):
    path = write(tmp_path / "a.parquet", t=TIMES, power=values)
    assert list(read(path, spec(layouts=ISO))[""].values()) == [1, 2, 3, 4, 5, 6]


def test_two_meters_long_and_wide(tmp_path):
    long = write(
        tmp_path / "long.parquet",
        t=[when for when in TIMES for _ in "ab"],
        id=pa.array(["a", "b"] * 6).dictionary_encode(),
        power=[value for n in range(6) for value in (n, 10 + n)],
    )
    wide = write(
        tmp_path / "wide.parquet",
        t=TIMES,
        a=list(range(6)),
        b=pa.array([10 + n for n in range(6)], pa.float32()),
    )
    truth = {"a": dict(enumerate(range(6))), "b": dict(enumerate(range(10, 16)))}
    assert read(long, spec(layouts=ISO, meter="id")) == truth
    assert read(wide, spec(layouts=ISO, meter_columns="?")) == truth  # t is the time, no meter


def test_thousands_of_meters_take_little_time_and_memory(tmp_path):
    count, rows = 2000, 48
    power = np.random.default_rng(0).random((count, rows), np.float32)
    columns = {f"m{n}": power[n] for n in range(count)}
    path = write(
        tmp_path / "wide.parquet", t=[TIMES[0] + timedelta(hours=n) for n in range(rows)], **columns
    )
    found = read(path, spec(cadence="PT1H", layouts=ISO, meter_columns="m*"))
    assert len(found) == count
    np.testing.assert_array_equal(list(found["m7"].values()), power[7])


def error(path, series, accepted=0):
    with pytest.raises(DataError) as caught:
        list(Reader([str(path)], series, BadRows(accepted)))
    return caught.value


def test_a_bad_row_is_named_by_its_number(tmp_path):
    for name, columns, words in (
        ("null", {"t": [*TIMES[:4], None, TIMES[5]], "power": VALUES}, "is no timestamp"),
        ("text", {"t": TIMES, "power": ["1", "2", "3", "4", "high", "6"]}, "'high' is no number"),
        ("late", {"t": [*TIMES[:4], TIMES[1], TIMES[5]], "power": VALUES}, "is earlier than"),
        ("inf", {"t": TIMES, "power": [1.0, 2.0, 3.0, 4.0, np.inf, 6.0]}, "infinity"),
    ):
        path = write(tmp_path / name, **columns)
        caught = error(path, spec(layouts=ISO))
        assert f"{path}, row 5" in str(caught), name
        assert words in str(caught)
        bad_rows = BadRows(1)
        rows = sum(part.steps.size for part in Reader([str(path)], spec(layouts=ISO), bad_rows))
        assert (rows, sum(bad_rows.count.values())) == (5, 1)


def test_columns_that_do_not_fit_are_named(tmp_path):
    path = write(tmp_path / "a.parquet", t=TIMES, power=[[1.0]] * 6)
    assert "column power: the column is of list" in str(error(path, spec(layouts=ISO)))
    path = write(tmp_path / "a.parquet", t=TIMES, power=VALUES, other=VALUES)
    assert "extra columns: 'other'" in str(error(path, spec(layouts=ISO)))


def test_a_damaged_file_is_named(tmp_path):
    path = write(tmp_path / "a.parquet", t=TIMES, power=VALUES)
    path.write_bytes(path.read_bytes()[:-9])
    caught = error(path, spec(layouts=ISO))
    assert caught.problems[0].rule == "compression"
    assert "damaged or cut off" in str(caught)


def test_only_the_first_rows_where_so_many_are_asked_for(tmp_path):
    path = write(tmp_path / "a.parquet", t=TIMES, power=VALUES)
    reader = Reader([str(path)], spec(layouts=ISO), BadRows(), limit=5)
    assert sum(rows.steps.size for rows in reader) == reader.rows == 5
