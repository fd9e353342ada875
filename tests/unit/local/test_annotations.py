"""What lineage asks for is in the records of local runs."""

import pytest
from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2
from tfx.proto.orchestration import executable_spec_pb2
from tfx.types.standard_artifacts import Model

from tests.support.lineage import sqlite_store
from tfx_pipeline.lineage.metadata_store import MetadataRecords
from tfx_pipeline.local.annotations import annotate, executor_flags, record_failure
from tfx_pipeline.report.run import CACHED, COMPLETE, NodeRun

FAILED = metadata_store_pb2.Execution.FAILED


@pytest.fixture
def store(tmp_path) -> MetadataStore:
    return sqlite_store(tmp_path / "metadata.sqlite")


def node(store: MetadataStore, state: str) -> NodeRun:
    """A Trainer that made a model, as TFX records it."""
    kind = metadata_store_pb2.ExecutionType(name="tfx.components.Trainer")
    execution = metadata_store_pb2.Execution(type_id=store.put_execution_type(kind))
    [number] = store.put_executions([execution])
    model = Model()
    model.type_id = store.put_artifact_type(model.artifact_type)
    [model.id] = store.put_artifacts([model.mlmd_artifact])
    return NodeRun("Trainer", state, execution_id=number, outputs={"model": [model]})


@pytest.mark.parametrize(("state", "flags"), [(COMPLETE, "--code=0f --x=1"), (CACHED, None)])
def test_an_execution_learns_its_run_and_what_it_made_the_code(store, state, flags):
    ended = node(store, state)
    annotate(store, "night", ended, ["--code=0f", "--x=1"])
    records = MetadataRecords(store, "any")
    assert records.executions([ended.execution_id])[0].run == "night"
    [model] = records.artifacts_of("Model")
    assert model.properties.get("executor_flags") == flags


def test_a_failed_execution_learns_why(store):
    kind = store.put_context_type(metadata_store_pb2.ContextType(name="pipeline_run"))
    context = metadata_store_pb2.Context(type_id=kind, name="night")
    ended = node(store, COMPLETE)
    [execution] = store.get_executions_by_id([ended.execution_id])
    execution.last_known_state = FAILED
    store.put_execution(execution, [], [context])
    record_failure(store, "night", "the disk is full")
    [failed] = MetadataRecords(store, "any").executions([ended.execution_id])
    assert (failed.run, failed.state, failed.error) == ("night", "failed", "the disk is full")


def test_a_failure_before_any_execution_is_no_error(store):
    record_failure(store, "never began", "no data")
    assert store.get_executions() == []


def test_flags_of_executors_with_and_without_beam():
    plain = executable_spec_pb2.PythonClassExecutableSpec(extra_flags=["--code=1"])
    with_beam = executable_spec_pb2.BeamExecutableSpec(python_executor_spec=plain)
    assert executor_flags(plain) == executor_flags(with_beam) == ["--code=1"]
    assert executor_flags(None) == []
