"""Parameters of a run: the exit handler's, and what reaches the tasks inside."""

from tfx_kubeflow.compiler import ir
from tfx_kubeflow.compiler.context import Context
from tfx_kubeflow.compiler.parameters import component_input, constant
from tfx_kubeflow.protocol import RUN_ID

THIS_RUN = "{{$.pipeline_job_uuid}}"
"""Kubeflow Pipelines replaces it with the id of the run."""


def exit_handler_run(spec: ir.Spec, context: Context) -> None:
    """Passes to an exit handler which run it gets the final status of."""
    del context
    for task in ir.tasks(spec):
        if any("taskFinalStatus" in value for value in ir.parameters(task.body).values()):
            definition = ir.component(spec, task.body)
            ir.add_parameter(task.body, definition, RUN_ID, ir.STRING, constant(THIS_RUN))


def threaded_parameters(spec: ir.Spec, context: Context) -> None:
    """Hands the run's parameters on to DAGs inside the root, which see only their own inputs."""
    del context
    declared = spec["root"].get("inputDefinitions", {}).get("parameters", {})
    for outer in spec["root"]["dag"]["tasks"].values():
        definition = ir.component(spec, outer)
        for inner in definition.get("dag", {}).get("tasks", {}).values():
            for value in ir.parameters(inner).values():
                name = value.get("componentInputParameter")
                if name in declared and name not in ir.parameters(outer):
                    kind = declared[name]["parameterType"]
                    ir.add_parameter(outer, definition, name, kind, component_input(name))
