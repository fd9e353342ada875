"""The shape of a DAG: what comes before what, what runs at the end, what it puts out."""

from tfx_kubeflow.compiler import ir
from tfx_kubeflow.local.tasks import Scope, Values

EXIT_HANDLER = "ALL_UPSTREAM_TASKS_COMPLETED"
"""Strategy of a task that runs whatever became of those before it."""


def in_order(tasks: ir.Spec) -> list[str]:
    """Returns the tasks of a DAG so that each comes after those that it depends on."""
    found: dict[str, None] = {}

    def visit(task_id: str) -> None:
        if task_id not in found:
            for producer in producers(tasks[task_id]):
                visit(producer)
            found[task_id] = None

    for task_id in tasks:
        visit(task_id)
    return list(found)


def producers(body: ir.Spec) -> list[str]:
    """Returns the tasks that a task depends on, by name."""
    given = body.get("inputs", {})
    sources = [*given.get("artifacts", {}).values(), *given.get("parameters", {}).values()]
    named = {
        reference["producerTask"]
        for source in sources
        for kind, reference in source.items()
        if kind in ("taskOutputArtifact", "taskOutputParameter")
    }
    return sorted({*body.get("dependentTasks", ()), *named})


def is_exit_handler(body: ir.Spec) -> bool:
    """Says whether a task runs at the end, whatever became of the others."""
    return bool(body.get("triggerPolicy", {}).get("strategy") == EXIT_HANDLER)


def dag_outputs(component: ir.Spec, scope: Scope) -> Values:
    """Returns what a DAG hands on of its tasks' outputs; not what was skipped."""
    declared = component["dag"].get("outputs", {})
    found = Values()
    for name, choice in declared.get("artifacts", {}).items():
        for selector in choice["artifactSelectors"]:
            made = scope.outputs.get(selector["producerSubtask"])
            if made:
                found.artifacts[name] = made.artifacts[selector["outputArtifactKey"]]
    for name, choice in declared.get("parameters", {}).items():
        reference = choice["valueFromParameter"]
        made = scope.outputs.get(reference["producerSubtask"])
        if made:
            found.parameters[name] = made.parameters[reference["outputParameterKey"]]
    return found
