"""How many forecasts the local server gives, beside a bare loop over the same SavedModel.

    python benchmarks/serving.py [--base=outputs/serving/household-power] [--peers]

Everything on 127.0.0.1, in one run: a loop in this process that calls the model; the same that also
reads and writes the JSON of the REST API; the server over REST and gRPC, asked by locust with 1, 8
and 32 clients; with `--peers` kserve's own Python server, too. Locust and kserve have environments
of their own, which uv makes at the first run. Clients and server share the machine's cores.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from figures import record

from tfx_pipeline.model_contract import DEFAULT_SIGNATURE, REQUESTS_FILE
from tfx_pipeline.serving.requests import read_requests

PROJECT = Path(__file__).parent.parent
HERE = PROJECT / "benchmarks"
UV = (str(PROJECT / ".runtime" / "bin" / "uv"), "run", "--no-project", "--quiet")
LOCUST = ("--with=locust==2.47.0", "--with=grpcio==1.85.1", "locust")
KSERVE = ("--with=kserve==0.20.0", "--with=tensorflow-cpu>=2.21,<2.22", "python")
CLIENTS = (1, 8, 32)
BATCHES = (1, 32)
SECONDS, WARM_UP = 4, 1
"""Of each measurement."""
PATIENCE = 300
"""Seconds that a server may take to be ready."""

Inputs = Mapping[str, np.ndarray]
Figures = dict[str, Any]


def main() -> int:
    """Measures, prints a line for each measurement and writes the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    base = PROJECT / "outputs" / "serving" / "household-power"
    parser.add_argument("--base", type=Path, default=base, help="folder of a model's versions")
    parser.add_argument("--peers", action="store_true", help="kserve's Python server, too")
    asked = parser.parse_args()
    versions = [int(one.name) for one in asked.base.glob("*") if one.name.isdecimal()]
    if not versions:
        parser.error(
            f"{asked.base} holds no version of a model: `make run`, or name another --base"
        )
    model = asked.base.absolute() / str(max(versions))
    with tempfile.TemporaryDirectory() as name:
        found = measure(model, Path(name), asked.peers)
    record("serving", found)
    for name in ("rest", "grpc"):
        print(f"{name} with batches of 32: {found[f'{name}_ratio']:.2f} of its bare loop")
    return 0


def measure(model: Path, scratch: Path, peers: bool) -> Figures:
    """Measures everything with the requests that the model travels with."""
    inputs = {size: batch(model, size) for size in BATCHES}
    bodies = {}
    for size, values in inputs.items():
        bodies["rest", size] = orjson.dumps(rest_request(values))
        bodies["grpc", size] = grpc_request(values, model.parent.name)
    for (protocol, size), body in bodies.items():
        (scratch / f"{protocol}-{size}").write_bytes(body)
    found: Figures = {"bytes": {f"{protocol}_{n}": len(b) for (protocol, n), b in bodies.items()}}
    # What else the machine was busy with.
    found["load"] = os.getloadavg()[0]
    for name, loop in bare_loops(model, inputs, bodies).items():
        found[name] = {
            str(size): {"1": shown(name, size, 1, timed(loop[size]))} for size in BATCHES
        }
    with local_server(model, scratch) as (rest, grpc):
        found["rest"] = loaded("rest", rest, model.parent.name, scratch)
        found["grpc"] = loaded("grpc", grpc, model.parent.name, scratch)
    if peers:
        with kserve_server(model) as address:
            found["kserve"] = loaded("rest", address, model.parent.name, scratch, "kserve")
    for name, loop in (("rest", "bare_json"), ("grpc", "bare")):
        best = max(one["rate"] for one in found[name]["32"].values())
        found[f"{name}_ratio"] = best / found[loop]["32"]["1"]["rate"]
    return found


def batch(model: Path, size: int) -> Inputs:
    """So many windows, of those that were recorded with the model; values as a meter shows them."""
    recorded = next(
        one
        for one in read_requests(model / REQUESTS_FILE)
        if one.signature_name == DEFAULT_SIGNATURE
    )
    return {
        name: np.resize(
            np.nan_to_num(values) if values.dtype.kind == "f" else values, (size, *values.shape[1:])
        )
        for name, values in recorded.inputs.items()
    }


def rest_request(inputs: Inputs) -> dict[str, Any]:
    """The row format of TF Serving's REST API; figures are the shortest of the same float32."""
    columns = {
        name: json.loads(orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY))
        for name, values in inputs.items()
    }
    return {
        "instances": [
            dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
        ]
    }


def grpc_request(inputs: Inputs, name: str) -> bytes:
    """A PredictRequest, as TensorFlow's own function for clients makes it."""
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2

    request = predict_pb2.PredictRequest()
    request.model_spec.name = name
    for key, values in inputs.items():
        request.inputs[key].CopyFrom(tf.make_tensor_proto(values))
    serialized: bytes = request.SerializeToString()
    return serialized


def bare_loops(
    model: Path, inputs: Mapping[int, Inputs], bodies: Mapping[tuple[str, int], bytes]
) -> dict[str, dict[int, Callable[[], object]]]:
    """What any server of this model in Python has to do at least, by batch size."""
    import tensorflow as tf

    loaded_model = tf.saved_model.load(str(model))
    signature = loaded_model.signatures[DEFAULT_SIGNATURE]
    types = {
        name: spec.dtype.as_numpy_dtype
        for name, spec in signature.structured_input_signature[1].items()
    }

    def call(values: Inputs) -> dict[str, np.ndarray]:
        tensors = {name: tf.constant(value) for name, value in values.items()}
        return {name: value.numpy() for name, value in signature(**tensors).items()}

    def call_with_json(body: bytes) -> bytes:
        rows = orjson.loads(body)["instances"]
        outputs = call(
            {name: np.array([row[name] for row in rows], kind) for name, kind in types.items()}
        )
        columns = [values.tolist() for values in outputs.values()]
        answer = [dict(zip(outputs, row, strict=True)) for row in zip(*columns, strict=True)]
        return orjson.dumps({"predictions": answer})

    call.keep = loaded_model  # type: ignore[attr-defined]  # its variables live as long as it does
    return {
        "bare": {size: lambda size=size: call(inputs[size]) for size in BATCHES},
        "bare_json": {
            size: lambda size=size: call_with_json(bodies["rest", size]) for size in BATCHES
        },
    }


def timed(call: Callable[[], object]) -> Figures:
    """Calls for some seconds, one call after the other."""
    seconds: list[float] = []
    begin = time.perf_counter() + WARM_UP
    while (started := time.perf_counter()) < begin + SECONDS:
        call()
        if started >= begin:
            seconds.append(time.perf_counter() - started)
    return figures(seconds, sum(seconds))


def figures(seconds: Sequence[float], wall: float, load_cpu: float = 0.0) -> Figures:
    """Rate a second, median and 99th percentile in milliseconds, and cores that clients took."""
    p50, p99 = np.percentile(seconds, (50, 99)) * 1000
    return {"rate": len(seconds) / wall, "p50": p50, "p99": p99, "load_cpu": load_cpu}


def loaded(protocol: str, address: str, name: str, scratch: Path, label: str = "") -> Figures:
    """Asks a server with each number of clients and each size of batch."""
    return {
        str(size): {
            str(clients): shown(
                label or protocol,
                size,
                clients,
                locust(
                    protocol=protocol,
                    address=address,
                    path=f"/v1/models/{name}:predict",
                    body=str(scratch / f"{protocol}-{size}"),
                    result=str(scratch / "result.json"),
                    clients=clients,
                ),
            )
            for clients in CLIENTS
        }
        for size in BATCHES
    }


def locust(clients: int, **load: Any) -> Figures:
    """Runs locust with so many clients; a failed request ends the benchmark."""
    command = [*UV, *LOCUST, f"--locustfile={HERE / 'serving_load.py'}", "--headless"]
    command += [f"--users={clients}", f"--spawn-rate={clients}", f"--run-time={WARM_UP + SECONDS}s"]
    environment = os.environ | {"SERVING_LOAD": json.dumps(load | {"warm_up": WARM_UP})}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    result = Path(load["result"])
    if not result.exists():
        raise SystemExit(f"locust failed:\n{done.stderr[-2000:]}")
    found = json.loads(result.read_text())
    result.unlink()
    if found["failures"] or not found["seconds"]:
        raise SystemExit(f"{len(found['failures'])} failed requests: {found['failures'][:3]}")
    return figures(found["seconds"], found["wall"], found["cpu"])


@contextmanager
def local_server(model: Path, scratch: Path) -> Iterator[tuple[str, str]]:
    """The local server with that version alone; gives the addresses of REST and gRPC."""
    rest, grpc = free_port(), free_port()
    only = scratch / "models" / model.parent.name
    only.mkdir(parents=True)
    (only / model.name).symlink_to(model)
    command = [sys.executable, "-m", "tfx_pipeline.cli", "serve", f"--models={only.parent}"]
    command += [f"--serving.rest_port={rest}", f"--serving.grpc_port={grpc}"]
    with server(command, f"http://127.0.0.1:{rest}/readyz"):
        yield f"http://127.0.0.1:{rest}", f"127.0.0.1:{grpc}"


@contextmanager
def kserve_server(model: Path) -> Iterator[str]:
    """The Python server of kserve with that version; gives its address."""
    port, name = free_port(), model.parent.name
    command = [*UV, *KSERVE, str(HERE / "serving_kserve.py"), str(model), name]
    with server(
        [*command, f"--http_port={port}"], f"http://127.0.0.1:{port}/v2/models/{name}/ready"
    ):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def server(command: Sequence[str], ready: str) -> Iterator[None]:
    """Runs a server and waits until it is ready; ends it afterwards."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, cwd=PROJECT, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + PATIENCE
            while not answers(ready):
                if process.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    raise SystemExit(f"{' '.join(command)}:\n{log.read().decode()[-2000:]}")
                time.sleep(0.1)
            yield
        finally:
            process.terminate()
            process.wait()


def answers(url: str) -> bool:
    """Whether there is a good answer."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310, a URL of ours
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def shown(name: str, size: int, clients: int, found: Figures) -> Figures:
    """Prints a measurement and hands it on."""
    print(
        f"{name:10} batch {size:3} clients {clients:3}: {found['rate']:8.1f}/s  "
        f"p50 {found['p50']:7.2f} ms  p99 {found['p99']:6.1f} ms  load CPU {found['load_cpu']:.2f}",
        flush=True,
    )
    return found


if __name__ == "__main__":
    sys.exit(main())
