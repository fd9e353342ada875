"""RunReport: the exit handler that reports what became of a run, whatever that is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.orchestration.kubeflow.decorators import FinalStatusStr
from tfx.orchestration.pipeline import Pipeline
from tfx.types.channel import BaseChannel, Channel
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx_kubeflow.artifacts import Html, Metrics
from tfx_kubeflow.settings.credentials import credential

from tfx_pipeline.kubeflow.executor import Executor
from tfx_pipeline.report.provenance import HIDDEN
from tfx_pipeline.settings import Settings


class RunReportSpec(ComponentSpec):
    """Parameters and outputs of the report."""

    PARAMETERS = {
        "settings": ExecutionParameter(type=str),
        "nodes": ExecutionParameter(type=str),
        "status": ExecutionParameter(type=str),
    }
    INPUTS: ClassVar[dict[str, ChannelParameter]] = {}
    OUTPUTS = {"report": ChannelParameter(type=Html), "metrics": ChannelParameter(type=Metrics)}


class RunReport(BaseComponent):
    """Reports a run: `report`, a page, and `metrics`, figures that KFP's pages show, too.

    An exit handler: it runs after everything, also where the gate refused the model or the data
    gate stopped the run, and looks up what the run made.

    Args:
        settings: What is run.
        pipeline: Of them; the run's nodes are its.
    """

    SPEC_CLASS = RunReportSpec
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)

    def __init__(self, settings: Settings, pipeline: Pipeline) -> None:
        super().__init__(
            RunReportSpec(
                settings=json.dumps(_portable(settings)),
                nodes=json.dumps({node.id: _classes(node) for node in pipeline.components}),
                status=FinalStatusStr(),
                report=Channel(type=Html),
                metrics=Channel(type=Metrics),
            )
        )


def _portable(settings: Settings) -> dict[str, Any]:
    """The settings without paths of this machine and without what looks like a credential."""
    given: dict[str, Any] = settings.model_dump(mode="json")
    given["outputs"] = "outputs"
    given["series"] = Path(settings.series).stem
    given["data"]["path"] = settings.kubeflow.data
    given["serving"]["base"] = settings.kubeflow.serving_base
    given["validation"]["schema_file"] = settings.schema_file.name
    pods = given.pop("kubeflow")  # its own rules refuse credentials, and name secrets
    return {**_without_credentials("", given), "kubeflow": pods}


def _without_credentials(name: str, value: Any) -> Any:
    match value:
        case dict():
            return {key: _without_credentials(key, inner) for key, inner in value.items()}
        case list():
            return [_without_credentials(name, inner) for inner in value]
        case str() if credential(name, value):
            return HIDDEN
    return value


def _classes(node: Any) -> dict[str, dict[str, str]]:
    """Import path of the artifact class of each input and output."""
    groups: dict[str, dict[str, BaseChannel]] = {"inputs": node.inputs, "outputs": node.outputs}
    return {
        group: {
            key: f"{channel.type.__module__}.{channel.type.__qualname__}"
            for key, channel in channels.items()
        }
        for group, channels in groups.items()
    }
