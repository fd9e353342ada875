"""Parameters: defaults of runtime parameters, and values that one node computes for another."""

from collections.abc import Mapping
from typing import Any

from tfx_kubeflow.compiler import ir
from tfx_kubeflow.protocol import RUN_ID

TFX_TASK_SUFFIX = "_task"
"""TFX appends it to the producer's name; Kubeflow Pipelines knows no such task."""

THIS_RUN = "{{$.pipeline_job_uuid}}"
"""Kubeflow Pipelines replaces it with the id of the run."""


def parameter_defaults(spec: ir.Spec, defaults: Mapping[str, Any]) -> ir.Spec:
    """Writes the defaults of runtime parameters, so that a run may leave them out.

    Args:
        spec: The IR.
        defaults: Runtime parameter -> its default; None: every run must give it.
    """
    spec = ir.copied(spec)
    declared = spec["root"].get("inputDefinitions", {}).get("parameters", {})
    for name, default in defaults.items():
        if default is not None and name in declared:
            declared[name]["defaultValue"] = default
    return spec


def dynamic_parameters(spec: ir.Spec) -> ir.Spec:
    """Points values that another node computes to that node, with its type."""
    spec = ir.copied(spec)
    for task in ir.tasks(spec):
        for name, value in ir.parameters(task.body).items():
            reference = value.get("taskOutputParameter")
            if reference is None:
                continue
            producer = reference["producerTask"]
            if producer not in task.siblings:
                producer = producer.removesuffix(TFX_TASK_SUFFIX)
                reference["producerTask"] = producer
            outputs = ir.component(spec, task.siblings[producer])["outputDefinitions"]
            made = outputs["parameters"][reference["outputParameterKey"]]
            inputs = ir.component(spec, task.body)["inputDefinitions"]["parameters"]
            inputs[name]["parameterType"] = made["parameterType"]
            ir.depend(task.body, producer)
    return spec


def exit_handler_run(spec: ir.Spec) -> ir.Spec:
    """Tells an exit handler which run it is told the state of."""
    spec = ir.copied(spec)
    for task in ir.tasks(spec):
        if any("taskFinalStatus" in value for value in ir.parameters(task.body).values()):
            ir.parameters(task.body)[RUN_ID] = {"runtimeValue": {"constant": THIS_RUN}}
            kind = {"parameterType": ir.STRING}
            ir.declare(
                ir.component(spec, task.body), "parameters", "inputDefinitions", RUN_ID, kind
            )
    return spec


def threaded_parameters(spec: ir.Spec) -> ir.Spec:
    """Hands the run's parameters on to DAGs inside the root, which see only their own inputs."""
    spec = ir.copied(spec)
    root_inputs = spec["root"].get("inputDefinitions", {}).get("parameters", {})
    for outer in spec["root"]["dag"]["tasks"].values():
        definition = ir.component(spec, outer)
        for inner in definition.get("dag", {}).get("tasks", {}).values():
            for value in ir.parameters(inner).values():
                name = value.get("componentInputParameter")
                if name in root_inputs and name not in ir.parameters(outer):
                    ir.parameters(outer)[name] = {"componentInputParameter": name}
                    declared = {"parameterType": root_inputs[name]["parameterType"]}
                    ir.declare(definition, "parameters", "inputDefinitions", name, declared)
    return spec
