"""The ML Metadata store of local runs, and order in it after a killed one."""

import contextlib
import logging
import os
import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path

import ml_metadata as mlmd
from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration.metadata import sqlite_metadata_connection_config
from tfx.types import artifact_utils
from tfx.types.artifact import Artifact
from tfx_kubeflow.storage import labels, served_versions

log = logging.getLogger(__name__)


class MetadataError(RuntimeError):
    """A metadata file that cannot be used; the message names it, the cause and the hint."""


LOCK_TIMEOUT = 10.0
"""Seconds to wait for another program that has the file open."""
HINTS = {
    "locked": "another program has it open: wait for it, or end it",
    "readonly": "let this user write it",
    "unable to open": "let this user write it, or choose another folder with --outputs",
    "greater than library version": "a newer release wrote it: use that one, or other --outputs",
    "full": "free some space on its disk",
}
DAMAGED = "it is damaged: put a copy back, or move it away, which forgets the cache alone"
OUTPUTS = (metadata_store_pb2.Event.OUTPUT,)
INPUTS = (metadata_store_pb2.Event.INPUT, metadata_store_pb2.Event.INTERNAL_OUTPUT)
"""Kinds of events; the latter is what a resolver chose of earlier artifacts."""
PUSHED_DESTINATION = "pushed_destination"


def connection_config(database: Path) -> metadata_store_pb2.ConnectionConfig:
    """Returns how to connect to an SQLite store, whose folder is made."""
    database.parent.mkdir(parents=True, exist_ok=True)
    return sqlite_metadata_connection_config(str(database))


def open_store(database: Path) -> MetadataStore:
    """Opens a store, which is made where there is none; its records are as they were left.

    Args:
        database: The SQLite file.

    Raises:
        MetadataError: It is locked, damaged, of a newer release, or cannot be written.
    """
    config = connection_config(database)
    try:
        # SQLite's own words: ML Metadata takes a damaged file for one that two processes make.
        with contextlib.closing(sqlite3.connect(database, LOCK_TIMEOUT)) as connection:
            connection.execute("begin exclusive")  # who reads for long keeps others from writing
            connection.execute("create table can_be_written (x)")  # rolled back
            [first, *_] = connection.execute("pragma quick_check").fetchone()
            if first != "ok":
                raise sqlite3.DatabaseError(first.splitlines()[-1])
        return MetadataStore(config)
    except (sqlite3.Error, RuntimeError) as error:
        cause = str(error).removeprefix("Error when executing query: ").partition(" query:")[0]
        hint = next((hint for words, hint in HINTS.items() if words in cause), DAMAGED)
        raise MetadataError(f"{database}: {cause.partition('. ')[0]} ({hint})") from error


def reconcile(store: MetadataStore) -> None:
    """Brings the records in line with the world; call it while holding the lock.

    - Executions that are still RUNNING belong to killed runs: they become FAILED.
    - Pushes that do not serve become ABANDONED: the cache must not answer for them. Another version
      serves, or theirs is gone or damaged.
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
    abandoned = [
        artifact
        for artifact in _artifacts_of_type(store, "PushedModel")
        if artifact.state == metadata_store_pb2.Artifact.LIVE
        and not _serves(artifact.custom_properties[PUSHED_DESTINATION].string_value)
    ]
    for artifact in abandoned:
        artifact.state = metadata_store_pb2.Artifact.ABANDONED
    if abandoned:
        store.put_artifacts(abandoned)


def set_aside_unknown(store: MetadataStore, artifacts: Path) -> None:
    """Moves artifacts away that an empty store does not know, as where its file was lost.

    The folders of new artifacts are numbered by the store, from 1 again: files would mix.

    Args:
        store: The store.
        artifacts: Folder of the artifacts.
    """
    if not artifacts.exists() or store.get_executions(mlmd.ListOptions(limit=1)):
        return
    aside = artifacts.with_name(f"{artifacts.name}-of-lost-metadata-{time.time_ns()}")
    artifacts.rename(aside)
    log.warning("the metadata of earlier runs is gone; their artifacts are in %s now", aside)


def artifacts_of(
    store: MetadataStore, execution_id: int, kinds: Iterable[int] = OUTPUTS
) -> dict[str, list[Artifact]]:
    """Returns the artifacts of an execution, by input or output key.

    Args:
        store: The store.
        execution_id: Of the execution.
        kinds: `OUTPUTS`, which it made or was given by the cache, or `INPUTS`.
    """
    events = [
        event for event in store.get_events_by_execution_ids([execution_id]) if event.type in kinds
    ]
    artifacts = {a.id: a for a in store.get_artifacts_by_id([e.artifact_id for e in events])}
    types = {t.id: t for t in store.get_artifact_types()}
    found: dict[str, list[Artifact]] = {}
    for event in events:
        artifact = artifacts[event.artifact_id]
        found.setdefault(event.path.steps[0].key, []).append(
            artifact_utils.deserialize_artifact(types[artifact.type_id], artifact)
        )
    return found


def _artifacts_of_type(store: MetadataStore, name: str) -> list[metadata_store_pb2.Artifact]:
    known = {artifact_type.name for artifact_type in store.get_artifact_types()}
    return list(store.get_artifacts_by_type(name)) if name in known else []


def _serves(destination: str) -> bool:
    """Whether what was pushed is what serves, or where labels say what serves, is there.

    Nothing was pushed to an empty destination.
    """
    base, version = os.path.split(destination)
    if not destination:
        return True
    there = served_versions.versions(base)
    if version not in (there if labels.read(base) else there[:1]):
        return False
    if damaged := served_versions.is_damaged(base, version):
        log.warning("%s is damaged: its files are not those that were pushed", destination)
    return not damaged
