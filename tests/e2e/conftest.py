"""End to end on any Kubeflow Pipelines installation: `make e2e KFP_ENDPOINT=... IMAGE=...`."""

import os

import pytest

from tests.e2e.cluster import Cluster

TIMEOUT = 1800.0
"""Seconds that a run may take."""


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    endpoint, image = os.environ.get("KFP_ENDPOINT"), os.environ.get("IMAGE")
    if not (endpoint and image):
        pytest.skip("no Kubeflow Pipelines: KFP_ENDPOINT and IMAGE are not given")
    timeout = float(os.environ.get("E2E_TIMEOUT", TIMEOUT))
    cluster = Cluster(endpoint, image, timeout, tmp_path_factory.mktemp("e2e"))
    yield cluster
    cluster.tell("\n" + cluster.timings())
