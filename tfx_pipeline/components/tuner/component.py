"""Tuner: TFX's, and its results hold the record of every trial."""

from __future__ import annotations

from tfx.components.tuner import component
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec

from tfx_pipeline.components.tuner.executor import Executor


class Tuner(component.Tuner):
    """TFX's Tuner with another executor; the arguments are the same."""

    EXECUTOR_SPEC = ExecutorClassSpec(Executor)
