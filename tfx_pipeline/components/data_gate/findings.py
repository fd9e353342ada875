"""The rules of the data gate: what is wrong with the data, and how severe it is.

A new rule is one more function here that returns findings, called by the executor.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

from tfx_pipeline.data.summary import Extreme, FrozenRun, MeterFraction
from tfx_pipeline.series.durations import text

log = logging.getLogger(__name__)

Number = TypeVar("Number", int, float)

ERROR, WARNING, IGNORE = "error", "warning", "ignore"


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
    anomalies: anomalies_pb2.Anomalies,
    where: str,
    severities: Mapping[str, str],
    extremes: Mapping[str, Mapping[str, Extreme]] = MappingProxyType({}),
) -> list[Finding]:
    """Turns TFDV's anomalies into findings.

    Args:
        anomalies: Of one split, or of the drift against the data before.
        where: Names the split in messages.
        severities: TFDV anomaly type -> error, warning or ignore; others are errors.
        extremes: TFDV anomaly type -> measurement -> the value that shows where to look.
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
                if extreme := extremes.get(rule, {}).get(feature):
                    message += f" The data has {extreme}."
                findings.append(Finding(severity, rule, f"{where}: {feature}", message))
    return findings


def fraction_findings(
    fractions: Mapping[str, float],
    worst: Mapping[str, MeterFraction],
    rule: str,
    allowed: float,
    warn_above: float,
) -> list[Finding]:
    """Checks fractions of the steps: above `allowed` is an error, above `warn_above` a warning.

    Args:
        fractions: Measurement or law -> fraction of the steps of all meters.
        worst: The same -> the meter in which it is greatest, where there are several.
        rule: Names the rule in findings.
        allowed: The limit.
        warn_above: The limit without a warning.
    """
    findings = []
    for where, fraction in fractions.items():
        limit, severity = _limit(fraction, allowed, warn_above)
        if fraction > limit:
            message = f"{fraction:.3%} of the steps, allowed {limit:.3%}"
            if meter := worst.get(where):
                message += f"; most in meter {meter.meter}: {meter.fraction:.3%}"
            findings.append(Finding(severity, rule, where, message))
    return findings


def frozen_findings(
    longest: Mapping[str, FrozenRun], allowed: int, warn_above: int, step: int
) -> list[Finding]:
    """Checks how long a measurement keeps one value, as that of a stuck sensor does.

    Args:
        longest: Measurement -> its longest run.
        allowed: The limit, in steps.
        warn_above: The limit without a warning.
        step: Seconds of a step.
    """
    findings = []
    for where, run in longest.items():
        limit, severity = _limit(run.steps, allowed, warn_above)
        if run.steps > limit:
            meter = run.meter and f" of meter {run.meter}"
            message = f"{run.value:g} {run.unit}{meter} for {text(run.steps * step)} "
            message += f"from {run.first} on, allowed {text(limit * step)}"
            findings.append(Finding(severity, "frozen", where, message))
    return findings


def drift_from(
    previous: statistics_pb2.DatasetFeatureStatisticsList,
    current: statistics_pb2.DatasetFeatureStatisticsList,
    schema: schema_pb2.Schema,
) -> anomalies_pb2.Anomalies:
    """Compares the train split with the run before, by the schema's drift comparators.

    What was measured before may have been another series, which there is no drift from. Features
    without a comparator do not matter: another release may have had others.
    """
    compared = {one.name for one in schema.feature if one.HasField("drift_comparator")}
    if _features(current) & compared != _features(previous) & compared:
        log.info("no drift from the data before: they are of another series")
        return anomalies_pb2.Anomalies()
    return tfdv.validate_statistics(current, schema, previous_statistics=previous)


def drift_findings(drift: anomalies_pb2.Anomalies, severities: Mapping[str, str]) -> list[Finding]:
    """What of a drift is beyond the schema's thresholds."""
    found = schema_findings(drift, "drift", severities)
    return [finding for finding in found if finding.rule.startswith("COMPARATOR_")]


def drift_measures(drift: anomalies_pb2.Anomalies) -> list[dict[str, str | float]]:
    """Every distance that was measured, beyond its threshold or not."""
    return [
        {
            "feature": ".".join(info.path.step),
            "measure": anomalies_pb2.DriftSkewInfo.Measurement.Type.Name(one.type),
            "value": one.value,
            "threshold": one.threshold,
        }
        for info in drift.drift_skew_info
        for one in info.drift_measurements
    ]


def _features(statistics: statistics_pb2.DatasetFeatureStatisticsList) -> set[str]:
    return {step for one in statistics.datasets for f in one.features for step in f.path.step}


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
            + "\nfix the data, or review the curated schema and `validation` in the settings"
        )
    return findings


def _limit(value: Number, allowed: Number, warn_above: Number) -> tuple[Number, str]:
    """The limit that a value is held against, and how severe it is to be above it."""
    return (allowed, ERROR) if value > allowed else (warn_above, WARNING)
