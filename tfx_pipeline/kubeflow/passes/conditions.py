"""Conditions: TFX's CEL is what Kubeflow Pipelines evaluates, but not all of it."""

from tfx_pipeline.kubeflow import ir
from tfx_pipeline.kubeflow.errors import CompileError


def conditions(spec: ir.Spec) -> ir.Spec:
    """Returns the IR as it is, if its conditions can be evaluated.

    Raises:
        CompileError: A comparison that TFX could not translate.
    """
    for task in ir.tasks(spec):
        condition = task.body.get("triggerPolicy", {}).get("condition", "")
        if "Unknown" in condition:
            raise CompileError(
                task.id,
                f"its condition cannot be expressed: {condition}",
                "Compare a property with ==, < or >, joined with and, or, not.",
            )
    return spec
