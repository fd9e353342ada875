"""Clients that are slow, silent, many or rude, a clock that jumps, and how a server ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import grpc
import httpx
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from tests.support.saved_models import write_half_plus
from tests.support.server import eventually, serving
from tfx_pipeline.serving.request_records import log_files, whole_records

PROJECT = Path(__file__).parents[2]
PREDICT = "/v1/models/half_plus_two:predict"
X = {"instances": [1.0]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    write_half_plus(folder / "half_plus_two")
    return folder


def connected(running):
    return socket.create_connection(running.server.rest_address, timeout=20)


def received(client):
    """Everything up to the end of the connection."""
    answer = b""
    while part := client.recv(65536):
        answer += part
    return answer


def answers_quickly(running):
    begin = time.monotonic()
    assert running.post(PREDICT, X).json() == {"predictions": [2.5]}
    return time.monotonic() - begin < 5


def test_slow_and_half_open_connections_starve_nobody_and_are_closed(folder):
    with serving(folder, read_timeout=1.0, connections=40) as running:
        silent = [connected(running) for _ in range(10)]
        half_headers = [connected(running) for _ in range(10)]
        for client in half_headers:
            client.sendall(b"POST /v1/models/half_plus_two:predict HTTP/1.1\r\nHost: x\r\n")
        half_bodies = [connected(running) for _ in range(10)]
        for client in half_bodies:
            client.sendall(
                f"POST {PREDICT} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{{".encode()
            )
        assert answers_quickly(running)
        for client in silent + half_headers:
            assert received(client) == b""
        for client in half_bodies:
            answer = received(client)
            assert answer.startswith(b"HTTP/1.1 504")
            assert b"serving.read_timeout" in answer
        for client in silent + half_headers + half_bodies:
            client.close()
        eventually(lambda: not running.server.connections)
        assert answers_quickly(running)


def test_a_client_that_goes_away_is_forgotten(folder):
    with serving(folder) as running:
        for _ in range(20):
            with connected(running) as client:
                body = json.dumps(X)
                head = f"POST {PREDICT} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
                client.sendall((head + body).encode())
        assert answers_quickly(running)
        eventually(lambda: not running.server.connections)


def test_too_many_connections_are_told_so(folder):
    with serving(folder, connections=3) as running:
        clients = [connected(running) for _ in range(3)]
        eventually(lambda: running.server.connections == 3)
        with connected(running) as one_more:
            answer = received(one_more)
        assert answer.startswith(b"HTTP/1.1 503")
        assert b"serving.connections" in answer
        for client in clients:
            client.close()
        eventually(lambda: not running.server.connections)
        assert answers_quickly(running)


def test_a_full_queue_and_a_late_answer_are_told_so(folder):
    with serving(folder, queue=1, timeout=2) as running:
        version = running.server.plane.models["half_plus_two"].routing.stable
        begun, go_on, call = threading.Event(), threading.Event(), version.call

        def slow(name, inputs):
            begun.set()
            go_on.wait(20)
            return call(name, inputs)

        version.call = slow
        answers = []
        threads = [
            threading.Thread(target=lambda: answers.append(running.post(PREDICT, X)))
            for _ in range(2)
        ]
        threads[0].start()
        assert begun.wait(20)
        threads[1].start()
        eventually(lambda: running.server.batcher.waiting == 1)
        refused = running.post(PREDICT, X)
        assert refused.status_code == 503
        assert "serving.queue" in refused.json()["error"]
        for thread in threads:
            thread.join()
        assert {one.status_code for one in answers} == {504}
        assert "serving.timeout" in answers[0].json()["error"]
        go_on.set()
        version.call = call
        eventually(lambda: running.server.batcher.waiting == 0)
        assert answers_quickly(running)
        text = running.get("/metrics").text
        assert 'code="UNAVAILABLE"' in text
        assert 'code="DEADLINE_EXCEEDED"' in text


def test_observers_see_each_answer_and_cannot_fail_it(folder):
    seen = []

    def broken(answered):
        raise OSError("disk full")

    with serving(folder, observers=[broken, seen.append]) as running:
        headers = {"X-Request-Id": "mine"}
        assert running.post(PREDICT, X, headers=headers).json() == {"predictions": [2.5]}
        assert running.post(PREDICT, {"instances": ["x"]}).status_code == 400
    [one] = seen
    assert (one.version, one.label, one.signature) == ("123", "stable", "serving_default")
    assert one.request_id == "mine"
    assert one.inputs["x"].tolist() == [1.0]
    assert one.outputs["y"].tolist() == [2.5]
    assert abs(one.at - time.time()) < 60


@pytest.mark.parametrize("years", [-50, 50])
def test_a_clock_that_jumps_changes_nothing(folder, monkeypatch, years):
    with serving(folder, timeout=5.0) as running:
        now = time.time
        monkeypatch.setattr(time, "time", lambda: now() + years * 365 * 86400)
        assert running.post(PREDICT, X).json() == {"predictions": [2.5]}
        write_half_plus(folder.parent / f"new{years}", 124, 3.0).rename(
            folder / "half_plus_two" / "124"
        )
        eventually(lambda: running.post(PREDICT, X).json() == {"predictions": [3.5]})
        (folder / "half_plus_two" / "124").rename(folder.parent / f"old{years}")
        eventually(lambda: running.post(PREDICT, X).json() == {"predictions": [2.5]})
        assert running.get("/metrics").status_code == 200


def command(folder, *options):
    return subprocess.Popen(
        [sys.executable, "-m", "tfx_pipeline.cli", "serve", f"--models={folder}", *options],
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": f"{PROJECT}:{PROJECT / 'packages/tfx-kubeflow/src'}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def started(process):
    """Its REST address, once it serves."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("serving "):
            return "http://" + line.split("REST ")[1].split(",")[0]
    raise AssertionError("".join(lines))


@pytest.mark.slow
def test_the_command_serves_ends_in_peace_and_comes_back_after_a_kill(folder, tmp_path):
    log = tmp_path / "log"
    logged = ("--serving.log.fraction=1", f"--serving.log.folder={log}")
    free = ("--serving.rest_port=0", "--serving.grpc_port=0", "--serving.grace=3", *logged)
    killed = command(folder, *free)
    rest = started(killed)
    port = rest.rsplit(":", 1)[1]
    assert httpx.post(rest + PREDICT, json=X).json() == {"predictions": [2.5]}
    eventually(lambda: log_files(log) and log_files(log)[0].stat().st_size)
    killed.kill()
    killed.wait()
    # The port of one that was killed can be had at once.
    process = command(folder, f"--serving.rest_port={port}", *free[1:])
    assert started(process) == rest
    with httpx.Client(base_url=rest) as client:
        assert client.get("/readyz").status_code == 200
        process.send_signal(signal.SIGTERM)
        eventually(lambda: client.get("/readyz").status_code == 503)
        # Whoever has not heard of it yet is answered.
        assert client.post(PREDICT, json=X).json() == {"predictions": [2.5]}
        assert client.get("/healthz").status_code == 200
    assert process.wait(60) == 0
    assert "requests are answered for 3 s more" in process.stdout.read()
    # The killed server's log was closed by the second one, and its own when it ended.
    assert [path.suffix for path in log_files(log)] == [".tfrecord", ".tfrecord"]
    assert [len(list(whole_records(path))) for path in log_files(log)] == [1, 1]


@pytest.mark.slow
def test_a_port_that_is_taken_is_named(folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for setting in ("rest_port", "grpc_port"):
            other = {"rest_port": "grpc_port", "grpc_port": "rest_port"}[setting]
            process = command(folder, f"--serving.{setting}={port}", f"--serving.{other}=0")
            output, _ = process.communicate(timeout=60)
            assert process.returncode == 1
            assert f"serving.{setting}: cannot listen at 127.0.0.1:{port}" in output
            assert "Traceback" not in output


@pytest.mark.slow
def test_a_second_signal_ends_at_once(folder):
    process = command(
        folder, "--serving.rest_port=0", "--serving.grpc_port=0", "--serving.grace=300"
    )
    started(process)
    process.send_signal(signal.SIGTERM)
    for line in process.stdout:
        if line.startswith("ending"):
            break
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 128 + signal.SIGTERM


def test_more_grpc_requests_than_can_wait_are_told_so(folder):
    with serving(folder, queue=2) as running, grpc.insecure_channel(running.grpc) as channel:
        version = running.server.plane.models["half_plus_two"].routing.stable
        go_on, call = threading.Event(), version.call
        version.call = lambda name, inputs: go_on.wait(20) and call(name, inputs)
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        request = predict_pb2.PredictRequest()
        request.model_spec.name = "half_plus_two"
        request.inputs["x"].CopyFrom(tf.make_tensor_proto([1.0]))
        futures = [stub.Predict.future(request) for _ in range(12)]
        eventually(lambda: sum(one.done() for one in futures) >= 8)
        go_on.set()
        codes = [one.code().name for one in futures]
        assert set(codes) <= {"OK", "UNAVAILABLE", "RESOURCE_EXHAUSTED"}
        assert 1 <= codes.count("OK") <= 4
        assert stub.Predict(request).outputs["y"].float_val[:] == [2.5]
