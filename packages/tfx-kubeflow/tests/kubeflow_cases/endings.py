"""Components that fail, that are content with nothing, and that run at the end."""

import sys
from typing import Any

from kubeflow_cases.pipelines import Report
from tfx.dsl.component.experimental.annotations import OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.orchestration.kubeflow.decorators import exit_handler
from tfx.types.component_spec import ChannelParameter, ComponentSpec
from tfx.types.standard_artifacts import Integer


@component
def Fail(reason: Parameter[str], number: OutputArtifact[Integer]) -> None:  # noqa: N802
    """Fails."""
    raise ValueError(reason)


@component
def Sleep(seconds: Parameter[int], number: OutputArtifact[Integer]) -> None:  # noqa: N802
    """Takes a while."""
    import time

    time.sleep(seconds)
    number.value = seconds


@exit_handler
def Goodbye(final_status: Parameter[str]) -> None:  # noqa: N802
    """Says what it is told."""
    print(final_status, file=sys.stderr)


class _ContentSpec(ComponentSpec):
    PARAMETERS = {}
    INPUTS = {"report": ChannelParameter(type=Report, optional=True)}
    OUTPUTS = {}


class ContentExecutor(BaseExecutor):
    """Checks that there is no report."""

    def Do(  # noqa: N802
        self, input_dict: dict[str, Any], output_dict: Any, exec_properties: Any
    ) -> None:
        """Fails where there is one."""
        assert not input_dict.get("report")


class Content(BaseComponent):
    """Takes a report where there is one."""

    SPEC_CLASS = _ContentSpec
    EXECUTOR_SPEC = ExecutorClassSpec(ContentExecutor)

    def __init__(self, report: Any) -> None:
        super().__init__(_ContentSpec(report=report))
