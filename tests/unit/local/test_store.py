"""The local store: runs take turns, and a killed run leaves no lie behind."""

import multiprocessing
import os
import signal
import time

import pytest
from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2

from tfx_pipeline.local import store

RUNNING = metadata_store_pb2.Execution.RUNNING


@pytest.fixture
def mlmd(tmp_path):
    return MetadataStore(store.connection_config(tmp_path / "deep" / "metadata.sqlite"))


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
    store.tidy(mlmd)
    [dead_record, done_record] = mlmd.get_executions_by_id([dead, done])
    assert dead_record.last_known_state == metadata_store_pb2.Execution.FAILED
    assert done_record.last_known_state == metadata_store_pb2.Execution.COMPLETE


def test_pushes_whose_version_is_gone_are_not_answered_from_the_cache(mlmd, tmp_path):
    kept = put_push(mlmd, str(tmp_path))
    gone = put_push(mlmd, str(tmp_path / "removed" / "17"))
    store.tidy(mlmd)
    states = [artifact.state for artifact in mlmd.get_artifacts_by_id([kept, gone])]
    assert states == [
        metadata_store_pb2.Artifact.LIVE,
        metadata_store_pb2.Artifact.DELETED,
    ]


def hold(lock_file, held) -> None:
    with store.exclusive(lock_file, lambda owner: None):
        held.set()
        time.sleep(60)


def test_a_second_run_waits_and_a_killed_one_frees_the_lock(tmp_path):
    lock_file = tmp_path / "run.lock"
    context = multiprocessing.get_context("fork")
    held = context.Event()
    process = context.Process(target=hold, args=(lock_file, held))
    process.start()
    assert held.wait(10)
    waited_for = []

    def kill_the_owner(owner: str) -> None:
        waited_for.append(owner)
        os.kill(int(owner), signal.SIGKILL)

    with store.exclusive(lock_file, kill_the_owner):
        assert waited_for == [str(process.pid)]
        assert lock_file.read_text() == str(os.getpid())
    process.join()
