"""KubeflowHandler: what `tfx pipeline ...` and `tfx run ...` do with `--engine=kubeflow`."""

from __future__ import annotations

import functools
import sys
import tempfile
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from tfx.orchestration.pipeline import Pipeline
from tfx.tools.cli import labels
from tfx.tools.cli.handler.base_handler import BaseHandler
from tfx.tools.cli.handler.dag_runner_patcher import DagRunnerPatcher

from tfx_kubeflow.client.connection import Connection, ServerError
from tfx_kubeflow.client.failures import FAILED, failures
from tfx_kubeflow.client.pipelines import Pipelines
from tfx_kubeflow.client.runs import Runs
from tfx_kubeflow.client.tasks import tasks
from tfx_kubeflow.errors import CompileError, ParameterError
from tfx_kubeflow.runner import KubeflowRunner

SCHEMA_FILE = "schema.pbtxt"
NO_RUNNER = "Cannot find KubeflowRunner.run()"
"""What TFX says of a file that did not call it."""


@contextmanager
def plain_errors() -> Iterator[None]:
    """Ends the command with the message of an error that the user can fix."""
    try:
        yield
    except (CompileError, ParameterError, ServerError) as error:
        sys.exit(f"Error: {error}")


def _plainly(method: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(method)
    def call(*arguments: Any, **named: Any) -> None:
        with plain_errors():
            method(*arguments, **named)

    return call


class Patcher(DagRunnerPatcher):
    """Looks at and redirects `KubeflowRunner.run()` of the user's file.

    Args:
        call_real_run: Whether the pipeline is compiled at all.
        folder: Where the package goes; None: where the runner says.
        build_image: Builds an image of the given name and returns the one to use.
    """

    PACKAGE = "package"

    def __init__(
        self,
        call_real_run: bool = True,
        folder: str | None = None,
        build_image: Callable[[str], str] | None = None,
    ) -> None:
        super().__init__(call_real_run)
        self._folder = folder
        self._build_image = build_image

    def get_runner_class(self) -> type[KubeflowRunner]:
        """Returns the runner whose `run` is patched."""
        return KubeflowRunner

    def _before_run(
        self, runner: KubeflowRunner, pipeline: Pipeline, context: MutableMapping[str, Any]
    ) -> None:
        if self._folder:
            runner._output_dir = self._folder  # noqa: SLF001, TFX's runners have no setter
        if self._build_image:
            image = self._build_image(runner.settings.image)
            runner.settings = runner.settings.model_copy(update={"image": image})
        context[self.PACKAGE] = runner.package_path(pipeline.pipeline_info.pipeline_name)
        context[self.PIPELINE_ROOT] = runner.settings.pipeline_root


class KubeflowHandler(BaseHandler):
    """Compiles here; everything else happens on a Kubeflow Pipelines server."""

    def __init__(self, flags_dict: dict[str, Any]) -> None:
        super().__init__(flags_dict)
        self._connected: Connection | None = None

    def execute_dsl(self, patcher: DagRunnerPatcher) -> dict[str, Any]:
        """Runs the user's file; one that uses another runner gets an error that names ours."""
        try:
            context: dict[str, Any] = super().execute_dsl(patcher)
        except SystemExit as end:
            if not str(end.code).startswith(NO_RUNNER):
                raise
            sys.exit(
                f"Error: {end.code}. What TFX's own runners for Kubeflow make does not run on "
                f"open-source Kubeflow Pipelines; use {KubeflowRunner.__module__}.KubeflowRunner "
                "instead, as docs/kubeflow.md shows."
            )
        return context

    @_plainly
    def create_pipeline(self, update: bool = False) -> None:
        """Compiles and uploads a pipeline, or a new version of it."""
        with tempfile.TemporaryDirectory() as folder:
            patcher = Patcher(folder=folder, build_image=self._image_builder())
            context = self.execute_dsl(patcher)
            name, package = context[patcher.PIPELINE_NAME], context[patcher.PACKAGE]
            if update:
                pipeline_id, version = self._pipelines.update(name, package)
                click.echo(f"Version {version!r} created.")
            else:
                pipeline_id = self._pipelines.create(name, package)
        click.echo(f'Pipeline "{name}" {"updated" if update else "created"} successfully.')
        click.echo(self._server.link(f"pipelines/details/{pipeline_id}"))

    def update_pipeline(self) -> None:
        """Uploads a new version."""
        self.create_pipeline(update=True)

    @_plainly
    def list_pipelines(self) -> None:
        """Prints all pipelines."""
        found = self._pipelines.all()
        rows = [(item.display_name, item.pipeline_id, item.created_at) for item in found]
        empty = "No pipelines to display."
        click.echo(self._format_table(("name", "id", "created_at"), rows) if rows else empty)

    @_plainly
    def delete_pipeline(self) -> None:
        """Deletes a pipeline and its versions."""
        name = self.flags_dict[labels.PIPELINE_NAME]
        versions = self._pipelines.delete(name)
        click.echo(f"Pipeline {name} deleted successfully, with {versions} versions.")

    @_plainly
    def compile_pipeline(self) -> None:
        """Writes the package; needs no server."""
        patcher = Patcher()
        context = self.execute_dsl(patcher)
        click.echo("Pipeline compiled successfully.")
        click.echo(f"Pipeline package path: {context[patcher.PACKAGE]}")

    @_plainly
    def create_run(self) -> None:
        """Starts a run."""
        name = self.flags_dict[labels.PIPELINE_NAME]
        parameters = self.flags_dict.get(labels.RUNTIME_PARAMETER) or {}
        run = self._runs.create(name, parameters)
        click.echo(f"Run created for pipeline: {name}")
        self._print(name, [run])

    @_plainly
    def list_runs(self) -> None:
        """Prints the runs of a pipeline."""
        name = self.flags_dict[labels.PIPELINE_NAME]
        runs = self._runs.of(name)
        if runs:
            self._print(name, runs)
        else:
            click.echo("No runs found.")

    @_plainly
    def get_run(self) -> None:
        """Prints the state of a run and, if it failed, why."""
        run = self._runs.get(self.flags_dict[labels.RUN_ID])
        self._print(self.flags_dict.get(labels.PIPELINE_NAME) or run.display_name, [run])
        if run.state != FAILED:
            return
        spec = self._runs.spec(run)
        try:
            _, workflow = self._runs.workflow(run.run_id)
        except ServerError:
            # Where the first API is switched off, KFP's own record has to do.
            workflow = {}
        for failure in failures(self._server, run, spec, tasks(spec, workflow)):
            click.echo(f"Task {failure.task} failed: {failure.cause}")
            click.echo(f"  more: {failure.command}")

    @_plainly
    def terminate_run(self) -> None:
        """Stops a run."""
        self._runs.terminate(self.flags_dict[labels.RUN_ID])
        click.echo("Run terminated.")

    @_plainly
    def delete_run(self) -> None:
        """Deletes the record of a run."""
        self._runs.delete(self.flags_dict[labels.RUN_ID])
        click.echo("Run deleted.")

    @_plainly
    def get_schema(self) -> None:
        """Copies the newest schema that a run inferred into the current folder."""
        from tfx_kubeflow.client.schema import newest_schema

        name = self.flags_dict[labels.PIPELINE_NAME]
        text = newest_schema(self._runs.of(name), name, self._runs.spec)
        path = Path.cwd() / SCHEMA_FILE
        path.write_text(text, encoding="utf-8")
        click.echo(f"Path to schema: {path}")
        click.echo(f"*********SCHEMA FOR {name.upper()}**********")
        click.echo(text)

    @property
    def _server(self) -> Connection:
        """The server; connected when it is first needed: compiling needs none."""
        if self._connected is None:
            self._connected = Connection(
                self.flags_dict.get(labels.ENDPOINT),
                self.flags_dict.get(labels.NAMESPACE) or "kubeflow",
                self.flags_dict.get(labels.IAP_CLIENT_ID),
            )
        return self._connected

    @property
    def _pipelines(self) -> Pipelines:
        return Pipelines(self._server)

    @property
    def _runs(self) -> Runs:
        return Runs(self._server)

    def _image_builder(self) -> Callable[[str], str] | None:
        if not self.flags_dict.get(labels.BUILD_IMAGE):
            return None
        from tfx.tools.cli.container_builder import builder

        def build(image: str) -> str:
            base = self.flags_dict.get(labels.BASE_IMAGE)
            built: str = builder.build(target_image=image, base_image=base)
            click.echo(f'New container image "{built}" was built.')
            return built

        return build

    def _print(self, pipeline: str, runs: list[Any]) -> None:
        header = ("pipeline_name", "run_id", "status", "created_at", "link")
        rows = [
            (
                pipeline,
                run.run_id,
                run.state or "PENDING",
                run.created_at,
                self._server.link(f"runs/details/{run.run_id}"),
            )
            for run in runs
        ]
        click.echo(self._format_table(header, rows))
