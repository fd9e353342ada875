"""Executor of the DataGate: reads what was found about the data and applies the rules."""

import json
from dataclasses import asdict
from typing import Any

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2, statistics_pb2
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.types.artifact import Artifact
from tfx.utils import io_utils

from tfx_pipeline.components.data_gate.findings import (
    Finding,
    drift_findings,
    drift_from,
    drift_measures,
    fraction_findings,
    frozen_findings,
    judge,
    schema_findings,
)
from tfx_pipeline.components.data_gate.settings import (
    DRIFT_PROPERTY,
    FINDINGS_PROPERTY,
    ValidationSettings,
)
from tfx_pipeline.data.summary import DATA_SUMMARY_FILE, DataSummary

FINDINGS_FILE = "findings.json"


class Executor(BaseExecutor):
    """Checks the anomalies, the drift and the data summary."""

    def Do(  # noqa: N802
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes the approval, or raises `DataRejectedError`."""
        rules = ValidationSettings.model_validate_json(exec_properties["rules"])
        anomalies = artifact_utils.get_single_instance(input_dict["anomalies"])
        statistics = artifact_utils.get_single_instance(input_dict["statistics"])
        examples = artifact_utils.get_single_instance(input_dict["examples"])
        schema = io_utils.SchemaReader().read(
            io_utils.get_only_uri_in_dir(artifact_utils.get_single_uri(input_dict["schema"]))
        )
        summary = DataSummary.model_validate_json(
            io_utils.read_bytes_file(f"{examples.uri}/{DATA_SUMMARY_FILE}")
        )
        extremes = {
            "FLOAT_TYPE_BIG_FLOAT": summary.highest,
            "FLOAT_TYPE_SMALL_FLOAT": summary.lowest,
        }
        findings, drift = [], []
        for split in artifact_utils.decode_split_names(anomalies.split_names):
            found = _read_anomalies(anomalies, split)
            findings += schema_findings(found, split, rules.severity, extremes)
        for previous in input_dict.get("previous_statistics", []):
            current_stats = _read_statistics(statistics, "train")
            previous_stats = _read_statistics(previous, "train")
            found = drift_from(previous_stats, current_stats, schema)
            findings += drift_findings(found, rules.severity)
            drift += drift_measures(found)
        findings += fraction_findings(
            summary.missing_fraction,
            summary.missing_worst,
            "missing steps",
            rules.max_missing_fraction,
            rules.missing_fraction_warning,
        )
        findings += fraction_findings(
            summary.physics_fraction,
            summary.physics_worst,
            "physical law",
            rules.max_physics_fraction,
            rules.physics_fraction_warning,
        )
        step = summary.step_seconds
        findings += frozen_findings(summary.longest_frozen, *rules.frozen_limits(step), step)
        approval = artifact_utils.get_single_instance(output_dict["approval"])
        if input_dict.get("previous_statistics"):
            approval.set_string_custom_property(DRIFT_PROPERTY, json.dumps(drift))
        self._approve(judge(findings), approval)

    def _approve(self, warnings: list[Finding], approval: Artifact) -> None:
        approval.warnings = len(warnings)
        text = json.dumps([asdict(warning) for warning in warnings], indent=2)
        approval.set_string_custom_property(FINDINGS_PROPERTY, text)
        fileio.makedirs(approval.uri)
        io_utils.write_string_file(f"{approval.uri}/{FINDINGS_FILE}", text)


def _read_statistics(artifact: Artifact, split: str) -> statistics_pb2.DatasetFeatureStatisticsList:
    uri = artifact_utils.get_split_uri([artifact], split)
    return tfdv.load_stats_binary(io_utils.get_only_uri_in_dir(uri))


def _read_anomalies(artifact: Artifact, split: str) -> anomalies_pb2.Anomalies:
    uri = io_utils.get_only_uri_in_dir(artifact_utils.get_split_uri([artifact], split))
    return anomalies_pb2.Anomalies.FromString(io_utils.read_bytes_file(uri))
