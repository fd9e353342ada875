"""ML Metadata behind gRPC, as KFP runs it, at times out of service."""

import contextlib
from concurrent import futures

import grpc
import ml_metadata as mlmd
from ml_metadata.proto import (
    metadata_store_pb2,
    metadata_store_service_pb2,
    metadata_store_service_pb2_grpc,
)


class Service(metadata_store_service_pb2_grpc.MetadataStoreServiceServicer):
    """Answers from a store, after a number of calls that fail."""

    def __init__(self, store, failures):
        self._failures = failures
        for name in vars(metadata_store_service_pb2_grpc.MetadataStoreServiceServicer):
            if not name.startswith("_"):
                setattr(self, name, self._method(store, name))

    def _method(self, store, name):
        def answer(request, context):
            if self._failures > 0:
                self._failures -= 1
                context.abort(grpc.StatusCode.UNAVAILABLE, "Connection reset by peer")
            response = getattr(metadata_store_service_pb2, f"{name}Response")()
            store._call_method(name, request, response)  # noqa: SLF001
            return response

        return answer


@contextlib.contextmanager
def served(store, failures):
    """A client of a server that fails a number of times, as while its pod restarts."""
    server = grpc.server(futures.ThreadPoolExecutor(1))
    metadata_store_service_pb2_grpc.add_MetadataStoreServiceServicer_to_server(
        Service(store, failures), server
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    config = metadata_store_pb2.MetadataStoreClientConfig(host="127.0.0.1", port=port)
    try:
        yield mlmd.MetadataStore(config)
    finally:
        server.stop(None)
