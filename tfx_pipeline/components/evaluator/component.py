"""Evaluator: TFX's, and its blessing holds for the files that it evaluated, and for no others."""

from __future__ import annotations

from tfx.components.evaluator import component
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec

from tfx_pipeline.components.evaluator.executor import Executor


class Evaluator(component.Evaluator):
    """TFX's Evaluator with another executor; the arguments are the same."""

    EXECUTOR_SPEC = BeamExecutorSpec(Executor)
