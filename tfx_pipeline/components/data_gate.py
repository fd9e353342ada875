"""DataGate: stops the pipeline on severe anomalies and records the mild ones.

TFX's ExampleValidator reports anomalies and lets everything pass.
"""

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.dsl.io import fileio
from tfx.types import artifact_utils, standard_artifacts
from tfx.types.artifact import Artifact, Property, PropertyType
from tfx.types.channel import BaseChannel, Channel
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.utils import io_utils

from tfx_pipeline.components.example_gen import DATA_SUMMARY_PROPERTY
from tfx_pipeline.data.summary import DataSummary

log = logging.getLogger(__name__)

ERROR, WARNING, IGNORE = "error", "warning", "ignore"
FINDINGS_FILE = "findings.json"
FINDINGS_PROPERTY = "findings"


class DataApproval(Artifact):
    """Says that the data passed, and with which warnings (`findings.json`)."""

    TYPE_NAME = "DataApproval"
    PROPERTIES = {"warnings": Property(type=PropertyType.INT)}


class DataRejectedError(RuntimeError):
    """The data has severe anomalies: nothing may be trained on it."""


@dataclass(frozen=True)
class Finding:
    """One thing the gate noticed.

    Attributes:
        severity: "error" or "warning".
        rule: TFDV's anomaly type, or the name of our rule.
        where: Split and feature, or measurement.
        message: What was seen and what is allowed.
    """

    severity: str
    rule: str
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.where}: {self.message} [{self.rule}]"


def schema_findings(
    anomalies: anomalies_pb2.Anomalies, where: str, severities: Mapping[str, str]
) -> list[Finding]:
    """Turns TFDV's anomalies into findings.

    Args:
        anomalies: Of one split, or of the drift against the data before.
        where: Names the split in messages.
        severities: TFDV anomaly type -> error, warning or ignore; others are errors.
    """
    named = dict(anomalies.anomaly_info)
    if anomalies.HasField("dataset_anomaly_info"):
        named["dataset"] = anomalies.dataset_anomaly_info
    if anomalies.data_missing:
        return [Finding(ERROR, "NO_DATA_IN_SPAN", where, "the split holds no examples")]
    findings = []
    for feature, info in sorted(named.items()):
        for reason in info.reason:
            rule = anomalies_pb2.AnomalyInfo.Type.Name(reason.type)
            severity = severities.get(rule, ERROR)
            if severity != IGNORE:
                message = reason.description or reason.short_description
                findings.append(Finding(severity, rule, f"{where}: {feature}", message))
    return findings


def share_findings(
    shares: Mapping[str, float], rule: str, allowed: float, warn_above: float
) -> list[Finding]:
    """Judges shares of minutes: above `allowed` is an error, above `warn_above` a warning."""
    findings = []
    for where, share in shares.items():
        limit, severity = (allowed, ERROR) if share > allowed else (warn_above, WARNING)
        if share > limit:
            message = f"{share:.3%} of the minutes, allowed {limit:.3%}"
            findings.append(Finding(severity, rule, where, message))
    return findings


def drift_findings(
    current: statistics_pb2.DatasetFeatureStatisticsList,
    previous: statistics_pb2.DatasetFeatureStatisticsList,
    schema: schema_pb2.Schema,
    severities: Mapping[str, str],
) -> list[Finding]:
    """Compares the train split with the run before, by the schema's drift comparators."""
    anomalies = tfdv.validate_statistics(current, schema, previous_statistics=previous)
    found = schema_findings(anomalies, "drift", severities)
    return [finding for finding in found if finding.rule.startswith("COMPARATOR_")]


def judge(findings: Iterable[Finding]) -> list[Finding]:
    """Returns the warnings.

    Raises:
        DataRejectedError: There are errors; the message lists every finding.
    """
    findings = list(findings)
    for finding in findings:
        log.warning("%s", finding)
    errors = [finding for finding in findings if finding.severity == ERROR]
    if errors:
        raise DataRejectedError(
            "the data was rejected, nothing was trained on it:\n  "
            + "\n  ".join(str(finding) for finding in findings)
            + "\nmend the data, or review schema/schema.pbtxt and `validation` in the settings"
        )
    return findings


def _read_statistics(artifact: Artifact, split: str) -> statistics_pb2.DatasetFeatureStatisticsList:
    uri = artifact_utils.get_split_uri([artifact], split)
    return tfdv.load_stats_binary(io_utils.get_only_uri_in_dir(uri))


def _read_anomalies(artifact: Artifact, split: str) -> anomalies_pb2.Anomalies:
    uri = io_utils.get_only_uri_in_dir(artifact_utils.get_split_uri([artifact], split))
    return anomalies_pb2.Anomalies.FromString(io_utils.read_bytes_file(uri))


class Executor(BaseExecutor):
    """Judges the anomalies, the drift and the data summary."""

    def Do(  # noqa: N802
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes the approval, or raises `DataRejectedError`."""
        rules = json.loads(exec_properties["rules"])
        anomalies = artifact_utils.get_single_instance(input_dict["anomalies"])
        statistics = artifact_utils.get_single_instance(input_dict["statistics"])
        examples = artifact_utils.get_single_instance(input_dict["examples"])
        schema = io_utils.SchemaReader().read(
            io_utils.get_only_uri_in_dir(artifact_utils.get_single_uri(input_dict["schema"]))
        )
        severities = rules["severity"]
        findings = []
        for split in artifact_utils.decode_split_names(anomalies.split_names):
            findings += schema_findings(_read_anomalies(anomalies, split), split, severities)
        for previous in input_dict.get("previous_statistics", []):
            current_stats = _read_statistics(statistics, "train")
            previous_stats = _read_statistics(previous, "train")
            findings += drift_findings(current_stats, previous_stats, schema, severities)
        summary = DataSummary.from_json(examples.get_string_custom_property(DATA_SUMMARY_PROPERTY))
        findings += share_findings(
            summary.missing_share,
            "missing minutes",
            rules["max_missing_share"],
            rules["missing_share_warning"],
        )
        findings += share_findings(
            summary.physics_share,
            "physical law",
            rules["max_physics_share"],
            rules["physics_share_warning"],
        )
        self._approve(judge(findings), artifact_utils.get_single_instance(output_dict["approval"]))

    def _approve(self, warnings: list[Finding], approval: Artifact) -> None:
        approval.warnings = len(warnings)
        text = json.dumps([asdict(warning) for warning in warnings], indent=2)
        approval.set_string_custom_property(FINDINGS_PROPERTY, text)
        fileio.makedirs(approval.uri)
        io_utils.write_string_file(f"{approval.uri}/{FINDINGS_FILE}", text)


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
        rules: `severity`, `max_missing_share`, `missing_share_warning`, `max_physics_share` and
            `physics_share_warning`, as in the settings.
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
        rules: Mapping[str, Any],
        previous_statistics: BaseChannel | None = None,
    ) -> None:
        super().__init__(
            DataGateSpec(
                examples=examples,
                statistics=statistics,
                anomalies=anomalies,
                schema=schema,
                previous_statistics=previous_statistics,
                rules=json.dumps(rules, sort_keys=True),
                approval=Channel(type=DataApproval),
            )
        )
