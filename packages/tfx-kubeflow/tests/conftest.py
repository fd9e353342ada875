"""What the tests of tfx-kubeflow share."""

import os
from pathlib import Path

import ml_metadata as mlmd
import pytest
from kubeflow_cases.buckets import bucket, endpoint  # noqa: F401, fixtures
from ml_metadata.proto import metadata_store_pb2

# Steps under the local runner are processes of their own, and import the tests' components by name.
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, (str(Path(__file__).parent), os.environ.get("PYTHONPATH")))
)


@pytest.fixture
def store():
    """An empty ML Metadata store in memory."""
    config = metadata_store_pb2.ConnectionConfig()
    config.fake_database.SetInParent()
    return mlmd.MetadataStore(config)
