"""What REST connections may cost: their number, so that those who open many starve nobody."""

from __future__ import annotations

import asyncio
from typing import cast

from aiohttp import web

FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s"
)
MESSAGE = b'{"error":"too many connections are open (serving.connections); try again later"}'


class Refusal(asyncio.Protocol):
    """Tells a client that there are too many, and closes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Answers before anything was asked."""
        out = cast(asyncio.Transport, transport)
        out.write(FULL % (len(MESSAGE), MESSAGE))
        out.close()


def limited(server: web.Server, most: int) -> asyncio.Protocol:
    """Returns what handles a new connection.

    Args:
        server: Of aiohttp.
        most: Connections that may be open.
    """
    return Refusal() if len(server.connections) >= most else server()
