"""The data gate on artifacts: what is read, and what is written of a warning."""

import json

import pytest
from tfx.types import artifact_utils, standard_artifacts
from tfx.utils import io_utils

from tests.support.settings import defaults
from tests.support.summary import DATA
from tests.support.voltage import FROZEN, SCHEMA, anomalies, statistics
from tfx_pipeline.components.data_gate.component import DataApproval
from tfx_pipeline.components.data_gate.executor import FINDINGS_FILE, Executor
from tfx_pipeline.components.data_gate.findings import DataRejectedError
from tfx_pipeline.components.data_gate.settings import FINDINGS_PROPERTY
from tfx_pipeline.data.summary import DATA_SUMMARY_FILE

RULES = defaults().validation


def artifact(kind, folder):
    made = kind()
    made.uri = str(folder)
    return made


@pytest.fixture
def inputs(tmp_path):
    summary = DATA.model_copy(
        update={"missing_fraction": {"Voltage": 0.1}, "longest_frozen": {"Voltage": FROZEN}}
    )
    examples = artifact(standard_artifacts.Examples, tmp_path / "examples")
    io_utils.write_string_file(f"{examples.uri}/{DATA_SUMMARY_FILE}", summary.model_dump_json())
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
        "missing steps",
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
