"""The data gate: severities, fractions, stuck sensors, drift, and what is written of a warning."""

import json

import pytest
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2
from tfx.types import artifact_utils, standard_artifacts
from tfx.utils import io_utils

from tests.support.settings import defaults
from tfx_pipeline.components.data_gate import findings as data_gate
from tfx_pipeline.components.data_gate.component import DataApproval
from tfx_pipeline.components.data_gate.executor import FINDINGS_FILE, FINDINGS_PROPERTY, Executor
from tfx_pipeline.components.data_gate.findings import DataRejectedError, Finding
from tfx_pipeline.data.summary import DATA_SUMMARY_PROPERTY, DataSummary, FrozenRun

RULES = defaults().validation
FROZEN = FrozenRun(meter="", first="2008-10-06 10:09", minutes=400, value=241.18)
SCHEMA = """
feature { name: "Voltage" type: FLOAT presence { min_fraction: 1.0 min_count: 1 }
  shape { dim { size: 1 } } float_domain { min: 180.0 max: 280.0 }
  drift_comparator { jensen_shannon_divergence { threshold: 0.1 } } }
"""


def anomalies(*types: str) -> anomalies_pb2.Anomalies:
    found = anomalies_pb2.Anomalies()
    for name in types:
        reason = found.anomaly_info["Voltage"].reason.add()
        reason.type = anomalies_pb2.AnomalyInfo.Type.Value(name)
        reason.description = f"because of {name}"
    return found


def statistics(volts: list[float]) -> statistics_pb2.DatasetFeatureStatisticsList:
    import pandas as pd

    return tfdv.generate_statistics_from_dataframe(pd.DataFrame({"Voltage": volts}))


@pytest.mark.parametrize(
    ("severities", "expected"),
    [
        ({}, ["error"]),
        ({"SCHEMA_NEW_COLUMN": "warning"}, ["warning"]),
        ({"SCHEMA_NEW_COLUMN": "ignore"}, []),
        ({"FLOAT_TYPE_BIG_FLOAT": "ignore"}, ["error"]),
    ],
)
def test_the_severity_table_decides(severities, expected):
    found = data_gate.schema_findings(anomalies("SCHEMA_NEW_COLUMN"), "train", severities)
    assert [finding.severity for finding in found] == expected
    assert all(finding.where == "train: Voltage" for finding in found)


def test_a_split_without_data_is_an_error():
    nothing = anomalies_pb2.Anomalies(data_missing=True)
    [finding] = data_gate.schema_findings(nothing, "eval", {"NO_DATA_IN_SPAN": "ignore"})
    assert finding.severity == "error"


def test_dataset_anomalies_count():
    found = anomalies_pb2.Anomalies()
    reason = found.dataset_anomaly_info.reason.add()
    reason.type = anomalies_pb2.AnomalyInfo.DATASET_LOW_NUM_EXAMPLES
    [finding] = data_gate.schema_findings(found, "train", {})
    assert finding.rule == "DATASET_LOW_NUM_EXAMPLES"


def test_fractions_have_two_limits():
    fractions = {"low": 0.01, "middle": 0.1, "high": 0.5}
    found = data_gate.fraction_findings(fractions, "missing minutes", 0.2, 0.05)
    assert {finding.where: finding.severity for finding in found} == {
        "middle": "warning",
        "high": "error",
    }


@pytest.mark.parametrize(
    ("minutes", "severities"),
    [(480, []), (481, ["warning"]), (1440, ["warning"]), (5760, ["error"])],
)
def test_a_stuck_sensor_has_two_limits(minutes, severities):
    frozen = {"Voltage": FROZEN.model_copy(update={"minutes": minutes})}
    found = data_gate.frozen_findings(frozen, 1440, 480)
    assert [finding.severity for finding in found] == severities
    for finding in found:
        assert f"241.18 for {minutes:,} minutes from 2008-10-06 10:09 on" in finding.message


def test_drift_is_found_against_the_data_before():
    schema = text_format.Parse(SCHEMA, schema_pb2.Schema())
    before, after = statistics([230.0, 231.0] * 50), statistics([250.0, 251.0] * 50)
    [finding] = data_gate.drift_findings(after, before, schema, RULES.severity)
    assert finding.severity == "warning"
    assert data_gate.drift_findings(after, after, schema, RULES.severity) == []


def test_an_error_rejects_and_every_finding_is_reported():
    findings = [
        Finding("warning", "A", "here", "odd"),
        Finding("error", "B", "there", "wrong"),
    ]
    with pytest.raises(DataRejectedError, match=r"here: odd(.|\n)*there: wrong"):
        data_gate.judge(findings)
    assert data_gate.judge(findings[:1]) == findings[:1]


def artifact(kind, folder):
    made = kind()
    made.uri = str(folder)
    return made


@pytest.fixture
def inputs(tmp_path):
    summary = DataSummary(
        files=1,
        rows=10,
        meters=1,
        first="",
        last="",
        minutes=10,
        missing_minutes=0,
        gaps=0,
        longest_gap=None,
        missing_fraction={"Voltage": 0.1},
        physics_fraction={"sub-meters above the total": 0.0},
        longest_frozen={"Voltage": FROZEN},
        bad_rows={},
        first_bad_rows=[],
        splits={},
    )
    examples = artifact(standard_artifacts.Examples, tmp_path / "examples")
    examples.set_string_custom_property(DATA_SUMMARY_PROPERTY, summary.model_dump_json())
    schema = artifact(standard_artifacts.Schema, tmp_path / "schema")
    io_utils.write_string_file(f"{schema.uri}/schema.pbtxt", SCHEMA)
    found = {}
    for name, kind in (
        ("statistics", standard_artifacts.ExampleStatistics),
        ("previous_statistics", standard_artifacts.ExampleStatistics),
    ):
        found[name] = artifact(kind, tmp_path / name)
        found[name].split_names = '["train"]'
        volts = [230.0, 231.0] if name == "statistics" else [250.0, 251.0]
        io_utils.write_bytes_file(
            f"{found[name].uri}/Split-train/FeatureStats.pb",
            statistics(volts * 50).SerializeToString(),
        )
    validated = artifact(standard_artifacts.ExampleAnomalies, tmp_path / "anomalies")
    validated.split_names = artifact_utils.encode_split_names(["train"])
    found |= {"examples": examples, "schema": schema, "anomalies": validated}
    write_anomalies(found, anomalies())
    return {name: [made] for name, made in found.items()}


def write_anomalies(inputs, found):
    target = inputs["anomalies"]
    target = target[0] if isinstance(target, list) else target
    io_utils.write_bytes_file(f"{target.uri}/Split-train/SchemaDiff.pb", found.SerializeToString())


def run(inputs, tmp_path) -> DataApproval:
    approval = artifact(DataApproval, tmp_path / "approval")
    Executor().Do(inputs, {"approval": [approval]}, {"rules": RULES.model_dump_json()})
    return approval


def test_warnings_are_recorded_on_the_approval(inputs, tmp_path):
    approval = run(inputs, tmp_path)
    assert approval.warnings == 2
    written = json.loads((tmp_path / "approval" / FINDINGS_FILE).read_text())
    assert {finding["rule"] for finding in written} == {
        "missing minutes",
        "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH",
    }
    assert json.loads(approval.get_string_custom_property(FINDINGS_PROPERTY)) == written


def test_the_first_run_has_nothing_to_drift_from(inputs, tmp_path):
    inputs["previous_statistics"] = []
    assert run(inputs, tmp_path).warnings == 1


def test_a_rejection_approves_nothing(inputs, tmp_path):
    write_anomalies(inputs, anomalies("FLOAT_TYPE_BIG_FLOAT"))
    with pytest.raises(DataRejectedError, match="train: Voltage"):
        run(inputs, tmp_path)
    assert not (tmp_path / "approval").exists()
