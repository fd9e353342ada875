"""One server: sockets, both APIs, the loader, and how it ends."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from functools import partial
from typing import cast

import grpc.aio
from aiohttp import web

from tfx_pipeline.server import grpc_api
from tfx_pipeline.server.batching import Batcher
from tfx_pipeline.server.connections import limited
from tfx_pipeline.server.loader import Loader
from tfx_pipeline.server.metrics import Metrics
from tfx_pipeline.server.page.routes import add_page
from tfx_pipeline.server.page.state import PageState
from tfx_pipeline.server.plane import DataPlane
from tfx_pipeline.server.probes import Probes
from tfx_pipeline.server.rest import RestApi
from tfx_pipeline.server.sources import Sources
from tfx_pipeline.serving.answered import Observer
from tfx_pipeline.serving.settings import ServingSettings

MIB = 1 << 20
LINGER = 2.0
"""Seconds for which the rest of a refused body is read, so that its client sees the answer."""
THREADS = 1
"""That compute at a time; TensorFlow shares one computation among the processors."""


class Server:
    """Serves what a folder holds.

    Args:
        settings: Limits and times.
        sources: Where models are found.
        rest: A bound socket for REST.
        grpc_address: host:port for gRPC; port 0: a free one.
        observers: Are handed each answered request; they must not block.
    """

    def __init__(
        self,
        settings: ServingSettings,
        sources: Sources,
        rest: socket.socket,
        grpc_address: str,
        observers: Sequence[Observer] = (),
    ) -> None:
        self._settings = settings
        self._socket = rest
        self.metrics = Metrics()
        self.batcher = Batcher(
            settings.max_batch, settings.queue, THREADS, seen=self.metrics.computed
        )
        self.plane = DataPlane(self.batcher, settings.max_rows, settings.timeout, observers)
        self.metrics.watch(self.plane)
        self.loader = Loader(self.plane, sources, settings.poll)
        self.app = web.Application(client_max_size=settings.max_body * MIB)
        """Whoever has routes of its own adds them before `start`."""
        self.app["max_body"] = settings.max_body * MIB
        if settings.page:
            page = PageState(self.plane, self.metrics)
            self.plane.observers.append(page.observe)
            add_page(self.app, page)
        Probes(self.plane, self.loader, self.metrics, lambda: self._ending).add_to(self.app)
        RestApi(self.plane, self.metrics, settings.read_timeout).add_to(self.app)
        self.grpc_port = 0
        """Known after `start`."""
        self._grpc_address = grpc_address
        self._ending = False

    @property
    def rest_address(self) -> tuple[str, int]:
        """Host and port of REST."""
        host, port, *_ = self._socket.getsockname()
        return host, port

    @property
    def page(self) -> str | None:
        """Address of the page for people; None where there is none."""
        host, port = self.rest_address
        return f"http://{host}:{port}/" if self._settings.page else None

    @property
    def connections(self) -> int:
        """Of REST that are open; known after `start`."""
        return len(cast(web.Server, self._runner.server).connections)

    async def start(self) -> None:
        """Listens, and begins to load; both go on in the background.

        Raises:
            OSError: A port is taken.
        """
        settings = self._settings
        self._runner = web.AppRunner(
            self.app,
            access_log=None,
            handle_signals=False,
            keepalive_timeout=settings.read_timeout,
            lingering_time=LINGER,
            shutdown_timeout=settings.timeout,
        )
        await self._runner.setup()
        server = cast(web.Server, self._runner.server)
        self._rest = await asyncio.get_running_loop().create_server(
            partial(limited, server, settings.connections), sock=self._socket
        )
        self._grpc = grpc.aio.server(
            options=[
                ("grpc.max_receive_message_length", settings.max_body * MIB),
                ("grpc.max_send_message_length", -1),
                ("grpc.so_reuseport", 0),
            ],
            # Those beyond the queue are told so; beyond as many again, gRPC does not read them.
            maximum_concurrent_rpcs=2 * settings.queue,
        )
        prediction = grpc_api.Prediction(self.plane, self.metrics, settings.max_body * MIB)
        grpc_api.add_to(self._grpc, prediction, grpc_api.Models(self.plane))
        try:
            self.grpc_port = self._grpc.add_insecure_port(self._grpc_address)
        except RuntimeError as error:
            raise OSError(f"{self._grpc_address}: {error}") from error
        await self._grpc.start()
        self.loader.start()

    async def stop(self, grace: float) -> None:
        """Ends: readiness says no at once, and what was asked by the end of the grace is answered.

        Args:
            grace: Seconds for which requests are still taken, while whoever sends them learns.
        """
        self._ending = True
        await asyncio.sleep(grace)
        self._rest.close()
        await asyncio.gather(self._grpc.stop(self._settings.timeout), self._runner.cleanup())
        await asyncio.to_thread(self.loader.stop)
        await asyncio.to_thread(self.batcher.close)
