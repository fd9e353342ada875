"""What an exit handler is told of a run, from records like those that KFP 2.17 makes."""

import json
from pathlib import Path

import pytest
from kubeflow_cases.metadata_service import served
from kubeflow_cases.steps import executor_input, step
from ml_metadata.proto import metadata_store_pb2
from ml_metadata.proto.metadata_store_pb2 import Execution
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx_kubeflow.metadata.final_status import final_status
from tfx_kubeflow.steps.executor import run_executor
from tfx_kubeflow.storage import retries

KINDS = {"status": "status", "file": "str"}
TOLD = {"pipelineJobResourceName": "run-1", "pipelineTaskName": "tfx-dag", "state": "RUNNING"}


class Run:
    """Records the tasks of a run; the root is one of them."""

    def __init__(self, store, name="run"):
        self.store = store
        kind = metadata_store_pb2.ContextType(name="system.PipelineRun")
        context = metadata_store_pb2.Context(type_id=store.put_context_type(kind), name=name)
        [self.context] = store.put_contexts([context])
        self.root = self.task("", Execution.RUNNING, dag=True)

    def task(self, name, state, parent=None, *, dag=False, tasks=0):
        kind = "system.DAGExecution" if dag else "system.ContainerExecution"
        type_id = self.store.put_execution_type(metadata_store_pb2.ExecutionType(name=kind))
        execution = Execution(type_id=type_id, last_known_state=state)
        execution.custom_properties["task_name"].string_value = name
        if parent is not None:
            execution.custom_properties["parent_dag_id"].int_value = parent
        if dag:
            execution.custom_properties["total_dag_tasks"].int_value = tasks
        [made] = self.store.put_executions([execution])
        association = metadata_store_pb2.Association(execution_id=made, context_id=self.context)
        self.store.put_attributions_and_associations([], [association])
        return made


def state(store, told=TOLD):
    return json.loads(final_status(told, "run", store))["state"]


@pytest.fixture
def run(store):
    Run(store, "another").task("tfx-dag", Execution.FAILED)
    return Run(store)


def with_a_lookup(run, tasks, *, found=Execution.COMPLETE):
    """KFP leaves the DAG around an importer, and so the whole, in the state RUNNING."""
    whole = run.task("tfx-dag", Execution.RUNNING, run.root, dag=True, tasks=tasks)
    run.task("Evaluator", Execution.CACHED, whole)
    run.task("Skipped", Execution.CANCELED, whole)
    lookup = run.task("baseline-model", Execution.RUNNING, whole, dag=True, tasks=1)
    run.task("baseline-model-importer", found, lookup)
    run.task("Goodbye", Execution.RUNNING, run.root)
    return whole


@pytest.mark.parametrize("told", ["RUNNING", "FAILED"])  # the latter after a second attempt
def test_a_dag_whose_tasks_are_done_has_succeeded(run, told):
    with_a_lookup(run, tasks=3)
    text = json.dumps({**TOLD, "state": told})
    known = {**TOLD, "state": "SUCCEEDED", "pipelineJobUuid": "run"}
    assert json.loads(final_status(text, "run", run.store)) == known


def test_a_task_that_never_began_is_a_failure(run):
    with_a_lookup(run, tasks=4)
    assert state(run.store) == "FAILED"


@pytest.mark.parametrize("last", [Execution.FAILED, Execution.RUNNING])
def test_a_task_that_failed_or_died_without_a_word_is_a_failure(run, last):
    run.task("Pusher", last, with_a_lookup(run, tasks=4))
    assert state(run.store) == "FAILED"


def test_a_failure_inside_is_one_of_the_whole(run):
    with_a_lookup(run, tasks=3, found=Execution.FAILED)
    assert state(run.store) == "FAILED"


@pytest.mark.parametrize(
    ("told", "known"),
    [("COMPLETE", "SUCCEEDED"), ("CACHED", "SUCCEEDED"), ("CANCELED", "CANCELLED")],
)
def test_a_state_that_is_final_is_believed(store, told, known):
    assert state(store, {**TOLD, "state": told}) == known


def test_a_failed_task_that_is_no_dag_has_failed(run):
    run.task("Trainer", Execution.FAILED, run.root)
    assert state(run.store, {**TOLD, "pipelineTaskName": "Trainer", "state": "FAILED"}) == "FAILED"


def test_of_what_is_not_recorded_the_state_is_as_told(run):
    assert state(run.store, {**TOLD, "pipelineTaskName": "unknown"}) == "RUNNING"
    known = {**TOLD, "pipelineJobUuid": "unknown"}
    assert json.loads(final_status(TOLD, "unknown", run.store)) == known


class Goodbye(BaseExecutor):
    """Keeps what it is told."""

    def Do(self, input_dict, output_dict, exec_properties):  # noqa: N802
        Path(exec_properties["file"]).write_text(json.dumps(exec_properties))


def test_an_executor_gets_the_state_and_the_runs_id_as_one_parameter(tmp_path, monkeypatch):
    monkeypatch.delenv("METADATA_GRPC_SERVICE_HOST", raising=False)
    file = tmp_path / "told.json"
    told = {**TOLD, "state": "COMPLETE"}
    given = executor_input(tmp_path, status=told, file=str(file), _run_id="run")
    run_executor(step(Goodbye, executor=f"{__name__}.Goodbye", parameters=KINDS), given, [])
    known = json.loads(file.read_text())
    assert known.keys() == {"status", "file"}
    status = {**TOLD, "state": "SUCCEEDED", "pipelineJobUuid": "run"}
    assert json.loads(known["status"]) == status


def test_where_ml_metadata_does_not_answer_the_state_is_as_told(monkeypatch, caplog):
    monkeypatch.setattr(retries, "DEADLINE", 0.5)
    monkeypatch.setenv("METADATA_GRPC_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("METADATA_GRPC_SERVICE_PORT", "1")
    assert state(None) == "RUNNING"
    assert "ML Metadata does not answer" in caplog.text
    assert "no success in" in caplog.text


def test_a_restart_of_ml_metadata_costs_an_exit_handler_nothing_but_time(run):
    run.task("Trainer", Execution.COMPLETE, run.root)
    told = {**TOLD, "pipelineTaskName": "Trainer"}
    with served(run.store, failures=3) as client:
        assert state(client, told) == state(run.store, told) == "SUCCEEDED"


def test_without_ml_metadata_the_state_is_as_told(monkeypatch):
    monkeypatch.delenv("METADATA_GRPC_SERVICE_HOST", raising=False)
    assert state(None) == "RUNNING"
