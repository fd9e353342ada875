"""Compiles a pipeline: nodes -> intermediate form -> passes -> package."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from tfx import version
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.orchestration.pipeline import Pipeline

from tfx_kubeflow.compiler import ir
from tfx_kubeflow.compiler.build import build
from tfx_kubeflow.compiler.conditions import conditions
from tfx_kubeflow.compiler.context import Context
from tfx_kubeflow.compiler.kubernetes import platform_document
from tfx_kubeflow.compiler.limits import check_size
from tfx_kubeflow.compiler.nodes import Nodes, gather
from tfx_kubeflow.compiler.passes.commands import commands
from tfx_kubeflow.compiler.passes.example_gen_drivers import example_gen_drivers
from tfx_kubeflow.compiler.passes.importers import importers
from tfx_kubeflow.compiler.passes.inputs import deduplicate_inputs
from tfx_kubeflow.compiler.passes.modules import module_sources
from tfx_kubeflow.compiler.passes.names import (
    check_pipeline_name,
    executor_label,
    task_name,
    task_names,
)
from tfx_kubeflow.compiler.passes.parameters import exit_handler_run, threaded_parameters
from tfx_kubeflow.compiler.passes.resolvers import resolvers
from tfx_kubeflow.compiler.passes.task_options import caching, resources, retries
from tfx_kubeflow.compiler.runtime_parameters import override_defaults
from tfx_kubeflow.errors import CompileError
from tfx_kubeflow.settings import KubeflowSettings

Pass = Callable[[ir.Spec, Context], None]

PASSES: tuple[Pass, ...] = (
    exit_handler_run,  # anywhere before the parameters are handed on
    module_sources,  # before the drivers: they copy no parameter of a module
    example_gen_drivers,  # before the resolvers, which wait for what their candidates wait for
    resolvers,  # before the inputs: it adds some that are there already
    importers,  # after the resolvers, which add importers
    deduplicate_inputs,  # after all that adds inputs; before the steps are written down
    commands,  # after the last change of a step
    caching,
    retries,
    resources,
    threaded_parameters,  # after all that adds parameters
    task_names,  # last: all others know tasks by the nodes' ids
)
"""What makes TFX's graph one that open-source Kubeflow Pipelines runs. Each changes the spec."""


class Package(NamedTuple):
    """What Kubeflow Pipelines is given.

    Attributes:
        spec: The PipelineSpec.
        platform: The Kubernetes platform document; empty where no pod needs it.
    """

    spec: ir.Spec
    platform: ir.Spec


def compile_pipeline(
    pipeline: Pipeline,
    settings: KubeflowSettings,
    exit_handler: BaseComponent | None = None,
    parameter_values: Mapping[str, Any] | None = None,
) -> Package:
    """Compiles a pipeline.

    Args:
        pipeline: The pipeline.
        settings: Image, root, and what pods ask for.
        exit_handler: What runs after all nodes, whatever became of them.
        parameter_values: Runtime parameter -> default that replaces the pipeline's own.

    Raises:
        CompileError: Something in the pipeline does not run on Kubeflow Pipelines.
    """
    name = pipeline.pipeline_info.pipeline_name
    check_pipeline_name(name)
    pipeline.finalize()
    nodes = gather(pipeline.components, exit_handler)
    _check_settings(settings, nodes)
    found = conditions(pipeline.components, pipeline.dsl_context_registry)
    context = Context(name, nodes, found, settings)
    spec = build(pipeline, nodes, found, settings.image)
    override_defaults(spec, parameter_values or {})
    owners, ids = {}, {}
    for change in PASSES:
        if change is task_names:
            ids = {task_name(task.id): task.id for task in ir.tasks(spec)}
            owners = {
                executor_label(task.id): context.owner(task.id) for task, _ in ir.containers(spec)
            }
        change(spec, context)
    ir.tidy(spec)
    spec["sdkVersion"] = f"tfx-{version.__version__}"
    spec["defaultPipelineRoot"] = settings.pipeline_root
    readers = {executor_label(task_id) for task_id in context.store_readers}
    platform = platform_document(settings, owners, readers)
    check_size(spec, platform, ids)
    return Package(spec, platform)


def _check_settings(settings: KubeflowSettings, nodes: Nodes) -> None:
    known = {*nodes.components, *nodes.resolvers}
    unknown = sorted(
        key for key in settings.nodes if not any(fnmatchcase(one, key) for one in known)
    )
    if unknown:
        raise CompileError(
            f"settings of nodes {', '.join(unknown)}",
            "the pipeline has no such node",
            f"There are {', '.join(sorted(known))}.",
        )
