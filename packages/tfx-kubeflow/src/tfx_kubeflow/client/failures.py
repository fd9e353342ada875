"""Why a run failed: KFP's run record says only that it did."""

from __future__ import annotations

import logging
import os
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tfx_kubeflow.client.connection import Connection, ServerError, retried
from tfx_kubeflow.client.pod_logs import CONTAINER, PodLogs
from tfx_kubeflow.client.tasks import DRIVER, Task, TaskState
from tfx_kubeflow.pod_logs import drivers_last_line, executors_last_line

log = logging.getLogger(__name__)

FAILED = "FAILED"
LOGS = "executor-logs"


@dataclass(frozen=True)
class Failure:
    """A failed task.

    Attributes:
        task: Its name.
        cause: The last line of its executor's log, or what else is known.
        command: Shows the rest.
    """

    task: str
    cause: str
    command: str


def failures(
    connection: Connection,
    run: Any,
    spec: dict[str, Any],
    tasks: Sequence[Task] = (),
) -> list[Failure]:
    """Finds out which tasks failed and why.

    Args:
        connection: The server.
        run: The run as the API returned it.
        spec: Its PipelineSpec; empty where it is gone.
        tasks: Those of the run, where Argo's Workflow is known. KFP's record has only nodes of
            Argo's, for which the server finds logs if they were archived, and none since Argo
            compressed them.

    Returns:
        The failed tasks in the order in which they failed, those that KFP's record lacks last; a
        second attempt of Argo's at the whole DAG fails for reasons of its own, so the first one is
        the cause.
    """
    details = (run.run_details.task_details if run.run_details else None) or []
    found = {task.name: task for task in tasks}
    known = _task_names(spec) or set(found)
    seen: dict[str, Any] = {}
    for detail in sorted(details, key=lambda item: (item.end_time is None, str(item.end_time))):
        name = (detail.display_name or "").removesuffix(DRIVER)
        named = name in known if known else name not in ("", "root", "executor")
        if detail.state == FAILED and named and name not in seen:
            seen[name] = detail
    inner = {name: item for name, item in seen.items() if not _holds_tasks(spec, name)} or seen
    missed = [
        name for name, task in found.items() if task.state is TaskState.FAILED and name not in seen
    ]
    return [
        _explain(connection, run, spec, found.get(name) or Task(name), seen.get(name), details)
        for name in (*inner, *missed)
    ]


def _task_names(spec: dict[str, Any]) -> set[str]:
    dags = [spec.get("root", {}), *spec.get("components", {}).values()]
    return {name for body in dags for name in body.get("dag", {}).get("tasks", {})}


def _holds_tasks(spec: dict[str, Any], name: str) -> bool:
    return "dag" in spec.get("components", {}).get(f"comp-{name}", {})


def _explain(
    connection: Connection,
    run: Any,
    spec: dict[str, Any],
    task: Task,
    detail: Any | None,
    details: list[Any],
) -> Failure:
    of_driver = detail is not None and detail.display_name.endswith(DRIVER)
    last_line = drivers_last_line if of_driver else executors_last_line
    logs = PodLogs(connection, run.run_id)
    namespace = connection.namespace or connection.service_namespace
    for pod in reversed(task.pods):
        cause = last_line(_pod_log(logs, pod))
        if cause:
            return Failure(task.name, cause, f"kubectl -n {namespace} logs {pod} -c {CONTAINER}")
    for node in _nodes(detail, details) if detail else ():
        cause = last_line(_pod_log(logs, node))
        if cause:
            return Failure(task.name, cause, f"curl {connection.url(logs.path(node))}")
    selector = f"-l pipeline/runid={run.run_id} --all-containers --prefix --tail=50"
    unknown = "no log of its own: its driver failed, or its pod never started"
    cause = executors_last_line(_stored_log(run, spec, task.name)) or task.message or unknown
    return Failure(task.name, cause, f"kubectl -n {namespace} logs {selector}")


def _nodes(detail: Any, details: list[Any]) -> list[str]:
    """Argo's nodes of a task, the executor's before the driver's.

    KFP calls them pod names; its own log endpoint knows which pod each one is.
    """
    by_id = {item.task_id: item for item in details}
    found, waiting = [], [detail]
    while waiting:
        item = waiting.pop(0)
        if item.pod_name:
            found.append(item.pod_name)
        for child in item.child_tasks or ():
            if child.pod_name:
                found.append(child.pod_name)
            if child.task_id in by_id:
                waiting.append(by_id.pop(child.task_id))
    return sorted(dict.fromkeys(found), key=lambda node: "driver" in node)


def _pod_log(logs: PodLogs, pod: str) -> str:
    """The log of a pod; empty where nobody has it."""
    try:
        return retried(logs.read, pod)
    except ServerError as error:
        log.debug("%s", error)
        return ""


def _stored_log(run: Any, spec: dict[str, Any], task: str) -> str:
    """The log that KFP's launcher left in the artifact store, if this machine can read it."""
    root = run.runtime_config.pipeline_root if run.runtime_config else None
    pipeline = spec.get("pipelineInfo", {}).get("name")
    if not root or not pipeline:
        return ""
    if root.startswith("minio://") and not os.environ.get("MINIO_ENDPOINT"):
        return ""
    from tfx.dsl.io import fileio

    from tfx_kubeflow.storage import object_store

    object_store.register()
    folder_uri = posixpath.join(root, pipeline, run.run_id, task)
    try:
        for folder, _, names in fileio.walk(folder_uri):
            for name in sorted(names, reverse=True):
                if LOGS in f"{folder}/{name}":
                    with fileio.open(f"{folder}/{name}", "rb") as file:
                        return bytes(file.read()).decode(errors="replace")
    except (OSError, ValueError) as error:
        log.debug("%s: %s", folder_uri, error)
    return ""
