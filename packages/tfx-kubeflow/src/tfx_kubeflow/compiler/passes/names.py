"""Names that Argo and Kubernetes accept, the same wherever a task is named."""

import re
from collections.abc import Mapping

from tfx_kubeflow.compiler import ir
from tfx_kubeflow.compiler.context import Context
from tfx_kubeflow.errors import CompileError

PIPELINE_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
MAX_PIPELINE_NAME = 52
"""Kubernetes keeps 58 characters of the Workflow's name, the pipeline's and a dash, and adds five
random ones. As for a CronJob, 52 leaves some room before anything is cut."""
MAX_TASK_NAME = 121
"""Argo takes 128 characters, and KFP adds "-driver"."""
KFP_TASKS = {"root", "entrypoint", "executor"}
EXPRESSION_WORDS = {
    "and",
    "contains",
    "else",
    "false",
    "if",
    "in",
    "let",
    "matches",
    "nil",
    "not",
    "or",
    "true",
}
"""Keywords of the language (expr-lang) in which Argo states what a task depends on."""


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
        CompileError: Argo or KFP does not take a name, or two ids become one.
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
        problem = _problem(new)
        if new in owners:
            problem = f"its task would be called {new!r}, like that of {owners[new]}"
        if problem:
            raise CompileError(old, problem, "Give the node another id with .with_id().")
        owners[new] = old
    return {old: new for new, old in owners.items()}


def _problem(name: str) -> str | None:
    """Why no task may be called so."""
    if not name:
        return "its id has no Latin letter or digit, of which names on Kubernetes consist"
    called = f"its task would be called {name!r}, "
    if name[0].isdigit():
        return called + "and Argo Workflows takes no name that begins with a digit"
    if len(name) > MAX_TASK_NAME:
        return f"its task's name would have {len(name)} characters; {MAX_TASK_NAME} are the most"
    if name in EXPRESSION_WORDS:
        return called + "a key word of the expressions in which Argo Workflows names tasks"
    if name in KFP_TASKS:
        return called + "like one of Kubeflow Pipelines' own"
    if name.endswith("-driver"):
        return called + "and Kubeflow Pipelines calls the drivers of its tasks so"
    return None


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
