"""KubeflowRunner: compiles any TFX pipeline into a package for open-source Kubeflow Pipelines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import yaml
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2
from tfx import version
from tfx.orchestration.kubeflow.v2 import compiler_utils
from tfx.orchestration.kubeflow.v2.kubeflow_v2_dag_runner import (
    KubeflowV2DagRunner,
    KubeflowV2DagRunnerConfig,
)
from tfx.orchestration.kubeflow.v2.pipeline_builder import PipelineBuilder
from tfx.orchestration.pipeline import Pipeline
from tfx.types.artifact import Artifact, PropertyType

from tfx_kubeflow.compiler import ir
from tfx_kubeflow.compiler.kubernetes import platform_document
from tfx_kubeflow.compiler.nodes import Facts, gather
from tfx_kubeflow.compiler.package import package_text
from tfx_kubeflow.compiler.passes.commands import COMMAND, entrypoint_commands
from tfx_kubeflow.compiler.passes.conditions import conditions
from tfx_kubeflow.compiler.passes.example_gen_drivers import SUFFIX, example_gen_spans
from tfx_kubeflow.compiler.passes.importers import importers
from tfx_kubeflow.compiler.passes.inputs import single_inputs
from tfx_kubeflow.compiler.passes.modules import module_sources
from tfx_kubeflow.compiler.passes.names import check_pipeline_name, executor_label, task_names
from tfx_kubeflow.compiler.passes.parameters import (
    dynamic_parameters,
    exit_handler_run,
    parameter_defaults,
    threaded_parameters,
)
from tfx_kubeflow.compiler.passes.resolvers import lookups
from tfx_kubeflow.compiler.passes.task_options import caching, resources, retries
from tfx_kubeflow.errors import CompileError
from tfx_kubeflow.settings import KubeflowSettings, NodeSettings

SCHEMA_VERSION = "2.1.0"
"""KFP's API server refuses TFX's default."""
PROPERTY_TYPES = {PropertyType.INT: "int", PropertyType.STRING: "string"}


class KubeflowRunner(KubeflowV2DagRunner):
    """Compiles TFX pipelines; `tfx ... --engine=kubeflow` sends the package to a server.

    Example:
        KubeflowRunner(KubeflowSettings(image="registry/power:1")).run(pipeline)

    Args:
        settings: Image, root, and what pods ask for.
        output_dir: Folder of the package; None: the current one.
        output_filename: Name of the package; None: the pipeline's name with `.yaml`.
    """

    def __init__(
        self,
        settings: KubeflowSettings,
        output_dir: str | None = None,
        output_filename: str | None = None,
    ) -> None:
        config = KubeflowV2DagRunnerConfig(
            default_image=settings.image, default_commands=COMMAND, use_pipeline_spec_2_1=True
        )
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
        spec, platform = self.compile(pipeline, parameter_values)
        if write_out:
            path = self.package_path(pipeline.pipeline_info.pipeline_name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(package_text(spec, platform), encoding="utf-8")
        return spec

    def package_path(self, pipeline_name: str) -> Path:
        """Returns where the package of a pipeline is written."""
        return Path(self._output_dir) / (self._named or f"{pipeline_name}.yaml")

    def compile(
        self, pipeline: Pipeline, parameter_values: dict[str, Any] | None = None
    ) -> tuple[ir.Spec, ir.Spec]:
        """Returns the PipelineSpec and the platform document, empty where nothing needs it."""
        name = pipeline.pipeline_info.pipeline_name
        check_pipeline_name(name)
        pipeline.finalize()
        exit_handlers = [self._exit_handler] if self._exit_handler else []
        facts = gather([*pipeline.components, *exit_handlers])
        self._check_settings(facts)
        spec = self._intermediate(pipeline, facts)
        defaults = {**facts.runtime_parameters, **(parameter_values or {})}
        owner = _owners(facts)

        def node(task_id: str) -> NodeSettings:
            return self.settings.node(owner.get(task_id, task_id))

        spec = parameter_defaults(spec, defaults)
        spec = dynamic_parameters(spec)
        spec = exit_handler_run(spec)
        spec = example_gen_spans(spec)
        spec = conditions(spec)
        spec = lookups(spec, facts, name, self.settings.image)
        spec = importers(spec)
        spec = module_sources(spec)
        spec = entrypoint_commands(spec, facts)
        spec = single_inputs(spec)
        spec = caching(spec, node, {n.id for n in facts.nodes.values() if n.pusher})
        spec = retries(spec, node)
        spec = resources(spec, node, self.settings.store.endpoint, _store_readers(facts))
        spec = threaded_parameters(spec)
        labels = {executor_label(task.id): task.id for task, _ in ir.containers(spec)}
        spec = ir.tidied(task_names(spec))
        readers = {executor_label(task_id) for task_id in _store_readers(facts)}
        owners = {label: owner.get(task_id, task_id) for label, task_id in labels.items()}
        platform = platform_document(self.settings, owners, readers)
        return spec | {"defaultPipelineRoot": self.settings.pipeline_root}, platform

    def _intermediate(self, pipeline: Pipeline, facts: Facts) -> ir.Spec:
        """TFX's own V2 IR of everything but the resolvers."""
        builder = PipelineBuilder(
            tfx_pipeline=_WithoutResolvers(pipeline, facts),
            default_image=self.settings.image,
            default_commands=COMMAND,
            exit_handler=self._exit_handler,
            use_pipeline_spec_2_1=True,
        )
        try:
            with _schemas_of_any_type():
                built: pipeline_spec_pb2.PipelineSpec = builder.build()
        except (NotImplementedError, TypeError, ValueError) as error:
            raise CompileError(
                f"pipeline {pipeline.pipeline_info.pipeline_name!r}",
                f"TFX cannot express it for Kubeflow Pipelines: {error}",
                "See docs/kubeflow.md for what runs.",
            ) from error
        built.schema_version = SCHEMA_VERSION
        built.sdk_version = f"tfx-{version.__version__}"
        spec: ir.Spec = json_format.MessageToDict(built)
        return spec

    def _check_settings(self, facts: Facts) -> None:
        known = facts.nodes.keys() | facts.resolvers.keys()
        unknown = sorted(self.settings.nodes.keys() - known)
        if unknown:
            raise CompileError(
                f"settings of nodes {', '.join(unknown)}",
                "the pipeline has no such node",
                f"There are {', '.join(sorted(known))}.",
            )


class _WithoutResolvers:
    """What TFX's builder sees of a pipeline; a pass adds the resolvers in a form that runs."""

    def __init__(self, pipeline: Pipeline, facts: Facts) -> None:
        self.pipeline_info = pipeline.pipeline_info
        self.beam_pipeline_args = pipeline.beam_pipeline_args
        self.enable_cache = pipeline.enable_cache
        self.dsl_context_registry = pipeline.dsl_context_registry
        self.components = [node for node in pipeline.components if node.id not in facts.resolvers]

    def finalize(self) -> None:
        """Done before: the original pipeline was finalized."""


@contextmanager
def _schemas_of_any_type() -> Iterator[None]:
    """Lets TFX's builder describe artifact types of the pipeline's own.

    It refuses names without a namespace and any property; the type's class travels in the step's
    command instead, and Kubeflow Pipelines records the type under its TYPE_NAME.
    """
    original = compiler_utils.get_artifact_schema

    def schema(artifact_type: type[Artifact]) -> Any:
        if artifact_type in compiler_utils._SUPPORTED_STANDARD_ARTIFACT_TYPES:
            return original(artifact_type)
        properties = {
            name: {"type": PROPERTY_TYPES.get(kind.type, "double")}
            for name, kind in (artifact_type.PROPERTIES or {}).items()
        }
        title = {"title": artifact_type.TYPE_NAME, "type": "object"}
        return yaml.safe_dump(title | ({"properties": properties} if properties else {}))

    with mock.patch.object(compiler_utils, "get_artifact_schema", schema):
        yield


def _owners(facts: Facts) -> dict[str, str]:
    """Steps of ours -> the node whose settings hold for them."""
    return {f"{node.id}{SUFFIX}": node.id for node in facts.nodes.values() if node.example_gen}


def _store_readers(facts: Facts) -> set[str]:
    """Steps that read or write addresses themselves, beside what the launcher moves for them."""
    return {
        *facts.resolvers,
        *_owners(facts),
        *(node.id for node in facts.nodes.values() if node.example_gen or node.pusher),
    }
