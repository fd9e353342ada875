"""What lineage asks for and TFX does not record: an execution's run, cause of failure and code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto.metadata_store_pb2 import Execution
from tfx_kubeflow.metadata.values import EXECUTOR_FLAGS

from tfx_pipeline.lineage.records import ERROR_PROPERTY, RUN_PROPERTY
from tfx_pipeline.report.run import CACHED, NodeRun


def annotate(store: MetadataStore, run_id: str, node: NodeRun, flags: Sequence[str]) -> None:
    """Records more of a node that has run or was cached.

    Args:
        store: The store.
        run_id: The run, which ML Metadata tells of one execution at a time.
        node: The node.
        flags: Of its executor, the fingerprint of its code among them.
    """
    [execution] = store.get_executions_by_id([node.execution_id])
    execution.custom_properties[RUN_PROPERTY].string_value = run_id
    store.put_executions([execution])
    if node.state == CACHED or not flags:
        return
    artifacts = [artifact for group in node.outputs.values() for artifact in group]
    for artifact in artifacts:
        artifact.set_string_custom_property(EXECUTOR_FLAGS, " ".join(flags))
    store.put_artifacts([artifact.mlmd_artifact for artifact in artifacts])


def record_failure(store: MetadataStore, run_id: str, cause: str) -> None:
    """Records with the execution that failed in a run why it did, which TFX logs alone."""
    context = store.get_context_by_type_and_name("pipeline_run", run_id)
    executions = store.get_executions_by_context(context.id) if context else []
    failed = [one for one in executions if one.last_known_state == Execution.FAILED]
    for execution in failed:
        execution.custom_properties[RUN_PROPERTY].string_value = run_id
        execution.custom_properties[ERROR_PROPERTY].string_value = cause
    store.put_executions(failed)


def executor_flags(executor_spec: Any) -> list[str]:
    """Returns the flags of an executor, on which the cache depends; a resolver has none."""
    python_class = getattr(executor_spec, "python_executor_spec", executor_spec)
    return list(getattr(python_class, "extra_flags", ()))
