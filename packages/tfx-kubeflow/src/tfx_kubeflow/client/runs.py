"""Runs of a pipeline on a server."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

from tfx_kubeflow.client.connection import Connection, ServerError
from tfx_kubeflow.client.pipelines import Pipelines, spec_of
from tfx_kubeflow.parameters import typed_parameters

LISTED = 5
"""Runs in a message."""


class Runs:
    """The runs of a server.

    Args:
        connection: The server.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._client = connection.client
        self._pipelines = Pipelines(connection)

    def create(self, pipeline: str, parameters: dict[str, str]) -> Any:
        """Starts a run of the newest version.

        Args:
            pipeline: The pipeline's name.
            parameters: Runtime parameters as texts.

        Raises:
            ParameterError: An unknown parameter, or a value of the wrong kind.
            ServerError: The server refuses.
        """
        target = self.target(pipeline, parameters)
        name = f"{pipeline} {time.strftime('%Y-%m-%d %H:%M:%S')}"
        with self._connection.errors():
            return self._client.run_pipeline(job_name=name, **target)

    def target(self, pipeline: str, parameters: dict[str, str]) -> dict[str, Any]:
        """Returns what a run or a schedule of the newest version is made of."""
        pipeline_id = self._pipelines.id(pipeline)
        version = self._pipelines.newest(pipeline_id)
        spec = spec_of(version)
        return {
            "experiment_id": self._pipelines.experiment(pipeline),
            "pipeline_id": pipeline_id,
            "version_id": version.pipeline_version_id,
            "params": typed_parameters(spec, parameters),
            # The server takes the root from the run alone, never from the package.
            "pipeline_root": spec.get("defaultPipelineRoot") or spec.get("default_pipeline_root"),
        }

    def version_spec(self, pipeline_id: str) -> dict[str, Any]:
        """Returns the PipelineSpec of the newest version."""
        return spec_of(self._pipelines.newest(pipeline_id))

    def of(self, pipeline: str) -> list[Any]:
        """Returns the runs of a pipeline, newest first."""
        self._pipelines.id(pipeline)
        experiment = self._pipelines.find_experiment(pipeline)
        if experiment is None:
            return []
        return [
            *self._connection.pages(
                self._client.list_runs,
                "runs",
                experiment_id=experiment,
                sort_by="created_at desc",
            )
        ]

    def find(self, text: str) -> str:
        """Returns the id of the one run that a text names.

        Args:
            text: Its id, its name, or what no other run's id or name begins with.

        Raises:
            ServerError: There is none, or several; the message lists the newest.
        """
        found: dict[str, Any] = {}
        for key in ("run_id", "display_name"):
            found |= {run.run_id: run for run in self._holding(key, text)}
        exact = [run for run in found.values() if text in (run.run_id, run.display_name)]
        matching = exact or [
            run
            for run in found.values()
            if run.run_id.startswith(text) or str(run.display_name).startswith(text)
        ]
        if len(matching) == 1:
            return str(matching[0].run_id)
        if not matching:
            raise ServerError(
                f"there is no run whose id or name begins with {text!r}; `tfx run list "
                "--engine=kubeflow --pipeline-name=...` lists those of a pipeline"
            )
        newest = sorted(matching, key=lambda run: str(run.created_at), reverse=True)[:LISTED]
        listed = "".join(f"\n  {run.run_id}  {run.display_name}  {run.state}" for run in newest)
        raise ServerError(f"{text!r} is {len(matching)} runs; name one by its id:{listed}")

    def _holding(self, key: str, text: str) -> Iterator[Any]:
        """Yields the runs of which an attribute holds a text."""
        predicate = {"operation": "IS_SUBSTRING", "key": key, "stringValue": text}
        return self._connection.pages(
            self._client.list_runs,
            "runs",
            namespace=self._connection.namespace,
            filter=json.dumps({"predicates": [predicate]}),
        )

    def get(self, run_id: str) -> Any:
        """Returns a run."""
        return self._connection.read(self._client.get_run, run_id)

    def workflow(self, run_id: str) -> tuple[str, dict[str, Any]]:
        """Returns a run's state and Argo's Workflow, which KFP hands out by its first API alone.

        The Workflow is empty where KFP has recorded none yet.
        """
        detail = json.loads(self._connection.text(f"/apis/v1beta1/runs/{run_id}"))
        manifest = detail.get("pipeline_runtime", {}).get("workflow_manifest")
        state = str(detail["run"].get("status") or "").upper()
        return state, json.loads(manifest) if manifest else {}

    def terminate(self, run_id: str) -> None:
        """Stops a run."""
        with self._connection.errors():
            self._client.terminate_run(run_id)

    def delete(self, run_id: str) -> None:
        """Deletes the record of a run; its artifacts stay."""
        with self._connection.errors():
            self._client.delete_run(run_id)

    def spec(self, run: Any) -> dict[str, Any]:
        """Returns the PipelineSpec of a run; empty where its version is gone."""
        if run.pipeline_spec:
            return spec_of(run)
        reference = run.pipeline_version_reference
        if reference is None:
            return {}
        try:
            version = self._connection.read(
                self._client.get_pipeline_version,
                reference.pipeline_id,
                reference.pipeline_version_id,
            )
        except ServerError:
            return {}
        return spec_of(version)
