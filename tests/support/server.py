"""A model server in this process, on a thread of its own, and what is sent to it."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.support.settings import defaults
from tfx_pipeline.server.server import Server
from tfx_pipeline.server.sources import Sources
from tfx_pipeline.serving.answered import Observer

PATIENCE = 60.0
"""Seconds."""


@dataclass(frozen=True)
class Running:
    """A server that listens.

    Attributes:
        server: Itself.
        rest: `http://127.0.0.1:port`.
        grpc: `127.0.0.1:port`.
    """

    server: Server
    rest: str
    grpc: str

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.rest + path, timeout=PATIENCE)

    def post(self, path: str, body: Any, **options: Any) -> httpx.Response:
        """Sends JSON, in which NaN may be, or bytes as they are."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return httpx.post(self.rest + path, content=content, timeout=PATIENCE, **options)

    def versions(self, name: str) -> dict[str, int]:
        """The number of the version behind each label."""
        labels = self.server.plane.models[name].routing.labels
        return {label: version.number for label, version in labels.items()}


@contextmanager
def serving(
    folder: Path,
    name: str | None = None,
    observers: Sequence[Observer] = (),
    version: int = 1,
    port: int = 0,
    **limits: Any,
) -> Iterator[Running]:
    """Runs a server until the block ends; what is in the folder is loaded by then.

    Args:
        folder: As of `household-power serve --models`.
        name: Of the one model.
        observers: Of answered requests.
        version: Of a folder that is one SavedModel.
        port: Of REST; a free one unless given.
        **limits: Settings of `serving` that differ.
    """
    quick = {"poll": 0.05, "grace": 0.0, "timeout": PATIENCE} | limits
    taken = defaults().serving.model_copy(update=quick)
    rest = socket.create_server(("127.0.0.1", port))
    with socket.create_server(("127.0.0.1", 0)) as free:
        grpc_port = free.getsockname()[1]
    server = Server(
        taken, Sources(folder, name, version), rest, f"127.0.0.1:{grpc_port}", observers
    )
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(server.start(), loop).result(PATIENCE)
    try:
        assert server.loader.looked.wait(PATIENCE)
        host, port = server.rest_address
        yield Running(server, f"http://{host}:{port}", f"127.0.0.1:{grpc_port}")
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(taken.grace), loop).result(PATIENCE)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def eventually(holds: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Waits until something holds; returns it."""
    deadline = time.monotonic() + patience
    while not (found := holds()):
        assert time.monotonic() < deadline, "it never held"
        time.sleep(0.02)
    return found
