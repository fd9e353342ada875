"""Names that Argo and Kubernetes accept, the same wherever a task is named."""

import re
from collections.abc import Mapping

from tfx_kubeflow.compiler import ir
from tfx_kubeflow.compiler.context import Context
from tfx_kubeflow.errors import CompileError

PIPELINE_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
MAX_PIPELINE_NAME = 52
"""The Workflow is called after the pipeline plus a dash and a suffix, and its pods after it."""
RESERVED = {"root", "entrypoint", "executor", "not", "and", "or", "in", "true", "false"}
"""Argo's own templates, and words of its expressions."""


def check_pipeline_name(name: str) -> None:
    """Refuses a pipeline name that would fail only when a run is created.

    Raises:
        CompileError: With a name that works.
    """
    if PIPELINE_NAME.fullmatch(name) and len(name) <= MAX_PIPELINE_NAME:
        return
    better = task_name(name)[:MAX_PIPELINE_NAME].strip("-")
    raise CompileError(
        f"pipeline name {name!r}",
        f"runs are named after it: lower-case letters, digits and dashes, at most "
        f"{MAX_PIPELINE_NAME} characters",
        f"Call it {better!r}." if better else "Choose another name.",
    )


def task_name(node_id: str) -> str:
    """Turns a node's id into a task's name.

    >>> task_name("CsvExampleGen"), task_name("latest_blessed.model")
    ('csv-example-gen', 'latest-blessed-model')
    """
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", node_id)
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


def executor_label(node_id: str) -> str:
    """Returns the label under which the deployment and the platform document know a task."""
    return f"exec-{task_name(node_id)}"


def task_names(spec: ir.Spec, context: Context) -> None:
    """Renames tasks, components (`comp-...`) and executors (`exec-...`).

    Raises:
        CompileError: A name is reserved, empty, or two ids become one name.
    """
    del context
    names = _new_names(spec)
    for dag in ir.dags(spec):
        _rename_dag(dag, names)
    components = spec.get("components", {})
    spec["components"] = {f"comp-{names[name]}": body for name, body in components.items()}
    labels = {}
    for name, body in components.items():
        if "executorLabel" in body:
            labels[body["executorLabel"]] = f"exec-{names[name]}"
            body["executorLabel"] = f"exec-{names[name]}"
    executors = spec["deploymentSpec"].get("executors", {})
    spec["deploymentSpec"]["executors"] = {labels[old]: body for old, body in executors.items()}


def _new_names(spec: ir.Spec) -> dict[str, str]:
    owners: dict[str, str] = {}
    for old in spec.get("components", {}):
        new = task_name(old)
        if not new or new in RESERVED or new.startswith("system-") or new.endswith("-driver"):
            raise CompileError(
                old,
                f"Argo Workflows keeps the name {new!r} for itself",
                "Give the node another id with .with_id().",
            )
        if new in owners:
            raise CompileError(
                old,
                f"its task would be called {new!r}, like that of {owners[new]}",
                "Give one of them another id with .with_id().",
            )
        owners[new] = old
    return {old: new for new, old in owners.items()}


def _rename_dag(dag: ir.Spec, names: Mapping[str, str]) -> None:
    dag["tasks"] = {names[old]: _renamed(body, names) for old, body in dag["tasks"].items()}
    for output in dag.get("outputs", {}).get("artifacts", {}).values():
        for selector in output["artifactSelectors"]:
            selector["producerSubtask"] = names[selector["producerSubtask"]]


def _renamed(task: ir.Spec, names: Mapping[str, str]) -> ir.Spec:
    task["taskInfo"]["name"] = names[task["taskInfo"]["name"]]
    component = task["componentRef"]["name"]
    task["componentRef"]["name"] = f"comp-{names[component]}"
    if "dependentTasks" in task:
        task["dependentTasks"] = sorted(names[old] for old in task["dependentTasks"])
    for group in task.get("inputs", {}).values():
        for value in group.values():
            for reference in value.values():
                if isinstance(reference, dict) and "producerTask" in reference:
                    reference["producerTask"] = names[reference["producerTask"]]
    return task
