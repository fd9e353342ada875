"""The local store: a killed run and a damaged version leave no lie behind."""

import contextlib
import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2
from tfx_kubeflow.storage import promotion, served_versions

from tfx_pipeline.local import metadata_store
from tfx_pipeline.local.metadata_store import MetadataError

RUNNING = metadata_store_pb2.Execution.RUNNING


@pytest.fixture
def mlmd(tmp_path):
    return MetadataStore(metadata_store.connection_config(tmp_path / "deep" / "metadata.sqlite"))


@pytest.fixture
def database(tmp_path):
    """The file of a store that is in order."""
    path = tmp_path / "metadata.sqlite"
    metadata_store.open_store(path).get_executions()
    return path


def test_an_empty_file_is_a_new_store(tmp_path):
    (tmp_path / "metadata.sqlite").touch()
    assert metadata_store.open_store(tmp_path / "metadata.sqlite").get_executions() == []


def test_a_damaged_file_is_called_so(database):
    content = database.read_bytes()
    for damaged in (
        b"x" * len(content),
        content[: len(content) // 2],
        content[:12288] + b"\xa5" * 16384 + content[28672:],
    ):
        database.write_bytes(damaged)
        with pytest.raises(MetadataError, match=r"sqlite: .* \(it is damaged: put a copy"):
            metadata_store.open_store(database)


def test_a_file_of_a_newer_release_is_called_so(database):
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("update MLMDEnv set schema_version = 99")
        connection.commit()
    with pytest.raises(MetadataError, match=r"database version 99 .* \(a newer release wrote it"):
        metadata_store.open_store(database)


@pytest.mark.parametrize("held", ["begin exclusive", "begin"])
def test_a_file_that_is_locked_is_called_so(database, monkeypatch, held):
    monkeypatch.setattr(metadata_store, "LOCK_TIMEOUT", 0.1)
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute(held)
        connection.execute("select * from Type").fetchone()
        with pytest.raises(MetadataError, match=r"is locked \(another program has it open"):
            metadata_store.open_store(database)


def test_a_file_that_cannot_be_written_is_called_so(database, monkeypatch):
    connect = sqlite3.connect

    def read_only(path, timeout):
        return connect(f"file:{path}?mode=ro", timeout, uri=True)

    monkeypatch.setattr("sqlite3.connect", read_only)
    with pytest.raises(MetadataError, match=r"readonly database \(let this user write it\)"):
        metadata_store.open_store(database)


def test_a_full_disk_is_called_so(tmp_path, monkeypatch):
    def full(_):
        raise RuntimeError(
            "Error when executing query: database or disk is full query:  CREATE TABLE ..."
        )

    monkeypatch.setattr(metadata_store, "MetadataStore", full)
    with pytest.raises(MetadataError, match=r"sqlite: database or disk is full \(free some"):
        metadata_store.open_store(tmp_path / "metadata.sqlite")


def test_a_place_where_no_file_can_be_is_called_so(tmp_path):
    (tmp_path / "metadata.sqlite").mkdir()
    with pytest.raises(MetadataError, match=r"unable to open .* \(let this user write it"):
        metadata_store.open_store(tmp_path / "metadata.sqlite")


def put_execution(mlmd: MetadataStore, state: int) -> int:
    kind = mlmd.put_execution_type(metadata_store_pb2.ExecutionType(name="Trainer"))
    execution = metadata_store_pb2.Execution(type_id=kind, last_known_state=state)
    return mlmd.put_executions([execution])[0]


def put_push(mlmd: MetadataStore, destination: str) -> int:
    kind = mlmd.put_artifact_type(metadata_store_pb2.ArtifactType(name="PushedModel"))
    artifact = metadata_store_pb2.Artifact(
        type_id=kind, state=metadata_store_pb2.Artifact.LIVE, uri="/somewhere"
    )
    artifact.custom_properties["pushed_destination"].string_value = destination
    return mlmd.put_artifacts([artifact])[0]


def test_running_executions_of_killed_runs_become_failed(mlmd):
    dead = put_execution(mlmd, RUNNING)
    done = put_execution(mlmd, metadata_store_pb2.Execution.COMPLETE)
    metadata_store.reconcile(mlmd)
    [dead_record, done_record] = mlmd.get_executions_by_id([dead, done])
    assert dead_record.last_known_state == metadata_store_pb2.Execution.FAILED
    assert done_record.last_known_state == metadata_store_pb2.Execution.COMPLETE


def test_the_cache_answers_for_no_push_that_does_not_serve(mlmd, tmp_path):
    pushes = {}
    for name in ("kept", "gone", "cut", "incomplete", "replaced", "outdone"):
        model = tmp_path / name
        model.mkdir()
        (model / "saved_model.pb").write_text("a graph of some length")
        uri = served_versions.publish(model, str(tmp_path / "serving" / name)).uri
        pushes[put_push(mlmd, uri)] = uri
    (tmp_path / "another").mkdir()
    (tmp_path / "another" / "saved_model.pb").write_text("another graph")
    pushes[put_push(mlmd, "")] = "not pushed"
    kept, gone, cut, incomplete, replaced, outdone, not_pushed = pushes.values()
    shutil.rmtree(gone)
    os.truncate(f"{cut}/saved_model.pb", 10)
    Path(incomplete, "saved_model.pb").unlink()
    served_versions.publish(tmp_path / "another", str(Path(replaced).parent))
    Path(outdone).with_name("9999999999").mkdir()
    Path(outdone).with_name("9999999999").joinpath("saved_model.pb").write_text("no model")
    metadata_store.reconcile(mlmd)
    live = [
        pushes[artifact.id]
        for artifact in mlmd.get_artifacts_by_id(list(pushes))
        if artifact.state == metadata_store_pb2.Artifact.LIVE
    ]
    assert live == [kept, not_pushed]


def test_where_labels_say_what_serves_the_cache_answers_for_every_push_that_is_there(
    mlmd, tmp_path
):
    pushes, base = {}, str(tmp_path / "serving")
    for name in ("stable", "pushed", "cut"):
        model = tmp_path / name
        model.mkdir()
        (model / "saved_model.pb").write_text(f"graph {name}")
        uri = served_versions.publish(model, base).uri
        pushes[put_push(mlmd, uri)] = uri
    stable, pushed, cut = pushes.values()
    promotion.promote(base, Path(stable).name)
    os.truncate(f"{cut}/saved_model.pb", 5)
    metadata_store.reconcile(mlmd)
    live = [
        pushes[artifact.id]
        for artifact in mlmd.get_artifacts_by_id(list(pushes))
        if artifact.state == metadata_store_pb2.Artifact.LIVE
    ]
    assert live == [stable, pushed]


def test_artifacts_that_an_empty_store_does_not_know_are_set_aside(mlmd, tmp_path):
    artifacts = tmp_path / "artifacts"
    metadata_store.set_aside_unknown(mlmd, artifacts)
    (artifacts / "Trainer").mkdir(parents=True)
    metadata_store.set_aside_unknown(mlmd, artifacts)
    assert not artifacts.exists()
    [aside] = tmp_path.glob("artifacts-of-lost-metadata-*")
    assert (aside / "Trainer").is_dir()
    put_execution(mlmd, metadata_store_pb2.Execution.COMPLETE)
    artifacts.mkdir()
    metadata_store.set_aside_unknown(mlmd, artifacts)
    assert artifacts.exists()
