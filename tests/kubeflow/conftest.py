"""What the tests of the entrypoint share."""

import ml_metadata as mlmd
import pytest
from ml_metadata.proto import metadata_store_pb2


@pytest.fixture
def store():
    """An empty ML Metadata store in memory."""
    config = metadata_store_pb2.ConnectionConfig()
    config.fake_database.SetInParent()
    return mlmd.MetadataStore(config)
