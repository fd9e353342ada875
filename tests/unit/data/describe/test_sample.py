"""Large, compressed and Parquet files: what of them is looked at, and what is refused."""

import gzip
import time
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.described import LOAD, QUARTERS, TEXT, rows
from tests.support.own_files import FILES
from tfx_pipeline.data.describe.description import describe
from tfx_pipeline.data.describe.errors import DescribeError


def test_a_large_file_is_looked_at_in_parts(tmp_path):
    file = tmp_path / "large.csv"
    times = [
        f"2023-{1 + n // 2880:02}-{1 + n // 96 % 30:02}{QUARTERS[n % 96][10:]}" for n in range(5760)
    ]
    head = rows(times, LOAD * 12).encode() * 4
    with file.open("wb") as stream:
        stream.write(head)
        stream.seek(2 << 30)  # two gigabytes, of which the disk holds nothing
        stream.write(b"\n" + TEXT.partition("\n")[2].replace("2023", "2024").encode())
    started = time.process_time()
    found = describe(str(file))
    assert time.process_time() - started < 30
    assert "of it: its beginning, middle and end" in found.seen
    assert found.values["cadence"] == "PT15M"


def test_a_large_compressed_file_is_streamed(tmp_path, monkeypatch):
    for name, size in {"WHOLE_BYTES": 1 << 20, "PART_BYTES": 1 << 18}.items():
        monkeypatch.setattr(f"tfx_pipeline.data.describe.sample.{name}", size)
    file = tmp_path / "large.csv.gz"
    block = "".join(f"{one},{value}\n" for one, value in zip(QUARTERS, LOAD, strict=True))
    with gzip.open(file, "wb", compresslevel=1) as stream:
        stream.write(b"time,power kW\n")
        for _ in range(400):
            stream.write(block.encode())
    found = describe(str(file))
    assert "its beginning, middle and end" in found.seen


def test_a_large_parquet_file_is_looked_at_in_parts(tmp_path, monkeypatch):
    monkeypatch.setattr("tfx_pipeline.data.describe.sample.WHOLE_CELLS", 20_000)
    made = FILES["many_meters"].make(tmp_path)
    found = describe(str(made.path))
    assert found.values == FILES["many_meters"].expected
    assert found.seen.startswith("its beginning, middle and end, ")
    assert found.seen.endswith(" of 57,600 rows")


def test_parquet_of_odd_types(tmp_path):
    count = 480
    start = 1_672_531_200
    columns = {
        "day": pa.array((np.arange(count) // 96).astype(np.int32), pa.int32()).cast(pa.date32()),
        "epoch": pa.array(start + 900 * np.arange(count)),
        "power_w": pa.array([Decimal(n * 7 % 13 * 100) for n in range(count)], pa.decimal128(8, 2)),
        "on": pa.array([True, False] * (count // 2)),
        "house": pa.array(["a"] * count).dictionary_encode(),
        "tags": pa.array([["a"]] * count),
    }
    file = tmp_path / "odd.parquet"
    pq.write_table(pa.table(columns), file)
    spec = describe(str(file)).spec
    assert spec.layouts[0].timestamp == ("epoch",)
    assert spec.target.name == "power_w"
    assert spec.meter == ("house",)
    assert spec.ignored == ("day", "on", "tags")


@pytest.mark.parametrize(
    "values",
    [
        pa.array([5] * 480, pa.duration("s")),
        pa.array(range(480), pa.duration("ns")),
        pa.nulls(480),
        pa.array(np.ones(480, np.float16)),
        pa.array([b"\xff"] * 480),
        pa.array([{"a": 1}] * 480),
    ],
    ids=lambda values: str(values.type),
)
def test_parquet_of_types_that_hold_no_measurement(values, tmp_path):
    file = tmp_path / "odd.parquet"
    moments = pa.array(1_672_531_200 + 900 * np.arange(480), pa.timestamp("s"))
    power = pa.array(LOAD).cast(pa.float64())
    pq.write_table(pa.table({"time": moments, "power_kw": power, "odd": values}), file)
    assert describe(str(file)).spec.ignored == ("odd",)


@pytest.mark.parametrize(
    ("written", "zone"),
    [("+01:00", "Etc/GMT-1"), ("-05:30", "UTC"), ("W. Europe Standard Time", "UTC")],
)
def test_parquet_of_zones_that_are_none(written, zone, tmp_path):
    file = tmp_path / "zone.parquet"
    moments = pa.array(1_672_531_200 + 900 * np.arange(480), pa.timestamp("s", written))
    pq.write_table(pa.table({"time": moments, "power_kw": pa.array(LOAD).cast("double")}), file)
    found = describe(str(file))
    assert found.spec.zone == zone
    assert found.remarks.doubtful("zone")


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=3))
@settings(max_examples=100, deadline=None)
def test_any_damage_to_parquet_is_refused_in_words(tmp_path_factory, flipped):
    file = tmp_path_factory.getbasetemp() / "damaged.parquet"
    moments = pa.array(1_672_531_200 + 900 * np.arange(480), pa.timestamp("s"))
    names = ["a", "b"] * 240
    table = {"time": moments, "power_kw": pa.array(LOAD).cast("double"), "house": names}
    pq.write_table(pa.table(table), file)
    content = bytearray(file.read_bytes())
    for place, byte in flipped:
        content[int(place * (len(content) - 1))] = byte
    file.write_bytes(content)
    try:
        describe(str(file))
    except DescribeError as refusal:
        assert str(refusal).startswith(str(file))  # noqa: PT017, it may well be described
