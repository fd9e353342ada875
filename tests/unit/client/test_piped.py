"""What another program writes: CSV, rows in JSON, requests."""

from __future__ import annotations

import json
from codecs import BOM_UTF8

import numpy as np
import pytest

from tests.support.series import household, write_iso
from tests.support.settings import MEASUREMENTS, SERIES
from tests.support.windows import model as described
from tfx_pipeline.client.errors import ForecastError
from tfx_pipeline.client.files import read_windows
from tfx_pipeline.client.piped import read_piped, rows_of
from tfx_pipeline.client.tail import Chunk
from tfx_pipeline.data.contract import Windowing
from tfx_pipeline.data.raw.errors import DataError

UCI = described(SERIES, Windowing(window=12, horizon=3, origins=5))


@pytest.fixture
def house(tmp_path):
    minutes = household(40, "2023-01-01 00:00").without_values(slice(33, 35))
    return write_iso(tmp_path / "house.csv", minutes)


@pytest.fixture
def rows(house):
    """The rows of the file in JSON, by the names of the measurements."""
    _, *lines = house.read_text().splitlines()
    return [
        {"timestamp": time}
        | {
            name: float(value) if value else None
            for name, value in zip(MEASUREMENTS, values, strict=True)
        }
        for time, *values in (line.split(",") for line in lines)
    ]


def same(windows, others):
    assert windows.origins.tolist() == others.origins.tolist()
    for name, values in others.inputs.items():
        np.testing.assert_array_equal(windows.inputs[name], values)


def test_csv_and_rows_in_json_are_the_same(house, rows):
    expected = read_windows([str(house)], UCI, last=3)
    same(read_piped(house.read_bytes(), UCI, last=3), expected)
    same(read_piped(json.dumps(rows).encode(), UCI, last=3), expected)
    same(read_piped(json.dumps(rows).encode("utf-8-sig"), UCI, last=3), expected)
    lines = "\n".join(map(json.dumps, rows))
    same(read_piped(f"\n {lines}\n".encode(), UCI, last=3), expected)


def test_times_may_be_seconds_and_rows_name_their_meter(rows):
    epoch = [
        row | {"timestamp": 1_672_531_200 + 60 * (minute // 2), "meter": f"m{minute % 2}"}
        for minute, row in enumerate(rows)
    ]
    windows = read_piped(json.dumps(epoch).encode(), UCI)
    assert windows.meters == ("m0", "m1")
    assert windows.inputs["timestamp"].tolist() == [1_672_531_200 + 60 * 19] * 2


@pytest.mark.parametrize("form", ["inputs", "instances"])
def test_a_request_of_tensorflow_serving_is_taken(form, house):
    expected = read_windows([str(house)], UCI, last=2)
    columns = {name: values.tolist() for name, values in expected.inputs.items()}
    body = {"signature_name": "serving_default", "inputs": columns}
    if form == "instances":
        body = {
            "instances": [
                {name: values[row] for name, values in columns.items()} for row in range(2)
            ]
        }
    windows = read_piped(json.dumps(body).encode(), UCI)
    same(windows, expected)
    assert np.isnan(windows.came).all()


def request(**changes):
    inputs = {name: [[1.0] * 12] for name in MEASUREMENTS} | {"timestamp": [0]}
    return {"inputs": {name: one for name, one in (inputs | changes).items() if one != "left out"}}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (request(Voltage=[[1.0] * 11]), r"Voltage: the model takes float32 \[batch, 12\], the req"),
        (request(Voltage=[[1.0] * 11 + ["x"]]), "Voltage: expected numbers"),
        (request(Voltage=1), "Voltage: expected a list"),
        (request(Voltage="left out"), "the request lacks Voltage"),
        (request(Voltag=[[1.0]]), r"Voltag: the model has no such input; did you mean Voltage\?"),
        (request(timestamp=[1.5]), "timestamp: expected numbers"),
        (request(timestamp=[10**17]), "timestamp: expected seconds since 1970"),
        (request(timestamp=[-(10**12)]), "timestamp: expected seconds since 1970"),
        (request(timestamp=[0, 1]), "not of equally many windows: .*timestamp 2"),
        ({"inputs": {name: [] for name in (*MEASUREMENTS, "timestamp")}}, "the model takes"),
        ({"inputs": [1]}, "inputs: expected an object"),
        ({"instances": 1}, "instances: expected a list of objects"),
        ({"instances": [{"Voltage": [1]}, {}]}, r"instances\[1\] lacks Voltage"),
        ({"signature_name": "other", "inputs": {}}, "signature_name: 'other'"),
        ([], "no rows"),
        ([1], "expected rows such as"),
        ([{"Voltage": 1}], "a row has no timestamp"),
        ([{"timestamp": "2023-01-01", "Voltag": 1}], "which is no measurement; did you mean Volta"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_other_json_is_refused_in_words(body, said):
    with pytest.raises(ForecastError, match=said):
        read_piped(json.dumps(body).encode(), UCI)


def test_what_is_no_json_is_refused():
    with pytest.raises(ForecastError, match="standard input: no JSON: "):
        read_piped(b'{"inputs": ', UCI)
    with pytest.raises(DataError, match="standard input"):
        read_piped(b"nothing,of,the,kind\n1,2,3,4\n", UCI)


class Lines:
    """A source of which each read gives the next text."""

    def __init__(self, *texts):
        self.texts = list(texts)

    def read(self, seconds):
        return Chunk(self.texts.pop(0), ended=not self.texts)


def test_rows_in_json_come_as_csv(rows):
    lines = [json.dumps(row).encode() + b"\n" for row in rows[:3]]
    source, series = rows_of(Lines(b"", BOM_UTF8 + lines[0], lines[1] + lines[2], b""), SERIES)
    assert series.layouts[0].timestamp == ("timestamp",)
    first, second, last = (source.read(1) for _ in range(3))
    assert first.text.splitlines()[0].decode() == ",".join(("timestamp", *MEASUREMENTS))
    assert len(first.text.splitlines()) == 2
    assert second.text.startswith(b"2023-01-01 00:01:00,")
    assert last == Chunk(b"", ended=True)


def test_csv_comes_as_it_is():
    source, series = rows_of(Lines(b"a,b\n", b"1,2\n"), SERIES)
    assert series is SERIES
    assert [source.read(1).text for _ in range(2)] == [b"a,b\n", b"1,2\n"]
