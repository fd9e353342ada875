"""The schema that a run inferred, from the artifact store."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence
from typing import Any

import yaml
from tfx.dsl.io import fileio

from tfx_kubeflow.client.connection import ServerError
from tfx_kubeflow.storage import object_store

FILE = "schema.pbtxt"
SCHEMA = "tfx.Schema"
"""Title of the artifact type."""
INFERS = re.compile(r"\btfx\.components\.schema_gen\.executor\.")
"""Names the executor that infers schemas; others import or curate them."""
Spec = dict[str, Any]


def newest_schema(runs: Sequence[Any], pipeline: str, spec_of: Callable[[Any], Spec]) -> str:
    """Reads the schema of the newest run that made one, an inferred one before others.

    Args:
        runs: Runs of the pipeline, newest first.
        pipeline: Its name.
        spec_of: Returns the PipelineSpec of a run; empty where it is gone.

    Raises:
        ServerError: No run made one, or its store cannot be read from here.
    """
    object_store.register()
    for run in runs:
        root = run.runtime_config.pipeline_root if run.runtime_config else None
        if not root:
            continue
        try:
            for output in schema_outputs(spec_of(run)):
                # Below the task's folder there is one for each attempt.
                task, key = output
                pattern = posixpath.join(root, pipeline, run.run_id, task, "*", key, FILE)
                found = fileio.glob(pattern)
                if found:
                    with fileio.open(found[-1], "rb") as file:
                        return bytes(file.read()).decode()
        except (OSError, ValueError) as error:
            raise ServerError(
                f"{root} cannot be read from here: {error}. Set MINIO_ENDPOINT, MINIO_ACCESS_KEY "
                "and MINIO_SECRET_KEY, or AWS's variables"
            ) from error
    raise ServerError(f"no run of {pipeline} has made a schema; create a run and let it finish")


def schema_outputs(spec: Spec) -> list[tuple[str, str]]:
    """Returns task and output key of each schema that a pipeline makes, inferred ones first."""
    components = spec.get("components", {})
    dags = [spec.get("root", {}), *components.values()]
    found = []
    for dag in dags:
        for task, body in dag.get("dag", {}).get("tasks", {}).items():
            component = components.get(body["componentRef"]["name"], {})
            declared = component.get("outputDefinitions", {}).get("artifacts", {})
            infers = INFERS.search(_arguments(spec, component)) is not None
            keys = [key for key, kind in declared.items() if _title(kind) == SCHEMA]
            found += [(not infers, task, key) for key in keys]
    return [(task, key) for _, task, key in sorted(found)]


def _title(kind: Spec) -> str:
    artifact_type = kind["artifactType"]
    described = yaml.safe_load(artifact_type.get("instanceSchema") or "") or {}
    return str(artifact_type.get("schemaTitle") or described.get("title"))


def _arguments(spec: Spec, component: Spec) -> str:
    executors = spec.get("deploymentSpec", {}).get("executors", {})
    container = executors.get(component.get("executorLabel"), {}).get("container", {})
    return " ".join(container.get("args", ()))
