"""A report of the monitor as Prometheus metrics, for node_exporter's textfile collector."""

from __future__ import annotations

from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

from tfx_pipeline.monitoring.live import STATES
from tfx_pipeline.monitoring.report import MonitorReport

PREFIX = "household_power_monitor_"
OF_VERSION = ("version", "label")
SCORES = {
    "mse_ratio": "Squared error of the mean over the best naive forecast's.",
    "mae_ratio": "Absolute error of the median over the best naive forecast's.",
    "coverage_p10_p90": "Fraction of what came within P10..P90.",
}
KINDS = ("error", "coverage", "stale", "missing", "physics", "drift", "skew", "frozen")
"""Of alarms: their names up to a colon."""


def write_metrics(report: MonitorReport, path: Path) -> None:
    """Writes the metrics, whole or not at all.

    Args:
        report: What was found.
        path: The file; node_exporter reads those that end in .prom.

    Raises:
        OSError: It cannot be written.
    """
    registry = CollectorRegistry()

    def gauge(name: str, words: str, labels: tuple[str, ...] = ()) -> Gauge:
        return Gauge(PREFIX + name, words, labels, registry=registry)

    gauge("last_run_seconds", "When the monitor ran, in seconds since 1970.").set_to_current_time()
    alarms = gauge("alarms", "Alarms of a kind.", ("kind",))
    for kind in KINDS:
        alarms.labels(kind).set(sum(one.name.split(":")[0] == kind for one in report.alarms))
    alarm = gauge("alarm", "1 for each alarm.", ("name", "version"))
    for one in report.alarms:
        alarm.labels(one.name, one.version or "").set(1)
    windows = gauge("windows", "Windows by what became of them.", (*OF_VERSION, "state"))
    live = {name: gauge(name, words, OF_VERSION) for name, words in SCORES.items()}
    gate = {
        name: gauge(f"gate_{name}", f"At the gate. {SCORES[name]}", OF_VERSION) for name in live
    }
    for group in report.answered:
        for state in STATES:
            windows.labels(group.version, group.label, state).set(getattr(group, state))
        for gauges, scores in ((live, group.scores), (gate, group.gate)):
            for name, one_gauge in gauges.items():
                value = getattr(scores, name, None)
                if value is not None:
                    one_gauge.labels(group.version, group.label).set(value)
    for name, distances in (("drift", report.drift), ("skew", report.skew)):
        distance = gauge(name, "Jensen-Shannon divergence.", ("measurement",))
        for found in distances or ():
            distance.labels(found.measurement).set(found.value)
    missing = gauge("missing_fraction", "Of the inputs' steps.", ("measurement",))
    for measurement, fraction in (report.inputs.missing_fraction if report.inputs else {}).items():
        missing.labels(measurement).set(fraction)
    write_to_textfile(str(path), registry)
