"""ML Metadata's gRPC service in this process: the store of its package behind KFP's interface."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
from ml_metadata.metadata_store.pywrap.metadata_store_extension import metadata_store as compiled
from ml_metadata.proto import metadata_store_service_pb2
from ml_metadata.proto.metadata_store_pb2 import (
    ConnectionConfig,
    MigrationOptions,
    SqliteMetadataSourceConfig,
)

from tests.support import rpc

SERVICE = metadata_store_service_pb2.DESCRIPTOR.services_by_name["MetadataStoreService"]
CODES = {code.value[0]: code for code in grpc.StatusCode}


@contextlib.contextmanager
def serving(database: Path) -> Iterator[int]:
    """Serves an SQLite store, which is made if missing; yields the port on 127.0.0.1."""
    mode = SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    source = SqliteMetadataSourceConfig(filename_uri=str(database), connection_mode=mode)
    store = compiled.CreateMetadataStore(
        ConnectionConfig(sqlite=source).SerializeToString(), MigrationOptions().SerializeToString()
    )
    lock = threading.Lock()
    handlers = {
        method.name: grpc.unary_unary_rpc_method_handler(_method(method.name, store, lock))
        for method in SERVICE.methods
        if hasattr(compiled, method.name)
    }
    with rpc.serving(grpc.method_handlers_generic_handler(SERVICE.full_name, handlers)) as port:
        yield port


def _method(name: str, store: Any, lock: threading.Lock) -> Callable[[bytes, Any], bytes]:
    def answer(request: bytes, context: Any) -> bytes:
        with lock:
            response, message, code = getattr(compiled, name)(store, request)
        if code:
            context.abort(CODES[code], message.decode())
        return response

    return answer
