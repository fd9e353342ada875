"""ExampleGen's driver: an uncached step that resolves span, version and fingerprint.

Kubeflow Pipelines knows no drivers of components. As parameters of the ExampleGen the resolved
values are part of its cache key: the same contents are answered from the cache, changed contents
run it and everything after it.
"""

import copy

from tfx_kubeflow.compiler import ir
from tfx_kubeflow.compiler.build import attach_condition
from tfx_kubeflow.compiler.conditions import Condition
from tfx_kubeflow.compiler.context import Context
from tfx_kubeflow.compiler.nodes import import_path
from tfx_kubeflow.protocol import RESOLVED_CONFIG, RUNTIME_PARAMETER, DriverStep

DRIVER_INPUTS = ("input_base", "input_config", "range_config")
RESOLVED = {
    "span": ir.INTEGER,
    "version": ir.INTEGER,
    "input_fingerprint": ir.STRING,
    RESOLVED_CONFIG: ir.STRING,
}
"""Outputs of the step, and further inputs of the ExampleGen."""


def example_gen_drivers(spec: ir.Spec, context: Context) -> None:
    """Puts a step before each file-based ExampleGen that resolves what it will read."""
    for driver_id, node_id in sorted(context.drivers.items()):
        condition = context.conditions.get(node_id)
        node = context.nodes.components[node_id]
        driver = import_path(node_id, node.driver_class)
        _resolve_before(spec, driver_id, ir.task(spec, node_id), driver, condition)


def _resolve_before(
    spec: ir.Spec, driver_id: str, task: ir.Task, driver_class: str, condition: Condition | None
) -> None:
    example_gen = ir.component(spec, task.body)
    container = ir.executor(spec, task.body)["container"]
    types = example_gen["inputDefinitions"]["parameters"]
    label = f"{driver_id}_executor"
    definition: ir.Spec = {
        "executorLabel": label,
        "outputDefinitions": {
            "parameters": {name: {"parameterType": kind} for name, kind in RESOLVED.items()}
        },
    }
    driver: ir.Spec = {"taskInfo": {"name": driver_id}, "componentRef": {"name": driver_id}}
    for name, source in list(ir.parameters(task.body).items()):
        if name in DRIVER_INPUTS or name.startswith(RUNTIME_PARAMETER):
            kind = types[name]["parameterType"]
            ir.add_parameter(driver, definition, name, kind, copy.deepcopy(source))
    if condition is not None:
        attach_condition(driver, definition, condition)
    ir.depend(driver, *task.body.get("dependentTasks", ()))
    ir.add_component(spec, driver_id, definition, f"the driver step of {task.id}")
    escaped = container["step"].escaped
    step = DriverStep(node=task.id, driver=driver_class, escaped=escaped)
    spec["deploymentSpec"]["executors"][label] = {
        "container": {"image": container["image"], "step": step}
    }
    task.siblings[driver_id] = driver
    for name, kind in RESOLVED.items():
        source = ir.output_parameter(driver_id, name)
        ir.add_parameter(task.body, example_gen, name, kind, source)
    ir.depend(task.body, driver_id)
