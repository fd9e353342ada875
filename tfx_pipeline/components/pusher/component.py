"""Pusher: TFX's with another executor, which makes a version appear atomically."""

from __future__ import annotations

from tfx.components.pusher import component
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.orchestration.data_types import RuntimeParameter
from tfx.proto import pusher_pb2
from tfx.types import standard_artifacts, standard_component_specs
from tfx.types.channel import Channel
from tfx.types.component_spec import ExecutionParameter
from tfx_kubeflow.steps.push import Executor


class PusherSpec(standard_component_specs.PusherSpec):
    """TFX's, and the time for which the run was scheduled."""

    PARAMETERS = {
        **standard_component_specs.PusherSpec.PARAMETERS,
        "scheduled_time": ExecutionParameter(type=str, optional=True),
    }


class Pusher(component.Pusher):
    """TFX's Pusher with another executor.

    Example:
        Pusher(
            model=..., model_blessing=..., infra_blessing=...,
            push_destination=PushDestination(
                filesystem=PushDestination.Filesystem(base_directory="<base>/<name>")
            ),
        )

    Args:
        model: What the Trainer made.
        push_destination: Where versions go.
        model_blessing: The gate's decision; None: the model is not asked for one.
        infra_blessing: The serving check's; the same.
        scheduled_time: The second, since 1970, for which the run was scheduled. On Kubeflow
            Pipelines, schedules fill it in and the PushedModel records it.
    """

    SPEC_CLASS = PusherSpec
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)

    def __init__(
        self,
        model: Channel,
        push_destination: pusher_pb2.PushDestination,
        model_blessing: Channel | None = None,
        infra_blessing: Channel | None = None,
        scheduled_time: str | RuntimeParameter | None = None,
    ) -> None:
        spec = PusherSpec(
            model=model,
            model_blessing=model_blessing,
            infra_blessing=infra_blessing,
            push_destination=push_destination,
            pushed_model=Channel(type=standard_artifacts.PushedModel),
            scheduled_time=scheduled_time,
        )
        BaseComponent.__init__(self, spec)
