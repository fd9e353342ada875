"""What a run on a cluster made: listed, and copied to this machine."""

from __future__ import annotations

import dataclasses
import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tfx_kubeflow.client.connection import ServerError
from tfx_kubeflow.metadata.lineage import metadata_store
from tfx_kubeflow.metadata.run_artifacts import RunArtifact, run_artifacts
from tfx_kubeflow.protocol import METADATA_HOST, METADATA_PORT
from tfx_kubeflow.storage import files, object_store, uris

FILE = "artifacts.json"
"""In the folder of the copies: what they are copies of."""
NO_STORE = (
    f"artifacts are known to KFP's ML Metadata alone, and {METADATA_HOST} does not name it: set it "
    f"to localhost and {METADATA_PORT} to 8080 after "
    "`kubectl -n kubeflow port-forward svc/metadata-grpc-service 8080:8080`"
)
NO_MINIO = (
    "MINIO_ENDPOINT does not name the store of minio:// URIs: set it to http://localhost:9000 "
    "after `kubectl -n kubeflow port-forward svc/minio-service 9000:9000`, and MINIO_ACCESS_KEY "
    "and MINIO_SECRET_KEY to what KFP's secret mlpipeline-minio-artifact holds"
)


def artifacts(run_id: str) -> list[RunArtifact]:
    """Returns what a run made, by task; see `run_artifacts`.

    Raises:
        ServerError: No ML Metadata is named, or it does not answer.
    """
    import ml_metadata as mlmd

    store = metadata_store()
    if store is None:
        raise ServerError(NO_STORE)
    try:
        return run_artifacts(store, run_id)
    except mlmd.errors.StatusError as error:
        host, port = os.environ[METADATA_HOST], os.environ.get(METADATA_PORT, "8080")
        raise ServerError(f"ML Metadata at {host}:{port} does not answer: {error}") from error


def as_json(run_id: str, found: Sequence[RunArtifact]) -> str:
    """Returns the artifacts of a run for programs."""
    listed = [dataclasses.asdict(artifact) for artifact in found]
    return json.dumps({"run_id": run_id, "artifacts": listed}, indent=2, default=str)


def download(
    run_id: str, found: Sequence[RunArtifact], folder: Path
) -> Iterator[tuple[RunArtifact, int]]:
    """Copies the files of a run's artifacts to `<folder>/<task>/<name>`.

    What is there already is not copied again, so that a copy which was broken off goes on; each
    file is there whole, or not at all.

    Args:
        run_id: The run.
        found: Its artifacts.
        folder: Made if missing; one run's alone.

    Yields:
        Each artifact, and how many files it has in the folder.

    Raises:
        ServerError: The store cannot be read, or the folder holds copies of another run.
        StepError: A name leads out of the folder.
    """
    object_store.register()
    _claim(run_id, found, folder)
    names = Counter((artifact.task, artifact.name) for artifact in found)
    for artifact in found:
        if artifact.uri.startswith("minio://") and not os.environ.get("MINIO_ENDPOINT"):
            raise ServerError(NO_MINIO)
        several = names[artifact.task, artifact.name] > 1
        target = f"{artifact.task}/{artifact.name}" + (f"-{artifact.id}" if several else "")
        uris.require_name(f"run {run_id}", target)
        try:
            yield artifact, files.copy_artifact(artifact.uri, folder / target)
        except OSError as error:
            raise ServerError(f"{artifact.uri} cannot be copied: {error}") from error


def _claim(run_id: str, found: Sequence[RunArtifact], folder: Path) -> None:
    """Writes down of which run a folder holds copies."""
    path = folder / FILE
    if path.exists() and json.loads(path.read_text(encoding="utf-8")).get("run_id") != run_id:
        raise ServerError(f"{folder} holds copies of another run; name another folder")
    folder.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.write_text(as_json(run_id, found), encoding="utf-8")
    draft.replace(path)
