"""LocalRunner: TFX's LocalDagRunner with progress, timings, and a store that survives kills."""

import contextlib
import time
import traceback
from pathlib import Path
from typing import Any

from ml_metadata import errors
from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.compiler import constants
from tfx.orchestration import metadata
from tfx.orchestration.local import runner_utils
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.portable import launcher, runtime_parameter_utils
from tfx.proto.orchestration import pipeline_pb2

from tfx_pipeline.local import metadata_store, usage
from tfx_pipeline.local.annotations import annotate, executor_flags, record_failure
from tfx_pipeline.local.lock import exclusive
from tfx_pipeline.local.show import show_step
from tfx_pipeline.local.terminal import Terminal, logged_to
from tfx_pipeline.report.causes import explain
from tfx_pipeline.report.run import CACHED, COMPLETE, FAILED, NodeRun, Run


class LocalRunner(LocalDagRunner):
    """Runs a pipeline node by node in this process.

    Args:
        folder: Of the pipeline: `runs/<run id>/log.txt` and the lock are put there.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def run_with_ir(self, pipeline: pipeline_pb2.Pipeline, run_options: Any = None) -> Run:
        """Runs the nodes in order, up to the first that fails.

        Args:
            pipeline: The compiled pipeline.
            run_options: Not supported; TFX's LocalDagRunner knows partial runs.

        Returns:
            The run; a failure is in its `error`.
        """
        if run_options:
            raise ValueError("LocalRunner runs whole pipelines; LocalDagRunner knows partial runs")
        nodes = [node.pipeline_node.node_info.id for node in pipeline.nodes]
        run = Run.begin(self._folder, nodes)
        runtime_parameter_utils.substitute_runtime_parameter(
            pipeline, {constants.PIPELINE_RUN_ID_PARAMETER_NAME: run.id}
        )
        with (
            logged_to(run.folder / "log.txt") as terminal,
            exclusive(
                self._folder / "run.lock",
                lambda owner: terminal.line(f"waiting for the run of process {owner} to end"),
            ),
        ):
            _run_nodes(pipeline, run, terminal)
        return run


def _run_nodes(pipeline: pipeline_pb2.Pipeline, run: Run, terminal: Terminal) -> None:
    deployment = runner_utils.extract_local_deployment_config(pipeline)
    connection = deployment.metadata_connection_config
    connection_config = getattr(connection, connection.WhichOneof("connection_config"))
    mlmd = metadata_store.open_store(Path(connection_config.sqlite.filename_uri))
    metadata_store.reconcile(mlmd)
    root = pipeline.runtime_spec.pipeline_root.field_value.string_value
    metadata_store.set_aside_unknown(mlmd, Path(root))
    for number, (node, result) in enumerate(zip(pipeline.nodes, run.nodes, strict=True), 1):
        title = f"{number:2d}/{len(run.nodes)} {result.id}"
        executor_spec = runner_utils.extract_executor_spec(deployment, result.id)
        component_launcher = launcher.Launcher(
            pipeline_node=node.pipeline_node,
            mlmd_connection=metadata.Metadata(connection_config),
            pipeline_info=pipeline.pipeline_info,
            pipeline_runtime_spec=pipeline.runtime_spec,
            executor_spec=executor_spec,
            custom_driver_spec=runner_utils.extract_custom_driver_spec(deployment, result.id),
        )
        with terminal.step(title):
            run.error = _launch(component_launcher, mlmd, run.id, result)
        if result.execution_id:
            with contextlib.suppress(errors.StatusError):  # what TFX writes next will fail, too
                annotate(mlmd, run.id, result, executor_flags(executor_spec))
        show_step(terminal, title, result)
        if run.error:
            return


def _launch(
    component_launcher: launcher.Launcher, mlmd: MetadataStore, run_id: str, result: NodeRun
) -> BaseException | None:
    """Runs one node and fills in its result; returns what it failed of."""
    usage.reset_peak()
    start, cpu = time.monotonic(), usage.cpu_seconds()
    result.started_seconds = usage.seconds_since_start()
    try:
        info = component_launcher.launch()
    except Exception as error:  # the caller decides what to say
        with contextlib.suppress(OSError):  # its disk may be full
            traceback.print_exc()  # into the run's log
        with contextlib.suppress(errors.StatusError):  # the store may be what failed
            record_failure(mlmd, run_id, explain(error))
        result.state = FAILED
        return error
    finally:
        result.seconds = time.monotonic() - start
        result.cpu_seconds = usage.cpu_seconds() - cpu
        result.peak_rss_bytes = usage.peak_rss()
    result.state = COMPLETE
    if info is not None and info.execution_id:
        [execution] = mlmd.get_executions_by_id([info.execution_id])
        if execution.last_known_state == metadata_store_pb2.Execution.CACHED:
            result.state = CACHED
        result.execution_id = info.execution_id
        result.inputs = metadata_store.artifacts_of(mlmd, info.execution_id, metadata_store.INPUTS)
        result.outputs = metadata_store.artifacts_of(mlmd, info.execution_id)
    return None
