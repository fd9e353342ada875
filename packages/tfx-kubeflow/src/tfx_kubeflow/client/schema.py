"""The schema that a run inferred, from the artifact store."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from typing import Any

from tfx.dsl.io import fileio

from tfx_kubeflow.client.connection import ServerError
from tfx_kubeflow.storage import object_store

SCHEMA = "*/schema-gen*/*/schema/schema.pbtxt"
"""Below a run's folder: task, attempt, output."""


def newest_schema(runs: Sequence[Any], pipeline: str) -> str:
    """Reads the schema of the newest run that inferred one.

    Args:
        runs: Runs of the pipeline, newest first.
        pipeline: Its name.

    Raises:
        ServerError: No run made one, or its store cannot be read from here.
    """
    object_store.register()
    for run in runs:
        root = run.runtime_config.pipeline_root if run.runtime_config else None
        if not root:
            continue
        try:
            found = fileio.glob(posixpath.join(root, pipeline, run.run_id, SCHEMA[2:]))
            if found:
                with fileio.open(found[-1], "rb") as file:
                    return bytes(file.read()).decode()
        except (OSError, ValueError) as error:
            raise ServerError(
                f"{root} cannot be read from here: {error}. Set MINIO_ENDPOINT, MINIO_ACCESS_KEY "
                "and MINIO_SECRET_KEY, or AWS's variables"
            ) from error
    raise ServerError(f"no run of {pipeline} has made a schema; create a run and let it finish")
