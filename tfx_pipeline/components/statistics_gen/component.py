"""StatisticsGen: TFX's, with the statistics of all splits from one pass."""

from __future__ import annotations

from tfx import types
from tfx.components.statistics_gen import component
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec

from tfx_pipeline.components.statistics_gen.executor import Executor


class StatisticsGen(component.StatisticsGen):
    """TFX's StatisticsGen with another executor, and none of its options.

    Args:
        examples: tf.Examples in compressed TFRecords, as PowerExampleGen writes them.
    """

    EXECUTOR_SPEC = BeamExecutorSpec(Executor)

    def __init__(self, examples: types.BaseChannel) -> None:
        super().__init__(examples=examples)
