import kfp_server_api as api
import pytest
from kubeflow_cases.fake_server import FakeServer
from tfx_kubeflow.client.connection import Connection, ServerError
from tfx_kubeflow.client.pipelines import Pipelines


def test_versions_on_update_and_deletion_with_versions_first(server, connection, package):
    found = Pipelines(connection)
    pipeline_id = found.create("small", package)
    with pytest.raises(ServerError, match="exists; use `tfx pipeline update`"):
        found.create("small", package)
    assert found.update("small", package)[0] == pipeline_id
    assert len(server.versions) == 2
    assert found.newest(pipeline_id).display_name.startswith("small-2")
    assert [item.display_name for item in found.all()] == ["small"]
    assert found.delete("small") == 2
    assert not server.pipelines
    with pytest.raises(ServerError, match="no pipeline 'small'; there are: none"):
        found.id("small")


def test_a_pipeline_without_versions_says_what_to_do(server, connection, package):
    pipeline_id = Pipelines(connection).create("small", package)
    server.versions.clear()
    with pytest.raises(ServerError, match="use `tfx pipeline update`"):
        Pipelines(connection).newest(pipeline_id)


def test_everything_is_found_over_several_pages(server, connection, package):
    server.page = 2
    for number in range(5):
        Pipelines(connection).create(f"p{number}", package)
    assert Pipelines(connection).id("p4")
    assert len(Pipelines(connection).all()) == 5


def test_where_there_are_several_users_the_namespace_is_theirs(package):
    server = FakeServer(multi_user=True)
    try:
        connection = Connection(server.url, namespace="energy")
        Pipelines(connection).create("small", package)
        assert {item.namespace for item in server.experiments.values()} == {"energy"}
        assert Pipelines(connection).id("small")
    finally:
        server.close()


def test_the_fake_speaks_kfps_own_shapes(server, connection):
    healthy = connection.client.get_kfp_healthz()
    assert isinstance(healthy, api.V2beta1GetHealthzResponse)
