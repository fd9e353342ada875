"""A server on 127.0.0.1 that answers what a test wants it to."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

from tfx_pipeline.model_contract import DEFAULT_SIGNATURE, ModelMetadata


@dataclass(frozen=True)
class Request:
    """What was asked."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """What is answered; a text is sent as it is, anything else as JSON."""

    content: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Web:
    """The server: its address, and what it was asked."""

    port: int
    requests: list[Request]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def web(answer: Callable[[Request], Reply], tls: ssl.SSLContext | None = None) -> Iterator[Web]:
    """Serves until the end of the block, by TLS where there is a context for it."""
    requests: list[Request] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, self.path, headers, self.rfile.read(length))
            requests.append(request)
            reply = answer(request)
            plain = isinstance(reply.content, str)
            body = (reply.content if plain else json.dumps(reply.content)).encode()
            kind = "text/plain" if plain else "application/json"
            self.send_response(reply.status)
            for name, value in ({"Content-Type": kind} | dict(reply.headers)).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield Web(server.server_port, requests)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def metadata_reply(model: ModelMetadata, version: str = "3") -> Reply:
    """A model's metadata as TensorFlow Serving's REST API documents it."""
    kinds = {"float32": "DT_FLOAT", "int64": "DT_INT64", "string": "DT_STRING"}
    inputs = {
        name: {
            "dtype": kinds[one.dtype],
            "tensor_shape": {
                "dim": [{"size": str(size), "name": ""} for size in (-1, *one.shape)],
                "unknown_rank": False,
            },
            "name": f"{DEFAULT_SIGNATURE}_{name}:0",
        }
        for name, one in model.inputs.items()
    }
    signature = {"inputs": inputs, "outputs": {}, "method_name": "tensorflow/serving/predict"}
    return Reply(
        {
            "model_spec": {"name": "house", "signature_name": "", "version": version},
            "metadata": {"signature_def": {"signature_def": {DEFAULT_SIGNATURE: signature}}},
        }
    )


def persistence(target: np.ndarray, horizon: int, band: float = 0.5) -> dict[str, list[Any]]:
    """The last value of each window, and a band around it."""
    last = [row[~np.isnan(row)][-1] if not np.isnan(row).all() else np.nan for row in target]
    mean = np.repeat(np.array(last)[:, None], horizon, axis=1)
    return {
        "mean": mean.tolist(),
        "p10": (mean - band).tolist(),
        "p50": mean.tolist(),
        "p90": (mean + band).tolist(),
    }


def tensorflow_serving(model: ModelMetadata, version: str = "3") -> Callable[[Request], Reply]:
    """Answers as TensorFlow Serving's REST API is documented: metadata, and columns."""

    def answer(request: Request) -> Reply:
        if request.path.endswith("/metadata"):
            return metadata_reply(model, version)
        target = np.array(request.json["inputs"][model.series.target.name], np.float64)
        outputs = persistence(target, model.horizon)
        return Reply({"outputs": outputs}, headers={"X-Model-Version": version})

    return answer
