"""10,000 requests while versions are pushed to a server process, promoted, and one rolled back.

Each version adds its own number to all that it answers, so that every figure tells who computed it.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import grpc.aio
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc
from tfx_kubeflow.storage import promotion
from tfx_kubeflow.storage.served_versions import publish

from tests.support.server import eventually
from tfx_pipeline.model_contract import DEFAULT_SIGNATURE

pytestmark = [pytest.mark.integration, pytest.mark.slow]

NAME = "telling"
REQUESTS, CLIENTS = 10_000, 8
"""Clients of each protocol; each asks again as soon as it is answered."""
VALUES = [0.0, 100.0, 200.0]
FACTORS = {"once": 1, "twice": 2, "thrice": 3}
MOST_GROWTH = 24
"""MiB: TensorFlow keeps one block of a version's 16 for the next one, and no second."""


class Telling(tf.Module):
    """Answers multiples of `x`, and adds the number of its version to each."""

    def __init__(self, version: int) -> None:
        super().__init__()
        self.version = tf.Variable(float(version))
        # What a version takes in memory shall be seen when it is not given back.
        self.ballast = tf.Variable(tf.ones([4, 1024, 1024]))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "x")])
    def answer(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        own = self.version * self.ballast[0, 0, 0]
        return {name: factor * x + own for name, factor in FACTORS.items()}


@dataclass
class Answers:
    """What the clients got.

    Attributes:
        versions: That answered, in the order of the answers.
        faults: Failed requests, and answers of which not all is of the version that they name.
        begun: Requests.
        enough: Set once all has happened that shall happen meanwhile.
    """

    versions: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    begun: int = 0
    enough: bool = False

    def begin(self) -> bool:
        """Whether there is one more request to send."""
        self.begun += 1
        return self.begun <= REQUESTS or not self.enough

    def add(self, version: int, outputs: dict[str, list[float]]) -> None:
        told = {
            value - FACTORS[name] * x
            for name, values in outputs.items()
            for x, value in zip(VALUES, values, strict=True)
        }
        if told != {version} or outputs.keys() != FACTORS.keys():
            self.faults.append(f"version {version} answered {outputs}")
        self.versions.append(version)


@dataclass
class Process:
    """The server."""

    process: subprocess.Popen[str]
    rest: str
    grpc: str

    @property
    def mib(self) -> float:
        """Resident memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "models" / NAME
    for version in range(1, 5):
        model = Telling(version)
        made = tmp_path / f"made-{version}"
        tf.saved_model.save(model, str(made), {DEFAULT_SIGNATURE: model.answer})
    folder.mkdir(parents=True)
    promotion.promote(str(folder), push(folder, 1))
    return folder


@pytest.fixture
def server(base: Path) -> Iterator[Process]:
    command = [sys.executable, "-m", "tfx_pipeline.cli", "serve", f"--models={base.parent}"]
    command += ["--serving.rest_port=0", "--serving.grpc_port=0", "--serving.poll=0.1"]
    process = subprocess.Popen(
        [*command, "--serving.grace=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    lines = []
    for line in process.stdout:
        lines.append(line)
        if found := re.search(r"REST (\S+), gRPC (\S+)", line):
            break
    assert found, "".join(lines)
    # Else the server waits for somebody to read what it logs.
    threading.Thread(target=process.stdout.read, daemon=True).start()
    yield Process(process, f"http://{found[1]}", found[2])
    process.terminate()
    assert process.wait(30) == 0


def push(base: Path, version: int) -> str:
    model = base.parents[1] / f"made-{version}"
    return publish(model, str(base), clock=lambda: float(version)).version


async def ask_rest(url: str, answers: Answers) -> None:
    body = {"inputs": VALUES}
    async with aiohttp.ClientSession() as session:
        while answers.begin():
            async with session.post(f"{url}/v1/models/{NAME}:predict", json=body) as answer:
                if answer.status != 200:
                    answers.faults.append(f"{answer.status}: {await answer.text()}")
                    continue
                outputs = (await answer.json())["outputs"]
                answers.add(int(answer.headers["X-Model-Version"]), outputs)


async def ask_grpc(address: str, answers: Answers) -> None:
    request = predict_pb2.PredictRequest()
    request.model_spec.name = NAME
    request.inputs["x"].CopyFrom(tf.make_tensor_proto(VALUES))
    async with grpc.aio.insecure_channel(address) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        while answers.begin():
            try:
                answer = await stub.Predict(request, timeout=60)
            except grpc.aio.AioRpcError as error:
                answers.faults.append(str(error))
                continue
            outputs = {name: list(tensor.float_val) for name, tensor in answer.outputs.items()}
            answers.add(answer.model_spec.version.value, outputs)


def test_no_request_fails_and_no_answer_is_mixed(base: Path, server: Process) -> None:
    answers = Answers()

    async def ask() -> None:
        rest = [ask_rest(server.rest, answers) for _ in range(CLIENTS)]
        await asyncio.gather(*rest, *(ask_grpc(server.grpc, answers) for _ in range(CLIENTS)))

    def at(requests: int) -> None:
        eventually(lambda: len(answers.versions) >= requests)

    def alone(version: str) -> None:
        eventually(lambda: set(answers.versions[-100:]) == {int(version)})

    clients = threading.Thread(target=lambda: asyncio.run(ask()), daemon=True)
    clients.start()
    at(1000)
    before = server.mib
    for number in (2, 3, 4):
        version = push(base, number)
        promotion.canary(str(base), version, 50)
        eventually(lambda version=int(version): version in answers.versions)
        promotion.promote(str(base), version)
        alone(version)
        at(number * 2000)
    promotion.rollback(str(base))
    alone("3")
    answers.enough = True
    clients.join(60)
    assert not clients.is_alive()
    assert answers.faults == []
    assert len(answers.versions) >= REQUESTS
    assert set(answers.versions) == {1, 2, 3, 4}
    eventually(lambda: server.mib < before + MOST_GROWTH, patience=20)
