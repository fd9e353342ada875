"""Fixtures: a server on this machine, a connection to it, and a package for it."""

import pytest
from kubeflow_cases import pipelines
from kubeflow_cases.fake_server import FakeServer
from tfx import v1
from tfx_kubeflow.client.connection import Connection
from tfx_kubeflow.runner import KubeflowRunner
from tfx_kubeflow.settings import KubeflowSettings, NodeSettings, Volume


@pytest.fixture
def server():
    """A server that speaks KFP's API."""
    server = FakeServer()
    yield server
    server.close()


@pytest.fixture
def connection(server):
    """A connection to it."""
    return Connection(server.url)


def parameter(name, kind, default=None):
    return v1.dsl.experimental.RuntimeParameter(name, kind, default)


@pytest.fixture
def package(tmp_path):
    """A compiled pipeline, `small`, with two runtime parameters and a volume."""
    write = pipelines.Write(
        number=parameter("number", int, 1),
        name=parameter("scheduled_time", str, ""),
        share=0.5,
    )
    settings = KubeflowSettings(
        image="i",
        pipeline_root="s3://bucket/root",
        defaults=NodeSettings(volumes=(Volume(claim="c", mount_path="/c"),)),
    )
    runner = KubeflowRunner(settings, str(tmp_path))
    runner.run(pipelines.pipeline(write))
    return runner.package_path("small")
