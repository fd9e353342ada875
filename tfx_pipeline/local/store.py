"""The ML Metadata store of local runs: one run at a time, and order after a killed one."""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration.metadata import sqlite_metadata_connection_config
from tfx.types import artifact_utils
from tfx.types.artifact import Artifact

PUSHED_DESTINATION = "pushed_destination"


def connection_config(database: Path) -> metadata_store_pb2.ConnectionConfig:
    """Returns how to connect to an SQLite store, whose folder is made."""
    database.parent.mkdir(parents=True, exist_ok=True)
    return sqlite_metadata_connection_config(str(database))


@contextlib.contextmanager
def exclusive(lock_file: Path, on_wait: Callable[[str], None]) -> Iterator[None]:
    """Holds a lock that the kernel frees however the process ends.

    Runs on one store take turns: the second finds the first one's work in the cache.

    Args:
        lock_file: Made when missing, never removed; holds the owner's process id.
        on_wait: Told who holds the lock when it has to wait.
    """
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    with lock_file.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            on_wait(lock.read().strip() or "unknown")
            fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def tidy(store: MetadataStore) -> None:
    """Brings the records in line with the world; call it while holding the lock.

    - Executions that still say RUNNING belong to killed runs: they become FAILED.
    - Pushes whose version folder is gone become DELETED: the cache must not answer for them.
    """
    executions = [
        execution
        for execution in store.get_executions()
        if execution.last_known_state == metadata_store_pb2.Execution.RUNNING
    ]
    for execution in executions:
        execution.last_known_state = metadata_store_pb2.Execution.FAILED
    if executions:
        store.put_executions(executions)
    gone = [
        artifact
        for artifact in _artifacts_of_type(store, "PushedModel")
        if artifact.state == metadata_store_pb2.Artifact.LIVE
        and _missing(artifact.custom_properties[PUSHED_DESTINATION].string_value)
    ]
    for artifact in gone:
        artifact.state = metadata_store_pb2.Artifact.DELETED
    if gone:
        store.put_artifacts(gone)


def outputs_of(store: MetadataStore, execution_id: int) -> dict[str, list[Artifact]]:
    """Returns the artifacts that an execution made or was given by the cache, by output key."""
    events = [
        event
        for event in store.get_events_by_execution_ids([execution_id])
        if event.type == metadata_store_pb2.Event.OUTPUT
    ]
    artifacts = {a.id: a for a in store.get_artifacts_by_id([e.artifact_id for e in events])}
    types = {t.id: t for t in store.get_artifact_types()}
    outputs: dict[str, list[Artifact]] = {}
    for event in events:
        artifact = artifacts[event.artifact_id]
        outputs.setdefault(event.path.steps[0].key, []).append(
            artifact_utils.deserialize_artifact(types[artifact.type_id], artifact)
        )
    return outputs


def _artifacts_of_type(store: MetadataStore, name: str) -> list[metadata_store_pb2.Artifact]:
    known = {artifact_type.name for artifact_type in store.get_artifact_types()}
    return list(store.get_artifacts_by_type(name)) if name in known else []


def _missing(destination: str) -> bool:
    return bool(destination) and not Path(destination).exists()
