"""Malformed requests over REST: each is refused in words, and the server answers the next one."""

import gzip
import socket

import httpx
import numpy as np
import pytest

from tests.support.saved_models import write_half_plus, write_version
from tests.support.server import serving

NAME = "household-power"
PREDICT = f"/v1/models/{NAME}:predict"
WINDOW = 50


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    write_half_plus(folder / "half_plus_two")
    write_version(folder / NAME, 7)
    with serving(folder, max_body=1, max_rows=100, read_timeout=1.0) as running:
        yield running


@pytest.fixture(scope="module")
def inputs(running):
    """A whole request: two windows of every input."""
    specs = running.server.plane.models[NAME].routing.stable.signatures["serving_default"].inputs
    windows = np.linspace(0, 1, 2 * WINDOW).reshape(2, WINDOW).tolist()
    found = {name: windows for name in specs if name != "timestamp"}
    return found | {"timestamp": [1266000000, 1266000060]}


def rows(inputs):
    return [dict(zip(inputs, row, strict=True)) for row in zip(*inputs.values(), strict=True)]


def of_columns(**changes):
    return lambda inputs: {"inputs": inputs | changes}


def of_rows(change):
    def made(inputs):
        found = rows(inputs)
        change(found)
        return {"instances": found}

    return made


def window(*values, length=WINDOW):
    return [list(values) + [1.0] * (length - len(values)), [1.0] * length]


FAULTS = {
    "nothing": (b"", "empty"),
    "blank": (b" \n", "empty"),
    "no JSON": (b"hello", "JSON Parse error: Expecting value at offset: 0"),
    "cut off": (b'{"inputs": {"Voltage": [[1.0, 2', "JSON Parse error"),
    "two documents": (b'{"inputs": 1} {}', "Extra data"),
    "an array": (b"[1, 2]", "must be a JSON object, is an array"),
    "no UTF-8": (b'{"inputs": "\xff"}', "byte 12 is not UTF-8"),
    "UTF-16": ('{"inputs": 1}'.encode("utf-16"), "not UTF-8"),
    "deep": (b'{"inputs": ' + b"[" * 20_000 + b"]" * 20_000 + b"}", "nested too deeply"),
    "deep and open": (b"[" * 200_000, "nested too deeply"),
    "deep in a tensor": (b'{"inputs": ' + b"[" * 900 + b"]" * 900 + b"}", "inputs"),
    "long number": (b'{"inputs": ' + b"9" * 5000 + b"}", "JSON Parse error"),
    "beyond a double": (b'{"inputs": [1e400]}', "1e400"),
    "key twice": (b'{"inputs": 1, "inputs": 2}', "'inputs' is there twice"),
    "input twice": (b'{"inputs": {"Voltage": 1, "Voltage" : 2}}', "'Voltage' is there twice"),
    "no inputs": ({}, "Missing 'inputs' or 'instances' key"),
    "both": ({"inputs": 1, "instances": []}, "exclude each other"),
    "unknown key": ({"instance": []}, "unknown key 'instance'; did you mean instances?"),
    "signature": ({"signature_name": "serve", "inputs": 1}, 'signature_name: "serve"'),
    "signature's type": ({"signature_name": 1, "inputs": 1}, "signature_name: must be a string"),
    "null": ({"inputs": None}, "inputs: must be an object"),
    "bare value": ({"inputs": 1.0}, "inputs: must be an object"),
    "no rows": ({"instances": []}, "instances: is empty"),
    "rows as object": ({"instances": {"Voltage": []}}, "instances: must be an array"),
    "plain rows": ({"instances": [[1.0]]}, "instances: must be an array of objects"),
    "a row is null": (of_rows(lambda found: found.append(None)), "instances[2]: must be an object"),
    "a row lacks one": (
        of_rows(lambda found: found[1].pop("Voltage")),
        "instances[1]: lacks input 'Voltage'",
    ),
    "a row has more": (
        of_rows(lambda found: found[1].update(Voltge=1)),
        "instances[1]: unknown input 'Voltge'; did you mean Voltage?",
    ),
    "unknown input": (of_columns(volts=[1.0]), "inputs: unknown input 'volts'"),
    "missing input": (lambda inputs: {"inputs": {"Voltage": [1.0]}}, "inputs: lacks input"),
    "text for a number": (
        of_columns(Voltage=window("240")),
        "inputs['Voltage'][0][0]: is a string",
    ),
    "null for NaN": (of_columns(Voltage=window(1.0, None)), "['Voltage'][0][1]: is null"),
    "true for a number": (of_columns(Voltage=window(True)), "['Voltage'][0][0]: is true or false"),
    "object for a number": (of_columns(Voltage=window({})), "['Voltage'][0][0]: is an object"),
    "beyond a float32": (of_columns(Voltage=window(1e39)), "(1e+39), must be a number that fits"),
    "NaN for an integer": (
        of_columns(timestamp=[float("nan"), 1]),
        "['timestamp'][0]: is a number",
    ),
    "Infinity for an integer": (of_columns(timestamp=[float("inf"), 1]), "['timestamp'][0]"),
    "fraction for an integer": (
        of_columns(timestamp=[1.5, 1]),
        "must be a number that fits in int",
    ),
    "beyond an int64": (of_columns(timestamp=[2**63, 1]), "['timestamp'][0]"),
    "ragged": (of_columns(Voltage=[[1.0] * 50, [1.0] * 49]), "['Voltage'][1]: has 49 values"),
    "a value among windows": (of_columns(Voltage=[[1.0] * 50, 1.0]), "['Voltage'][1]: must be an"),
    "a window among values": (
        of_columns(Voltage=window(1.0, [])),
        "['Voltage'][0][1]: is an array",
    ),
    "short windows": (
        of_columns(Voltage=window(length=49)),
        "'Voltage': must be float32 [batch, 50]",
    ),
    "flat": (of_columns(Voltage=[1.0] * 50), "has shape [50]"),
    "scalar": (of_columns(Voltage=1.0), "has shape []"),
    "too deep by one": (of_columns(Voltage=[window()]), "has shape [1, 2, 50]"),
    "empty input": (of_columns(Voltage=[]), "has shape [0]"),
    "other rows": (of_columns(timestamp=[1266000000]), "'timestamp': has 1 rows"),
    "text for bytes": (
        {"signature_name": "serving_examples", "inputs": {"examples": ["no example"]}},
        "serving_examples",
    ),
    "number for bytes": (
        {"signature_name": "serving_examples", "inputs": {"examples": [1]}},
        "inputs['examples'][0]: is a number, must be a string or",
    ),
    "no base 64": (
        {"signature_name": "serving_examples", "instances": ["", {"b64": "a!"}]},
        "instances[1]: cannot be decoded",
    ),
    "base 64 and more": (
        {"signature_name": "serving_examples", "inputs": {"examples": [{"b64": "", "x": 1}]}},
        "inputs['examples'][0]: is an object",
    ),
    "too many rows": (
        lambda inputs: {"inputs": {name: value * 51 for name, value in inputs.items()}},
        "102 rows are too many, 100 at most",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_malformed_body_is_refused_in_words(running, inputs, fault):
    body, words = FAULTS[fault]
    answer = running.post(PREDICT, body(inputs) if callable(body) else body)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("application/json")
    assert list(answer.json()) == ["error"]
    assert words in answer.json()["error"]
    assert len(answer.json()["error"]) < 600
    assert running.post(PREDICT, {"inputs": inputs}).status_code == 200


PATHS = {
    "model": ("POST", "/v1/models/house:predict", 404, "house"),
    "a name that is like it": ("POST", f"/v1/models/{NAME}r:predict", 404, "did you mean"),
    "version": ("POST", f"/v1/models/{NAME}/versions/8:predict", 404, f"Specific({NAME}, 8)"),
    "huge version": ("POST", f"/v1/models/{NAME}/versions/9{9**19}:predict", 400, "to numeric"),
    "version as text": ("POST", f"/v1/models/{NAME}/versions/new:predict", 400, "Malformed"),
    "label": ("POST", f"/v1/models/{NAME}/labels/canary:predict", 400, "label: canary"),
    "classify": ("POST", f"/v1/models/{NAME}:classify", 400, f"{NAME}:predict"),
    "regress": ("POST", f"/v1/models/{NAME}:regress", 400, f"{NAME}:predict"),
    "unknown method": ("POST", f"/v1/models/{NAME}:explain", 400, "Malformed request: POST"),
    "GET": ("GET", PREDICT, 400, "Malformed request: GET"),
    "PUT": ("PUT", PREDICT, 400, "Malformed request: PUT"),
    "below": ("GET", f"/v1/models/{NAME}/metadata/more", 400, "Malformed request"),
    "status of no version": ("GET", f"/v1/models/{NAME}/versions/8", 404, "version 8"),
    "status of no label": ("GET", f"/v1/models/{NAME}/labels/x", 400, "x"),
    "metadata of no model": ("GET", "/v1/models/house/metadata", 404, "house"),
    "traversal": ("GET", "/v1/models/..%2f..%2fetc", 404, "not found"),
}


@pytest.mark.parametrize("fault", PATHS)
def test_a_malformed_path_is_refused_in_words(running, inputs, fault):
    method, path, status, words = PATHS[fault]
    body = {"json": {"inputs": inputs}} if method != "GET" else {}
    answer = httpx.request(method, running.rest + path, **body)
    assert answer.status_code == status
    assert words in answer.json()["error"]


def test_a_huge_body_is_refused_and_not_read(running):
    answer = running.post(PREDICT, b"[" + b"1," * (1 << 20) + b"1]")
    assert answer.status_code == 413
    assert "serving.max_body" in answer.json()["error"]


def test_a_compressed_body_is_read_and_a_bomb_is_not(running):
    options = {"headers": {"Content-Encoding": "gzip"}}
    path = "/v1/models/half_plus_two:predict"
    answer = running.post(path, gzip.compress(b'{"instances": [1.0]}'), **options)
    assert answer.json() == {"predictions": [2.5]}
    bomb = gzip.compress(b" " * (64 << 20))
    assert running.post(path, bomb, **options).status_code == 413
    broken = gzip.compress(b'{"instances": [1.0]}')[:-9] + b"x" * 9
    answer = running.post(path, broken, **options)
    assert answer.status_code == 400
    assert "error" in answer.json()


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "image/png", "text/plain"])
def test_what_counts_is_the_body_and_not_its_declared_type(running, kind):
    """curl declares a form, and so do the documented examples."""
    options = {"headers": {"Content-Type": kind}}
    path = "/v1/models/half_plus_two:predict"
    assert running.post(path, {"instances": [1.0]}, **options).status_code == 200
    answer = running.post(path, b"\x89PNG\r\n", **options)
    assert answer.status_code == 400
    assert "not UTF-8" in answer.json()["error"]


@pytest.mark.parametrize(
    "text",
    [
        b"hello\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"A: " + b"a" * 100_000 + b"\r\n\r\n",
    ],
    ids=["words", "TLS", "negative length", "two lengths", "long header"],
)
def test_what_is_no_http_is_refused(running, inputs, text):
    host, port = running.server.rest_address
    with socket.create_connection((host, port), timeout=10) as client:
        client.sendall(text)
        client.shutdown(socket.SHUT_WR)
        answer = b""
        while part := client.recv(65536):
            answer += part
    assert answer == b"" or answer.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400"))
    assert running.post(PREDICT, {"inputs": inputs}).status_code == 200


def test_numbers_that_are_none_are_taken_where_they_mean_something(running, inputs):
    """NaN is a value that was not observed; infinity is a float32, too."""
    gaps = window(float("nan"), float("inf"))
    answer = running.post(PREDICT, {"inputs": inputs | {"Voltage": gaps}})
    assert answer.status_code == 200
    nothing = [[float("nan")] * WINDOW] * 2
    answer = running.post(PREDICT, {"inputs": inputs | {"Global_active_power": nothing}})
    assert '"p50":[[NaN,NaN,NaN,NaN,NaN],[NaN' in answer.text
