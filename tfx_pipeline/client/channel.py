"""Calls by gRPC, and what their failures mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import grpc

from tfx_pipeline.client import wire
from tfx_pipeline.client.address import CA_VARIABLE, TOKEN_VARIABLE, Address, Credentials
from tfx_pipeline.client.errors import (
    NoAnswerError,
    NotFoundError,
    ServerError,
    ServerUnavailableError,
)
from tfx_pipeline.client.retries import Patience
from tfx_pipeline.client.transport import REQUEST_ID

_BYTES = 256 << 20


class Channel:
    """A server that answers in messages of `wire`.

    Args:
        address: The server.
        credentials: What it is shown.
        patience: How long it is waited for.
    """

    def __init__(self, address: Address, credentials: Credentials, patience: Patience) -> None:
        options = [
            # A proxy of the environment's cannot reach this machine.
            ("grpc.enable_http_proxy", int(not address.local)),
            ("grpc.enable_retries", 0),
            # Soon after the server is back, too.
            ("grpc.max_reconnect_backoff_ms", 1000),
            ("grpc.max_receive_message_length", _BYTES),
        ]
        self._address = address
        self._patience = patience
        self._metadata = (
            (("authorization", f"Bearer {credentials.token}"),) if credentials.token else ()
        )
        self._channel = (
            grpc.secure_channel(address.host, _trusted(credentials), options)
            if address.encrypted
            else grpc.insecure_channel(address.host, options)
        )

    def close(self) -> None:
        """Ends the connection."""
        self._channel.close()

    def ask(self, method: str, request: Any, answer: str, request_id: str | None = None) -> Any:
        """Calls a method.

        Args:
            method: Of a service: /package.Service/Method.
            request: A message.
            answer: The message that it gives.
            request_id: Is sent along.

        Raises:
            ServerError: There is no answer; the message says why.
        """
        call = self._channel.unary_unary(
            method,
            request_serializer=lambda one: one.SerializeToString(),
            response_deserializer=wire.message(answer).FromString,
        )
        metadata = (*self._metadata, *([(REQUEST_ID, request_id)] if request_id else []))

        def attempt(seconds: float) -> Any:
            try:
                return call(request, timeout=seconds, metadata=metadata)
            except grpc.RpcError as error:
                raise self._failure(error) from error

        return self._patience.ask(attempt)

    def _failure(self, error: Any) -> ServerError:
        url, code, said = self._address.url, error.code(), error.details() or "no details"
        match code:
            case grpc.StatusCode.UNAVAILABLE:
                return _unavailable(self._address, said)
            case grpc.StatusCode.RESOURCE_EXHAUSTED:
                return ServerUnavailableError(f"{url}: {said}")
            case grpc.StatusCode.NOT_FOUND:
                return NotFoundError(f"{url}: {said}")
            case grpc.StatusCode.DEADLINE_EXCEEDED:
                seconds = self._patience.seconds
                return NoAnswerError(f"{url}: no answer in {seconds:g} s; see --timeout")
            case grpc.StatusCode.UNAUTHENTICATED | grpc.StatusCode.PERMISSION_DENIED:
                return ServerError(f"{url}: {said}; a token is taken from {TOKEN_VARIABLE}")
            case grpc.StatusCode.UNIMPLEMENTED:
                return ServerError(
                    f"{url}: the server does not speak this protocol; see --protocol"
                )
        return ServerError(f"{url}: {said}")


def _unavailable(address: Address, said: str) -> ServerError:
    """What it means that there is no connection, or that the server takes no requests now."""
    url = address.url
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return ServerError(
            f"{url}: the server's certificate is not trusted; name the file of the authority's "
            f"certificate in {CA_VARIABLE}"
        )
    if "handshake failed" in said:
        return ServerError(f"{url}: the server speaks no TLS; try grpc://")
    if "http1.x server" in said or "HTTP status" in said:
        return ServerError(f"{url}: not gRPC; is it the port of REST (http://{address.host})?")
    if "failed to connect" in said or "DNS" in said:
        reason = said.rpartition(": ")[2]
        return ServerUnavailableError(
            f"{url}: nobody answers there ({reason}); is the server running, and is that its gRPC "
            "port?"
        )
    return ServerUnavailableError(f"{url}: {said}")


def _trusted(credentials: Credentials) -> Any:
    roots = Path(credentials.ca_file).read_bytes() if credentials.ca_file else None
    return grpc.ssl_channel_credentials(roots)
