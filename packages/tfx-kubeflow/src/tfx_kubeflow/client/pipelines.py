"""Pipelines and their versions on a server."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Any

from tfx_kubeflow.client.connection import Connection, ServerError


class Pipelines:
    """The pipelines of a server.

    Args:
        connection: The server.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._client = connection.client

    def create(self, name: str, package: Path) -> str:
        """Uploads a new pipeline and its experiment; returns the pipeline's id.

        Raises:
            ServerError: There is one of that name, or the server refuses the package.
        """
        if self._find(name) is not None:
            raise ServerError(f"pipeline {name!r} exists; use `tfx pipeline update`")
        with self._connection.errors():
            made = self._client.upload_pipeline(
                str(package), pipeline_name=name, namespace=self._connection.namespace
            )
            self._client.create_experiment(name, namespace=self._connection.namespace)
        return str(made.pipeline_id)

    def update(self, name: str, package: Path) -> tuple[str, str]:
        """Uploads a new version; returns the pipeline's id and the version's name."""
        pipeline_id = self.id(name)
        # Two updates within a second are two versions, unless they are the same.
        digest = hashlib.sha256(package.read_bytes()).hexdigest()[:8]
        version = f"{name}-{time.strftime('%Y%m%d-%H%M%S')}-{digest}"
        with self._connection.errors():
            self._client.upload_pipeline_version(
                str(package), pipeline_version_name=version, pipeline_id=pipeline_id
            )
        return pipeline_id, version

    def all(self) -> list[Any]:
        """Returns all pipelines."""
        list_pipelines = self._client.list_pipelines
        return [*self._connection.pages(list_pipelines, "pipelines", **self._place())]

    def delete(self, name: str) -> int:
        """Deletes a pipeline, its versions first; its runs and their artifacts stay.

        Returns:
            How many versions there were.
        """
        pipeline_id = self.id(name)
        versions = self.versions(pipeline_id)
        with self._connection.errors():
            for version in versions:
                self._client.delete_pipeline_version(pipeline_id, version.pipeline_version_id)
            self._client.delete_pipeline(pipeline_id)
        return len(versions)

    def id(self, name: str) -> str:
        """Returns the id of a pipeline.

        Raises:
            ServerError: There is none of that name.
        """
        found = self._find(name)
        if found is None:
            names = ", ".join(sorted(pipeline.display_name for pipeline in self.all())) or "none"
            raise ServerError(f"no pipeline {name!r}; there are: {names}")
        return found

    def versions(self, pipeline_id: str) -> list[Any]:
        """Returns the versions of a pipeline, newest first."""
        return [
            *self._connection.pages(
                self._client.list_pipeline_versions,
                "pipeline_versions",
                pipeline_id=pipeline_id,
                sort_by="created_at desc",
            )
        ]

    def newest(self, pipeline_id: str) -> Any:
        """Returns the newest version.

        Raises:
            ServerError: The pipeline has none.
        """
        versions = self.versions(pipeline_id)
        if not versions:
            raise ServerError(f"pipeline {pipeline_id} has no version; use `tfx pipeline update`")
        return versions[0]

    def experiment(self, name: str) -> str:
        """Returns the id of the experiment that holds a pipeline's runs."""
        found = self.find_experiment(name)
        if found is None:
            with self._connection.errors():
                made = self._client.create_experiment(name, namespace=self._connection.namespace)
            found = str(made.experiment_id)
        return found

    def find_experiment(self, name: str) -> str | None:
        """Returns the id of the experiment that holds a pipeline's runs; None before the first."""
        named = {"experiment_name": name, "namespace": self._connection.namespace}
        try:
            return str(self._connection.read(self._client.get_experiment, **named).experiment_id)
        except ValueError as error:  # as kfp.Client says that there is none, or several
            if "No experiment" in str(error):
                return None
            raise ServerError(str(error)) from error

    def _find(self, name: str) -> str | None:
        for pipeline in self.all():
            if name in (pipeline.name, pipeline.display_name):
                return str(pipeline.pipeline_id)
        return None

    def _place(self) -> dict[str, str]:
        namespace = self._connection.namespace
        return {"namespace": namespace} if namespace else {}


def spec_of(version: Any) -> dict[str, Any]:
    """Returns the PipelineSpec of a version, whether or not it has a platform document."""
    spec: dict[str, Any] = version.pipeline_spec or {}
    inner: dict[str, Any] = spec.get("pipeline_spec", spec)
    return inner
