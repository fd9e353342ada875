"""A server by gRPC on 127.0.0.1 that answers what a test wants it to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc

from tfx_pipeline.client import wire


class Handler(grpc.GenericRpcHandler):
    """Answers by its methods, which are called as those of the services, or fails first.

    Args:
        failures: Codes and details, the next one of each request; then it answers.
    """

    def __init__(self, failures: Iterable[tuple[grpc.StatusCode, str]] = ()) -> None:
        self._failures = iter(failures)
        self.requests: list[tuple[str, Any, dict[str, str]]] = []
        """Method, message and metadata of each."""

    def service(self, details: Any) -> Any:
        method = details.method.rpartition("/")[2]
        if not hasattr(self, method):
            return None

        def answer(message: Any, context: Any) -> Any:
            self.requests.append((method, message, dict(context.invocation_metadata())))
            failure = next(self._failures, None)
            if failure:
                context.abort(*failure)
            return getattr(self, method)(message)

        return grpc.unary_unary_rpc_method_handler(
            answer,
            request_deserializer=wire.message(f"{method}Request").FromString,
            response_serializer=lambda one: one.SerializeToString(),
        )


@contextmanager
def serving(
    handler: grpc.GenericRpcHandler, credentials: grpc.ServerCredentials | None = None
) -> Iterator[int]:
    """Runs a server until the end of the block, and gives its port."""
    server = grpc.server(ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((handler,))
    if credentials:
        port = server.add_secure_port("127.0.0.1:0", credentials)
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(None)
