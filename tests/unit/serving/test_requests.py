"""The file of recorded requests gives back exactly what was written."""

from pathlib import Path

import numpy as np
import pytest

from tfx_pipeline.serving.requests import RecordedRequest, read_requests, write_requests


def test_round_trip_keeps_values_types_missing_minutes_and_bytes(tmp_path: Path) -> None:
    power = np.array([[0.1, np.nan, 3.3333333], [1e-7, 2.0, 5.0]], np.float32)
    request = RecordedRequest(
        signature_name="serving_default",
        inputs={
            "power": power,
            "timestamp": np.array([1266000000, 5]),
            "examples": np.array([b"\x00\xff", b""], object),
        },
        outputs={"mean": power[:, :1]},
    )
    write_requests(tmp_path / "requests.json", [request, request])

    first, second = read_requests(tmp_path / "requests.json")

    assert first.signature_name == second.signature_name == "serving_default"
    np.testing.assert_array_equal(first.inputs["power"], power)
    assert first.inputs["power"].dtype == np.float32
    np.testing.assert_array_equal(first.inputs["timestamp"], [1266000000, 5])
    assert first.inputs["timestamp"].dtype == np.int64
    assert list(first.inputs["examples"]) == [b"\x00\xff", b""]
    np.testing.assert_array_equal(first.outputs["mean"], power[:, :1])


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{}",
        "[]",
        "[1]",
        '[{"inputs": {}, "outputs": {}}]',
        '[{"signature_name": "s", "inputs": {"x": [[1.0], [1.0, 2.0]]}, "outputs": {}}]',
    ],
)
def test_a_malformed_file_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "requests.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"requests\.json"):
        read_requests(path)


def test_infinity_is_refused(tmp_path: Path) -> None:
    request = RecordedRequest("s", {"x": np.array([np.inf])}, {})
    with pytest.raises(ValueError):
        write_requests(tmp_path / "requests.json", [request])
