"""The local store: a killed run and a damaged version leave no lie behind."""

import os
import shutil
from pathlib import Path

import pytest
from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2
from tfx_kubeflow.storage import served_versions

from tfx_pipeline.local import metadata_store

RUNNING = metadata_store_pb2.Execution.RUNNING


@pytest.fixture
def mlmd(tmp_path):
    return MetadataStore(metadata_store.connection_config(tmp_path / "deep" / "metadata.sqlite"))


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


def test_the_cache_answers_for_no_push_whose_version_is_gone_or_damaged(mlmd, tmp_path):
    pushes = {}
    for name in ("kept", "gone", "cut", "incomplete"):
        model = tmp_path / name
        model.mkdir()
        (model / "saved_model.pb").write_text("a graph of some length")
        uri = served_versions.publish(model, str(tmp_path / "serving" / name)).uri
        pushes[put_push(mlmd, uri)] = uri
    pushes[put_push(mlmd, "")] = "not pushed"
    kept, gone, cut, incomplete, not_pushed = pushes.values()
    shutil.rmtree(gone)
    os.truncate(f"{cut}/saved_model.pb", 10)
    Path(incomplete, "saved_model.pb").unlink()
    metadata_store.reconcile(mlmd)
    live = [
        pushes[artifact.id]
        for artifact in mlmd.get_artifacts_by_id(list(pushes))
        if artifact.state == metadata_store_pb2.Artifact.LIVE
    ]
    assert live == [kept, not_pushed]


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
