"""Where the records are: a file of local runs, a MySQL or MariaDB, a metadata service."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from ml_metadata.errors import StatusError
from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto.metadata_store_pb2 import (
    ConnectionConfig,
    MetadataStoreClientConfig,
    MySQLDatabaseConfig,
    SqliteMetadataSourceConfig,
)

from tfx_pipeline.lineage.metadata_store import MetadataRecords
from tfx_pipeline.lineage.records import LineageError

PASSWORD_VARIABLE = "METADATA_PASSWORD"  # noqa: S105  # pragma: allowlist secret
"""Environment variable with the password of a database."""
MYSQL_PORT, GRPC_PORT = 3306, 8080
TIMEOUT = 30.0
"""Seconds that a metadata service has for an answer."""
MYSQL_SILENCE = "mysql_real_connect"
"""In the only words of MySQL's client for a server that is not there or refuses a user."""
LARGEST_ANSWER = 256 << 20
"""Bytes; gRPC's own limit is 4 MB."""
FORMS = "a path, mysql://user@host/database or grpc://host:port"


def open_records(store: str | None, database: Path, pipeline: str) -> MetadataRecords:
    """Opens the records of a pipeline; nothing is written.

    Args:
        store: Path of an SQLite file, mysql://user@host:port/database or grpc://host:port; None:
            the file of local runs.
        database: That file.
        pipeline: Name of the pipeline.

    Raises:
        LineageError: It cannot be opened.
    """
    try:
        config = connection(store or str(database))
        return MetadataRecords(MetadataStore(config), pipeline)
    except (StatusError, RuntimeError) as error:
        cause = str(error).splitlines()[0].partition(". ")[0]
        if MYSQL_SILENCE in cause:
            cause = f"no login there: look at host, port, user and ${PASSWORD_VARIABLE}; "
            cause += "the user logs in by mysql_native_password, as ML Metadata does"
        raise LineageError(f"{store or database}: not readable: {cause}") from error


def connection(store: str) -> ConnectionConfig | MetadataStoreClientConfig:
    """Returns how to connect to a store.

    Raises:
        LineageError: It names none; what it says is not shown where it may hold a password.
    """
    if "://" not in store:
        return _sqlite(Path(store))
    url = urlsplit(store)
    if url.password is not None:
        raise LineageError(f"--store: no password in an address: put it in ${PASSWORD_VARIABLE}")
    match url.scheme:
        case "mysql" if url.hostname and url.username and url.path.strip("/"):
            return _mysql(url)
        case "grpc" if url.hostname:
            return _grpc(url)
    raise LineageError(f"--store: {store}: want {FORMS}")


def _sqlite(path: Path) -> ConnectionConfig:
    if not path.is_file():
        raise LineageError(f"{path}: no such file; a run of the pipeline makes it")
    mode = SqliteMetadataSourceConfig.READONLY
    source = SqliteMetadataSourceConfig(filename_uri=str(path), connection_mode=mode)
    return ConnectionConfig(sqlite=source)


def _mysql(url: SplitResult) -> ConnectionConfig:
    source = MySQLDatabaseConfig(
        host=url.hostname,
        port=url.port or MYSQL_PORT,
        database=url.path.strip("/"),
        user=url.username,
        password=os.environ.get(PASSWORD_VARIABLE, ""),
        skip_db_creation=True,
    )
    return ConnectionConfig(mysql=source)


def _grpc(url: SplitResult) -> MetadataStoreClientConfig:
    config = MetadataStoreClientConfig(
        host=url.hostname, port=url.port or GRPC_PORT, client_timeout_sec=TIMEOUT
    )
    config.channel_arguments.max_receive_message_length = LARGEST_ANSWER
    return config
