"""KubeflowRunner: compiles any TFX pipeline into a package for open-source Kubeflow Pipelines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tfx.orchestration.kubeflow.v2.kubeflow_v2_dag_runner import (
    KubeflowV2DagRunner,
    KubeflowV2DagRunnerConfig,
)
from tfx.orchestration.pipeline import Pipeline

from tfx_kubeflow.compiler import ir
from tfx_kubeflow.compiler.compile import Package, compile_pipeline
from tfx_kubeflow.compiler.package import package_text
from tfx_kubeflow.settings import KubeflowSettings, load_settings
from tfx_kubeflow.versions import require_known_tfx


class KubeflowRunner(KubeflowV2DagRunner):
    """Compiles TFX pipelines; `tfx ... --engine=kubeflow` sends the package to a server.

    Example:
        KubeflowRunner(KubeflowSettings(image="registry/power:1")).run(pipeline)

    Args:
        settings: Image, root, and what pods ask for; None: those of the project's file and the
            environment (see `load_settings`).
        output_dir: Folder of the package; None: the current one.
        output_filename: Name of the package; None: the pipeline's name with `.yaml`.
    """

    def __init__(
        self,
        settings: KubeflowSettings | None = None,
        output_dir: str | None = None,
        output_filename: str | None = None,
    ) -> None:
        settings = settings or load_settings()
        config = KubeflowV2DagRunnerConfig(default_image=settings.image)
        super().__init__(config, output_dir, output_filename)
        self.settings = settings
        self._named = output_filename

    def run(
        self,
        pipeline: Pipeline,
        parameter_values: dict[str, Any] | None = None,
        write_out: bool | None = True,
    ) -> ir.Spec:
        """Compiles a pipeline.

        Args:
            pipeline: The pipeline.
            parameter_values: Runtime parameter -> default that replaces the pipeline's own.
            write_out: Whether to write the package file.

        Returns:
            The PipelineSpec.

        Raises:
            CompileError: Something in the pipeline does not run on Kubeflow Pipelines.
        """
        package = self.compile(pipeline, parameter_values)
        if write_out:
            path = self.package_path(pipeline.pipeline_info.pipeline_name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(package_text(*package), encoding="utf-8")
        return package.spec

    def package_path(self, pipeline_name: str) -> Path:
        """Returns where the package of a pipeline is written."""
        return Path(self._output_dir) / (self._named or f"{pipeline_name}.yaml")

    def compile(
        self, pipeline: Pipeline, parameter_values: dict[str, Any] | None = None
    ) -> Package:
        """Returns the PipelineSpec and the platform document, empty where nothing needs it."""
        require_known_tfx()
        return compile_pipeline(pipeline, self.settings, self._exit_handler, parameter_values)
