"""household-power versions compare, with small models that answer "the last value + offset"."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tfx_kubeflow.storage import promotion
from tfx_kubeflow.storage.served_versions import publish

from tests.support.model import UCI, save_model
from tests.support.saved_models import WINDOWING, push_version
from tests.support.server import serving
from tfx_pipeline import cli
from tfx_pipeline.data.contract import Windowing
from tfx_pipeline.model_contract import DEFAULT_SIGNATURE, METADATA_FILE, ModelMetadata
from tfx_pipeline.serving.answered import Answered
from tfx_pipeline.serving.request_log import serialized
from tfx_pipeline.versions import answers
from tfx_pipeline.versions.live_requests import logged

Call = Callable[..., tuple[int, str, str]]
TARGET = UCI.target.name


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder with 1, 2, 3: `+ 0`, `+ 0.25`, and one with another horizon."""
    folder = tmp_path_factory.mktemp("versions")
    found = folder / "serving/power"
    push_version(found, folder / "1", 1)
    push_version(found, folder / "2", 2, offset=0.25)
    other = save_model(folder / "3", Windowing(window=50, horizon=7, origins=60))
    publish(other, str(found), lambda: 3)
    promotion.promote(str(found), "1")
    promotion.canary(str(found), "2", 10)
    return str(found)


@pytest.fixture
def call(base: str, capsys: pytest.CaptureFixture[str]) -> Call:
    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(["versions", "compare", *arguments, "--base", base])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def test_stable_and_canary_on_the_requests_that_travel_with_them(call: Call) -> None:
    code, out, _ = call("--json", "--tolerance", "0.3")
    found = json.loads(out)
    assert code == 0
    assert [one["version"] for one in found["sides"]] == ["1", "2"]
    assert [one["mean"] for one in found["steps"]] == pytest.approx([0.25] * 5, abs=1e-6)
    assert found["known"] == 0
    code, out, err = call("--tolerance", "0.2")
    assert (code, err) == (1, "the versions differ by more than they may\n")
    assert "What came after these windows is not known" in out
    assert "0.2500" in out


def test_what_cannot_be_compared_is_named(call: Call, base: str) -> None:
    assert "forecast unlike things: horizon 7, not 5" in call("1", "3")[2]
    assert "has no complete version '9'" in call("1", "9")[2]
    assert call("1")[0] == 2


def log(folder: Path, model: ModelMetadata, windows: int) -> np.ndarray:
    """Logs windows of a series that rises by a thousandth a minute; returns it."""
    series = np.arange(windows + model.window, dtype=np.float32) / 1000
    inputs = {
        name: np.stack([series[n : n + model.window] for n in range(windows)])
        for name in model.series.names
    }
    inputs["timestamp"] = 60 * (np.arange(windows) + model.window - 1)
    outputs = {name: np.zeros((windows, model.horizon), np.float32) for name in ("mean", "p50")}
    answered = Answered(
        at=0.0,
        model="power",
        version="1",
        label="stable",
        signature=DEFAULT_SIGNATURE,
        inputs=inputs,
        outputs=outputs,
        request_id=None,
    )
    import tensorflow as tf

    folder.mkdir()
    with tf.io.TFRecordWriter(str(folder / "requests-1.tfrecord")) as writer:
        for record in serialized(answered):
            writer.write(record)
    return series


def test_logged_windows_know_what_came_after_them(base: str, tmp_path: Path) -> None:
    model = ModelMetadata.model_validate_json(Path(base, "1", METADATA_FILE).read_bytes())
    series = log(tmp_path / "log", model, 20)
    found = logged(tmp_path / "log", model, 8)
    assert len(found) == 8
    assert found.inputs[TARGET][-1].tolist() == series[19:69].tolist()
    assert found.truth[0].tolist() == series[62:67].astype(float).tolist()
    assert np.isnan(found.truth[-1]).all(), "nothing came after the last one"
    assert np.isfinite(found.truth[-2]).sum() == 1


def test_with_a_log_there_are_errors(call: Call, base: str, tmp_path: Path) -> None:
    model = ModelMetadata.model_validate_json(Path(base, "1", METADATA_FILE).read_bytes())
    log(tmp_path / "log", model, 20)
    found = json.loads(call("--json", "--requests", str(tmp_path / "log"))[1])
    assert (found["windows"], found["known"]) == (20, 19 + 18 + 17 + 16 + 15)
    first, second = found["sides"]
    assert first["mae"] == pytest.approx(0.0029, abs=2e-4)
    assert second["mae"] == pytest.approx(0.25 - 0.0029, abs=2e-4)
    (tmp_path / "empty").mkdir()
    assert "no request is logged there" in call("--requests", str(tmp_path / "empty"))[2]


@pytest.fixture
def server() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Answers the last value, and version 2 never, by TensorFlow Serving's REST API."""
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append({"path": self.path, **body})
            rows = body["inputs"][TARGET]
            outputs = [[row[-1]] * WINDOWING.horizon for row in rows]
            found: dict[str, Any] = {
                "outputs": dict.fromkeys(("mean", "p10", "p50", "p90"), outputs)
            }
            status = 200
            if "/versions/2:" in self.path:
                found, status = {"error": "version 2 is not loaded"}, 404
            text = json.dumps(found).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}", asked
        running.shutdown()


def test_a_running_server_is_asked(
    call: Call,
    server: tuple[str, list[dict[str, Any]]],
    base: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url, asked = server
    assert f"error: {url}: version 2 is not loaded\n" in call("--server", url)[2]
    publish(save_model(tmp_path / "4", WINDOWING, pull=0.5), base, lambda: 4)
    assert call("1", "4", "--server", url, "--tolerance", "0")[0] == 0
    assert asked[0]["path"] == "/v1/models/power/versions/1:predict"
    assert asked[0]["signature_name"] == DEFAULT_SIGNATURE
    monkeypatch.setattr(answers, "TIMEOUT", 0.5)
    assert (
        "http://127.0.0.1:1: nobody answers there"
        in call("1", "4", "--server", "http://127.0.0.1:1")[2]
    )


def test_the_local_server_is_asked_by_either_protocol(call: Call, base: str) -> None:
    with serving(Path(base).parent) as running:
        for url in (running.rest, f"grpc://{running.grpc}"):
            code, out, _ = call("--json", "--server", url, "--tolerance", "0.3")
            steps = json.loads(out)["steps"]
            assert code == 0
            assert [one["mean"] for one in steps] == pytest.approx([0.25] * 5, abs=1e-6)
