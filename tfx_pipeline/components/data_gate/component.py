"""DataGate: stops the pipeline on severe anomalies and records the mild ones.

TFX's ExampleValidator reports anomalies and lets everything pass.
"""

from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types import standard_artifacts
from tfx.types.artifact import Artifact, Property, PropertyType
from tfx.types.channel import BaseChannel, Channel
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from tfx_pipeline.components.data_gate.executor import Executor
from tfx_pipeline.components.data_gate.settings import ValidationSettings


class DataApproval(Artifact):
    """Says that the data passed, and with which warnings (`findings.json`)."""

    TYPE_NAME = "DataApproval"
    PROPERTIES = {"warnings": Property(type=PropertyType.INT)}


class DataGateSpec(ComponentSpec):
    """Inputs, outputs and parameters of the gate."""

    PARAMETERS = {"rules": ExecutionParameter(type=str)}
    INPUTS = {
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "statistics": ChannelParameter(type=standard_artifacts.ExampleStatistics),
        "anomalies": ChannelParameter(type=standard_artifacts.ExampleAnomalies),
        "schema": ChannelParameter(type=standard_artifacts.Schema),
        "previous_statistics": ChannelParameter(
            type=standard_artifacts.ExampleStatistics, optional=True
        ),
    }
    OUTPUTS = {"approval": ChannelParameter(type=DataApproval)}


class DataGate(BaseComponent):
    """Fails on severe anomalies; what passes with a warning is a property of its artifact.

    Args:
        examples: From PowerExampleGen, whose data summary it reads.
        statistics: From StatisticsGen.
        anomalies: From ExampleValidator.
        schema: The curated schema with its drift comparators.
        rules: The section `validation` of the settings.
        previous_statistics: Of the data before, for drift; may resolve to none.
    """

    SPEC_CLASS = DataGateSpec
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)

    def __init__(
        self,
        examples: BaseChannel,
        statistics: BaseChannel,
        anomalies: BaseChannel,
        schema: BaseChannel,
        rules: ValidationSettings,
        previous_statistics: BaseChannel | None = None,
    ) -> None:
        super().__init__(
            DataGateSpec(
                examples=examples,
                statistics=statistics,
                anomalies=anomalies,
                schema=schema,
                previous_statistics=previous_statistics,
                rules=rules.model_dump_json(),
                approval=Channel(type=DataApproval),
            )
        )
