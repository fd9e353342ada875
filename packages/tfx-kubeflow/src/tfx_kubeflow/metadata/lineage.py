"""Earlier artifacts, from ML Metadata: the only place that knows how KFP keeps them."""

from __future__ import annotations

import os

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2
from tfx.types.artifact import Artifact
from tfx.utils import name_utils

from tfx_kubeflow.metadata.artifacts import make_artifact, title
from tfx_kubeflow.metadata.run_artifacts import recorded_properties
from tfx_kubeflow.protocol import METADATA_HOST, METADATA_PORT
from tfx_kubeflow.storage import uris

CALL_TIMEOUT = 30.0
"""Seconds."""
PIPELINE_CONTEXT = "system.Pipeline"
MODEL_ID = "_model_id"


def metadata_store() -> mlmd.MetadataStore | None:
    """Connects to the service that KFP names in every pod; a run on one's own machine has none."""
    if not os.environ.get(METADATA_HOST):
        return None
    config = metadata_store_pb2.MetadataStoreClientConfig(
        host=os.environ[METADATA_HOST],
        port=int(os.environ.get(METADATA_PORT, "8080")),
        client_timeout_sec=CALL_TIMEOUT,
    )
    return mlmd.MetadataStore(config)


def is_unavailable(error: BaseException) -> bool:
    """Says whether ML Metadata did not answer, as while it restarts."""
    return isinstance(error, mlmd.errors.UnavailableError | mlmd.errors.DeadlineExceededError)


class Lineage:
    """What earlier runs of a pipeline made.

    Args:
        store: ML Metadata; None: there is none, as in a local run.
        pipeline: Name of the pipeline.
    """

    def __init__(self, store: mlmd.MetadataStore | None, pipeline: str) -> None:
        self.store = store
        self._pipeline = pipeline

    def artifacts(self, cls: str) -> list[Artifact]:
        """Returns the artifacts of a class that runs of the pipeline made, oldest first.

        What a resolver step handed on was recorded again by its importer, later and without its
        properties: of several records of one URI the first counts.
        """
        records = sorted(self._records(cls), key=lambda record: record.id, reverse=True)
        first = {record.uri: record for record in records}
        return [_artifact(cls, record) for record in reversed(first.values())]

    def _records(self, cls: str) -> list[metadata_store_pb2.Artifact]:
        if self.store is None:
            return []
        context = self.store.get_context_by_type_and_name(PIPELINE_CONTEXT, self._pipeline)
        if context is None:
            return []
        name = title(name_utils.resolve_full_name(cls))
        return [
            record
            for record in self.store.get_artifacts_by_context(context.id)
            if record.type == name
            and record.state == metadata_store_pb2.Artifact.LIVE
            and not uris.is_null(record.uri)
        ]


def _artifact(cls: str, record: metadata_store_pb2.Artifact) -> Artifact:
    metadata = recorded_properties(record)
    for key, value in metadata.items():
        if key.endswith(MODEL_ID) and isinstance(value, str) and value.isdigit():
            metadata[key] = int(value)  # strategies compare it with the models' ids
    return make_artifact(cls, record.uri, str(record.id), metadata)
