"""The rules of the data gate: severities, fractions, stuck sensors, drift."""

from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

from tests.support.settings import defaults
from tests.support.voltage import FROZEN, SCHEMA, anomalies, statistics
from tfx_pipeline.components.data_gate.findings import (
    DataRejectedError,
    Finding,
    drift_findings,
    drift_from,
    drift_measures,
    fraction_findings,
    frozen_findings,
    judge,
    schema_findings,
)
from tfx_pipeline.data.curated_schema import read_schema
from tfx_pipeline.data.summary import Extreme, MeterFraction

PROJECT = Path(__file__).parents[4]
DATA = PROJECT / "tests/data"


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
    found = schema_findings(anomalies("SCHEMA_NEW_COLUMN"), "train", severities)
    assert [finding.severity for finding in found] == expected
    assert all(finding.where == "train: Voltage" for finding in found)


def test_a_value_out_of_its_domain_is_named_with_its_place():
    extreme = Extreme(value=285.5, unit="V", when="2009-01-01 10:00", file="house.csv", line=1234)
    found = anomalies("FLOAT_TYPE_BIG_FLOAT", "FLOAT_TYPE_SMALL_FLOAT")
    high, low = schema_findings(found, "train", {}, {"FLOAT_TYPE_BIG_FLOAT": {"Voltage": extreme}})
    assert "The data has 285.5 V at 2009-01-01 10:00 in house.csv, line 1234." in high.message
    assert "The data has" not in low.message


def test_a_split_without_data_is_an_error():
    nothing = anomalies_pb2.Anomalies(data_missing=True)
    [finding] = schema_findings(nothing, "eval", {"NO_DATA_IN_SPAN": "ignore"})
    assert finding.severity == "error"


def test_dataset_anomalies_count():
    found = anomalies_pb2.Anomalies()
    reason = found.dataset_anomaly_info.reason.add()
    reason.type = anomalies_pb2.AnomalyInfo.DATASET_LOW_NUM_EXAMPLES
    [finding] = schema_findings(found, "train", {})
    assert finding.rule == "DATASET_LOW_NUM_EXAMPLES"


def test_fractions_have_two_limits():
    fractions = {"low": 0.01, "middle": 0.1, "high": 0.5}
    worst = {"high": MeterFraction(meter="north", fraction=0.9)}
    found = fraction_findings(fractions, worst, "missing steps", 0.2, 0.05)
    assert {finding.where: finding.severity for finding in found} == {
        "middle": "warning",
        "high": "error",
    }
    assert found[0].message == "10.000% of the steps, allowed 5.000%"
    assert found[1].message.endswith("allowed 20.000%; most in meter north: 90.000%")


@pytest.mark.parametrize(
    ("steps", "severities"),
    [(480, []), (481, ["warning"]), (1440, ["warning"]), (5760, ["error"])],
)
def test_a_stuck_sensor_has_two_limits(steps, severities):
    frozen = {"Voltage": FROZEN.model_copy(update={"steps": steps})}
    found = frozen_findings(frozen, 1440, 480, step=60)
    assert [finding.severity for finding in found] == severities


def test_a_stuck_sensor_is_named_with_its_meter_and_how_long():
    run = FROZEN.model_copy(update={"meter": "north", "steps": 52})
    [finding] = frozen_findings({"Voltage": run}, 48, 16, step=1800)
    assert finding.message == (
        "241.18 V of meter north for 1 day 2 h from 2008-10-06 10:09 on, allowed 1 day"
    )


def test_drift_is_found_against_the_data_before():
    schema = text_format.Parse(SCHEMA, schema_pb2.Schema())
    before, after = statistics([230.0, 231.0] * 50), statistics([250.0, 251.0] * 50)
    drift = drift_from(before, after, schema)
    [finding] = drift_findings(drift, defaults().validation.severity)
    assert finding.severity == "warning"
    [measure] = drift_measures(drift)
    assert (measure["feature"], measure["measure"]) == ("Voltage", "JENSEN_SHANNON_DIVERGENCE")
    assert measure["value"] > measure["threshold"]
    assert drift_findings(drift_from(after, after, schema), defaults().validation.severity) == []


def test_another_series_is_no_drift():
    schema = text_format.Parse(SCHEMA, schema_pb2.Schema())
    before, after = statistics([230.0, 231.0] * 50), statistics([250.0, 251.0] * 50)
    for dataset in before.datasets:
        for feature in dataset.features:
            feature.path.step[:] = ["energy"]
    assert drift_findings(drift_from(before, after, schema), defaults().validation.severity) == []


def test_drift_is_found_against_what_release_0_1_0_recorded():
    recorded = (DATA / "statistics_0.1.0.pb").read_bytes()
    before = statistics_pb2.DatasetFeatureStatisticsList.FromString(recorded)
    now = statistics_pb2.DatasetFeatureStatisticsList.FromString(recorded)
    now.datasets[0].features.add(type="FLOAT").path.step.append("same_time_yesterday")
    schema = read_schema(PROJECT / "schema/uci-household.pbtxt")
    severities = defaults().validation.severity
    assert drift_findings(drift_from(before, now, schema), severities) == []
    [voltage] = [one for one in now.datasets[0].features if one.path.step == ["Voltage"]]
    for histogram in voltage.num_stats.histograms:
        for bucket in histogram.buckets:
            bucket.low_value += 30
            bucket.high_value += 30
    [finding] = drift_findings(drift_from(before, now, schema), severities)
    assert finding.where == "drift: Voltage"


def test_an_error_rejects_and_every_finding_is_reported():
    findings = [
        Finding("warning", "A", "here", "odd"),
        Finding("error", "B", "there", "wrong"),
    ]
    with pytest.raises(DataRejectedError, match=r"here: odd(.|\n)*there: wrong"):
        judge(findings)
    assert judge(findings[:1]) == findings[:1]
