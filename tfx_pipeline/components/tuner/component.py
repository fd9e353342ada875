"""The search: by one component, or by one for each trial and one that selects the best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfx.components.tuner import component
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.proto import trainer_pb2
from tfx.types import standard_artifacts
from tfx.types import standard_component_specs as standard
from tfx.types.channel import BaseChannel, Channel
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.utils import json_utils

from tfx_pipeline.components.tuner.executor import Executor, SelectionExecutor, TrialExecutor


class Tuner(component.Tuner):
    """TFX's Tuner, whose results hold the record of every trial; the arguments are the same."""

    EXECUTOR_SPEC = ExecutorClassSpec(Executor)


class TrialSpec(ComponentSpec):
    """The Tuner's, without the best hyperparameters: one trial does not know them."""

    PARAMETERS = standard.TunerSpec.PARAMETERS
    INPUTS = standard.TunerSpec.INPUTS
    OUTPUTS = {
        standard.TUNER_RESULTS_KEY: standard.TunerSpec.OUTPUTS[standard.TUNER_RESULTS_KEY],
    }


class Trial(BaseComponent):
    """Makes the trials of a `tuner_fn` and writes their records down.

    Args:
        tuner_fn: As the Tuner takes it.
        examples: To learn from and to score on.
        schema: Of the examples.
        transform_graph: To apply to them.
        train_args: Which split to learn from.
        eval_args: Which split to score on.
        custom_config: For `tuner_fn`.
    """

    SPEC_CLASS = TrialSpec
    EXECUTOR_SPEC = ExecutorClassSpec(TrialExecutor)

    def __init__(
        self,
        tuner_fn: str,
        examples: BaseChannel,
        schema: BaseChannel,
        transform_graph: BaseChannel,
        train_args: trainer_pb2.TrainArgs,
        eval_args: trainer_pb2.EvalArgs,
        custom_config: dict[str, Any],
    ) -> None:
        spec = TrialSpec(
            tuner_fn=tuner_fn,
            examples=examples,
            schema=schema,
            transform_graph=transform_graph,
            train_args=train_args,
            eval_args=eval_args,
            custom_config=json_utils.dumps(custom_config),
            tuner_results=Channel(type=standard_artifacts.TunerResults),
        )
        super().__init__(spec)


class Selection(BaseComponent):
    """Gives what a Tuner would give that had made all trials itself.

    Args:
        trials: Results of the trials, one channel each: Kubeflow Pipelines has no unions of them.
        custom_config: Of the search.
    """

    SPEC_CLASS = ComponentSpec
    EXECUTOR_SPEC = ExecutorClassSpec(SelectionExecutor)

    def __init__(self, trials: Sequence[BaseChannel], custom_config: dict[str, Any]) -> None:
        named = {f"trial{number}": results for number, results in enumerate(trials, start=1)}
        results = ChannelParameter(type=standard_artifacts.TunerResults)

        class SelectionSpec(ComponentSpec):
            PARAMETERS = {standard.CUSTOM_CONFIG_KEY: ExecutionParameter(type=str)}
            INPUTS = dict.fromkeys(named, results)
            OUTPUTS = standard.TunerSpec.OUTPUTS

        spec = SelectionSpec(
            **named,
            custom_config=json_utils.dumps(custom_config),
            best_hyperparameters=Channel(type=standard_artifacts.HyperParameters),
            tuner_results=Channel(type=standard_artifacts.TunerResults),
        )
        super().__init__(spec)
