import pytest
from tfx_kubeflow.client.connection import ServerError
from tfx_kubeflow.client.pipelines import Pipelines
from tfx_kubeflow.client.runs import Runs


def test_a_run_gets_root_and_typed_parameters(server, connection, package):
    Pipelines(connection).create("small", package)
    run = Runs(connection).create("small", {"number": "7"})
    body = server.runs[run.run_id]
    assert body["runtime_config"]["pipeline_root"] == "s3://bucket/root"
    assert body["runtime_config"]["parameters"] == {"number": 7}
    assert body["pipeline_version_reference"]["pipeline_version_id"] in server.versions
    assert [item.run_id for item in Runs(connection).of("small")] == [run.run_id]
    Runs(connection).terminate(run.run_id)
    assert Runs(connection).get(run.run_id).state == "CANCELING"
    Runs(connection).delete(run.run_id)
    with pytest.raises(ServerError, match=r"refused: Run .* not found"):
        Runs(connection).get(run.run_id)


def test_to_look_at_a_pipeline_that_never_ran_makes_nothing(server, connection, package):
    Pipelines(connection).create("small", package)
    server.experiments.clear()
    assert Runs(connection).of("small") == []
    assert not server.experiments
