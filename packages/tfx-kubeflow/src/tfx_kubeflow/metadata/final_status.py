"""How the tasks ended that an exit handler waits for."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from typing import Any

from ml_metadata import MetadataStore, errors
from ml_metadata.proto.metadata_store_pb2 import Execution

from tfx_kubeflow.errors import StepError
from tfx_kubeflow.metadata.lineage import is_unavailable, metadata_store
from tfx_kubeflow.storage.retries import retried

log = logging.getLogger(__name__)

RUN_CONTEXT = "system.PipelineRun"
RUN = "pipelineJobUuid"
"""The run's id, in the status."""
UNSETTLED = {"RUNNING", "FAILED"}
"""States of a DAG that need not be its last."""
DONE = {Execution.COMPLETE, Execution.CACHED, Execution.CANCELED}
"""States of tasks that did what they should; a condition cancels what it skips."""
FINAL_STATES = {"COMPLETE": "SUCCEEDED", "CACHED": "SUCCEEDED", "CANCELED": "CANCELLED"}
"""ML Metadata's names, which KFP 2.17 gives an exit handler -> those that its SDK documents."""


def final_status(
    given: dict[str, Any] | str, run_id: str, store: MetadataStore | None = None
) -> str:
    """Returns what an exit handler is to know, with the state in which the tasks really ended.

    KFP 2.17 counts the ended tasks of a DAG when a container publishes its outputs, so to an exit
    handler a DAG still runs in which the last task came from the cache, was skipped, was an
    importer, or died without a word; and one has failed in which another attempt succeeded.

    Args:
        given: PipelineTaskFinalStatus, as KFP hands it over.
        run_id: The run.
        store: Where its tasks are recorded; None: KFP's ML Metadata.

    Returns:
        The same as JSON, with the run's id, by which an exit handler finds what the run made.
    """
    status: dict[str, Any] = json.loads(given) if isinstance(given, str) else given
    state = str(status.get("state"))
    store = store or metadata_store()
    if state in UNSETTLED and store is not None:
        try:
            state = _recorded_state(store, run_id, status["pipelineTaskName"]) or state
        except (
            errors.StatusError,
            StepError,
        ) as error:  # what cleans up or notifies must run all the same
            log.warning("ML Metadata does not answer, so the state stays %s: %s", state, error)
    return json.dumps({**status, "state": FINAL_STATES.get(state, state), RUN: run_id})


@retried(is_unavailable)
def _recorded_state(store: MetadataStore, run_id: str, task: str) -> str | None:
    context = store.get_context_by_type_and_name(RUN_CONTEXT, run_id)
    if context is None:
        return None
    inside: defaultdict[int, dict[str, Execution]] = defaultdict(dict)
    executions = store.get_executions_by_context(context.id)
    for execution in sorted(executions, key=lambda execution: execution.id):
        parent = execution.custom_properties["parent_dag_id"].int_value
        inside[parent][execution.custom_properties["task_name"].string_value] = execution
    ended = [tasks[task] for _, tasks in sorted(inside.items()) if task in tasks]
    if not ended:
        return None
    return "SUCCEEDED" if _is_done(ended[0], inside) else "FAILED"


def _is_done(execution: Execution, inside: dict[int, dict[str, Execution]]) -> bool:
    if execution.last_known_state in DONE:
        return True
    expected = execution.custom_properties["total_dag_tasks"].int_value  # 0: it is no DAG
    tasks = inside[execution.id].values()
    return 0 < expected <= len(tasks) and all(_is_done(task, inside) for task in tasks)
