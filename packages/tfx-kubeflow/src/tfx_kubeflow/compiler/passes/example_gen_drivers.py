"""ExampleGen's driver: an uncached step that resolves span, version and fingerprint.

Kubeflow Pipelines ignores `lifecycle.preCacheCheck`, where TFX puts this driver. As parameters of
the ExampleGen the resolved values are part of its cache key: the same contents are answered from
the cache, changed contents run it and everything after it.
"""

from tfx_kubeflow.compiler import ir
from tfx_kubeflow.protocol import RESOLVED_CONFIG

SUFFIX = "-span"
DRIVER_INPUTS = ("input_base", "input_config", "range_config")
RESOLVED = {
    "span": ir.INTEGER,
    "version": ir.INTEGER,
    "input_fingerprint": ir.STRING,
    RESOLVED_CONFIG: ir.STRING,
}
"""Outputs of the step, and further inputs of the ExampleGen."""


def example_gen_spans(spec: ir.Spec) -> ir.Spec:
    """Puts a step before each file-based ExampleGen that resolves what it will read."""
    spec = ir.copied(spec)
    for task, container in ir.containers(spec):
        if "preCacheCheck" in container.pop("lifecycle", {}):
            _resolve_before(spec, task)
    return spec


def _resolve_before(spec: ir.Spec, task: ir.Task) -> None:
    span_id = task.id + SUFFIX
    example_gen = ir.component(spec, task.body)
    types = example_gen["inputDefinitions"]["parameters"]
    given = {name: ir.parameters(task.body)[name] for name in DRIVER_INPUTS if name in types}
    label = f"{span_id}_executor"
    spec["components"][span_id] = {
        "executorLabel": label,
        "inputDefinitions": {"parameters": {name: dict(types[name]) for name in given}},
        "outputDefinitions": {
            "parameters": {name: {"parameterType": kind} for name, kind in RESOLVED.items()}
        },
    }
    image = ir.executor(spec, task.body)["container"]["image"]
    spec["deploymentSpec"]["executors"][label] = {"container": {"image": image}}
    task.siblings[span_id] = {
        "taskInfo": {"name": span_id},
        "componentRef": {"name": span_id},
        "inputs": ir.copied({"parameters": given}),
    }
    if "dependentTasks" in task.body:
        ir.depend(task.siblings[span_id], *task.body["dependentTasks"])
    for name, kind in RESOLVED.items():
        ir.declare(example_gen, "parameters", "inputDefinitions", name, {"parameterType": kind})
        ir.parameters(task.body)[name] = ir.output_parameter(span_id, name)
    ir.depend(task.body, span_id)
