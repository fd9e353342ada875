"""What the monitor reports of a meter that drifts, a sensor that freezes, a household that is away.

    .venv/bin/python benchmarks/monitoring.py outputs/serving/household-power/VERSION

The model is asked every five minutes of the newest fifth of the UCI data, which it was not trained
on; its answers go through the request log, and the monitor looks at them at the end of every day.
In each scenario something happens on one day, to what the model is fed with and to what is measured
afterwards alike, or to the client alone; several days are tried. What is reported of the data as
they are is a false alarm.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from figures import FILE, record

from tfx_pipeline.data.raw.errors import BadRows
from tfx_pipeline.data.raw.files import find_files
from tfx_pipeline.data.raw.location import locate
from tfx_pipeline.data.raw.reader import Reader
from tfx_pipeline.data.segments.splits import Interval, split_intervals
from tfx_pipeline.model_contract import DEFAULT_SIGNATURE, TIMESTAMP
from tfx_pipeline.monitoring.distributions import read_distributions
from tfx_pipeline.monitoring.gate import before
from tfx_pipeline.monitoring.live import Live
from tfx_pipeline.monitoring.report import MonitorReport
from tfx_pipeline.monitoring.requests import read_windows
from tfx_pipeline.monitoring.values import Values, needed
from tfx_pipeline.monitoring.watch import Reference, watch
from tfx_pipeline.series.clock import DAY
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.times import instant
from tfx_pipeline.serving.answered import Answered
from tfx_pipeline.serving.request_log import RequestLog
from tfx_pipeline.serving.request_records import log_files
from tfx_pipeline.serving.settings import RequestLogSettings
from tfx_pipeline.settings import load_settings

EVERY = 5
"""Steps between two forecasts."""
BATCH = 960
BEFORE, AFTER = 28, 42
"""Days of a scenario before and after what happens."""
ONSETS = ("2010-04-05", "2010-06-14", "2010-10-11")
QUIET = {"quiet": "test", "quiet_before": "eval"}
"""What has no scenario: the split that the bounds were set by, and the one before it, which the
model was not trained on either."""
HOLIDAY, AWAY = "2008-08-14", 14
"""A fortnight of the training data on which only the base load ran, and its days."""
LOG = RequestLogSettings(fraction=1, folder=None, file_mib=64, files=999, keep=timedelta(days=1))

Array = npt.NDArray[np.float32]
Change = Callable[[Array], None]
"""Changes the measurements [measurements, n] of a day and those after it, in place."""

SETTINGS = load_settings([])
SPEC, GRID = SETTINGS.spec, Grid(SETTINGS.spec)
STEPS = DAY // SPEC.step
"""Of a day."""
POWER, REACTIVE, VOLTAGE, CURRENT = SPEC.names[:4]


@dataclass(frozen=True)
class House:
    """The measurements of a household.

    Attributes:
        first: Number of the first step.
        values: [measurements, n].
    """

    first: int
    values: Array

    @property
    def span(self) -> Interval:
        return Interval(self.first, self.first + self.values.shape[1])

    def part(self, span: Interval) -> House:
        """A copy of the steps of a span that are there."""
        start, stop = max(span.start, self.span.start), min(span.stop, self.span.stop)
        return House(start, self.values[:, start - self.first : stop - self.first].copy())

    def changed(self, at: int, change: Change) -> House:
        """A copy in which something happens at a step."""
        values = self.values.copy()
        change(values[:, at - self.first :])
        return House(self.first, values)

    def measured(self) -> Values:
        """The same as the monitor reads it."""
        found = Values(self.span, len(self.values))
        for row, values in enumerate(self.values):
            found.put(row, np.arange(*self.span), values)
        return found


def nothing(values: Array) -> None:
    """Everything stays as it is."""


def gain(*names: str) -> Change:
    """A meter whose factor grows by 0.3 % a day."""

    def change(values: Array) -> None:
        for name in names:
            values[SPEC.names.index(name)] *= 1 + 0.003 * (np.arange(values.shape[1]) // STEPS)

    return change


def offset(name: str, by: float) -> Change:
    """A meter that shows too much at once."""

    def change(values: Array) -> None:
        values[SPEC.names.index(name)] += by

    return change


def times(name: str, factor: float) -> Change:
    """A client that sends another unit."""

    def change(values: Array) -> None:
        values[SPEC.names.index(name)] *= factor

    return change


def frozen(name: str) -> Change:
    """A sensor that stands still."""

    def change(values: Array) -> None:
        values[SPEC.names.index(name)] = values[SPEC.names.index(name), 0]

    return change


def away(house: House) -> Change:
    """Only the base load runs for a fortnight, as it once did."""
    first = int(GRID.index(instant(HOLIDAY, SPEC)))
    base = house.part(Interval(first, first + AWAY * STEPS)).values

    def change(values: Array) -> None:
        length = min(base.shape[1], values.shape[1])
        values[:, :length] = base[:, :length]

    return change


def scenarios(house: House) -> Mapping[str, tuple[Change, Change]]:
    """What happens to the house, and what the client does besides."""
    return {
        "voltage_gain": (gain(VOLTAGE), nothing),
        "power_gain": (gain(POWER), nothing),
        "transformer_gain": (gain(POWER, REACTIVE, CURRENT), nothing),
        "power_offset": (offset(POWER, 0.3), nothing),
        "voltage_frozen": (frozen(VOLTAGE), nothing),
        "power_frozen": (frozen(POWER), nothing),
        "away": (away(house), nothing),
        "client_watts": (nothing, times(POWER, 1000)),
        "client_no_voltage": (nothing, times(VOLTAGE, 0)),
    }


def live_of(signature: Any, version: str, fed: House, measured: House, span: Interval) -> Live:
    """Asks the model about windows of a span, and reads the log as the monitor does.

    Args:
        signature: Of the model.
        version: Of the model.
        fed: What it is asked with.
        measured: What comes.
        span: Steps in which the windows end.
    """
    shape = SETTINGS.shape
    origins = np.arange(span.start, span.stop, EVERY)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log = RequestLog(folder, LOG)
        for own in np.split(origins, range(BATCH, origins.size, BATCH)):
            places = own[:, None] + np.arange(1 - shape.window, 1) - fed.first
            inputs = {one: fed.values[row][places] for row, one in enumerate(SPEC.names)}
            inputs[TIMESTAMP] = GRID.seconds(own)
            found = signature(**{one: tf.constant(values) for one, values in inputs.items()})
            outputs = {one: values.numpy() for one, values in found.items()}
            log(answered(version, inputs, outputs))
            while log.counts["written"] < (own[-1] - span.start) // EVERY - 10 * BATCH:
                time.sleep(0.01)
        log.close(timeout=600)
        if log.counts["written"] != origins.size:
            raise RuntimeError(f"the log has {log.counts} of {origins.size} windows")
        live = Live(SPEC, span, {"": measured.measured()})
        for windows in read_windows(log_files(folder), SETTINGS.name, SPEC, span):
            live.add(windows)
    return live


def answered(version: str, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> Answered:
    """A request, as the server hands it to the log."""
    now, name = time.time(), SETTINGS.name
    return Answered(now, name, version, "stable", DEFAULT_SIGNATURE, inputs, outputs, None)


def daily(live: Live, days: range, first: int, reference: Reference) -> dict[int, MonitorReport]:
    """What the monitor reports at the end of each day.

    Args:
        live: What was asked and answered.
        days: To report of, counted from a step.
        first: That step.
        reference: What is compared with.
    """
    period = SETTINGS.monitoring.period // SPEC.cadence
    found = {}
    for day in days:
        stop = first + (day + 1) * STEPS
        live.newest = stop - 1
        found[day] = watch(live, Interval(stop - period, stop), SETTINGS, reference)
    return found


def first_days(reports: Mapping[int, MonitorReport]) -> dict[str, int]:
    """Alarm or absence -> days until it is reported for the first time."""
    found: dict[str, int] = {}
    for day, report in reports.items():
        names = [alarm.name for alarm in report.alarms] + ["absence"] * bool(report.absences)
        for name in names:
            found.setdefault(name, day + 1)
    return found


def quiet(
    signature: Any, version: str, house: House, reference: Reference, split: str
) -> dict[str, Any]:
    """What is reported of the data of a split as they are, every day, of the four weeks before."""
    own = split_intervals(house.span, SETTINGS.data_options)[split]
    start = -(-(own.start + SETTINGS.shape.window) // STEPS) * STEPS
    live = live_of(signature, version, house, house, Interval(start, own.stop - 1))
    days = range(BEFORE - 1, (own.stop - start) // STEPS)
    reports = daily(live, days, start, reference)
    alarms = Counter(alarm.name for report in reports.values() for alarm in report.alarms)
    distances = [one for report in reports.values() for one in report.drift or ()]
    groups = [group for report in reports.values() for group in report.answered]
    return {
        "windows": len(reports),
        "windows_with_alarms": sum(bool(report.alarms) for report in reports.values()),
        "alarms": dict(alarms),
        "apart": len(reports) // BEFORE + 1,
        "days_away": max(sum(one.days for one in report.absences) for report in reports.values()),
        "largest_drift": {
            name: max(one.value for one in distances if one.measurement == name)
            for name in SPEC.names
        },
        "largest_mse_low": max(group.bounds["mse_ratio"].low for group in groups),
        "largest_mae_low": max(group.bounds["mae_ratio"].low for group in groups),
        "mse_ratio": [f(g.scores.mse_ratio or 0 for g in groups) for f in (min, max)],
        "mae_ratio": [f(g.scores.mae_ratio or 0 for g in groups) for f in (min, max)],
        "coverage": [f(g.scores.coverage_p10_p90 or 0 for g in groups) for f in (min, max)],
    }


def main() -> None:
    """Runs everything and writes the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model", type=Path, help="folder of the pushed version")
    parser.add_argument("--outputs", type=Path, default=Path("outputs"), help="of its run")
    parser.add_argument("--only", nargs="*", help="scenarios; all, and the data as they are")
    options = parser.parse_args()
    version = options.model.name
    signature = tf.saved_model.load(str(options.model)).signatures[DEFAULT_SIGNATURE]
    known = before(options.outputs, options.model.parent, version)
    if known.statistics is None:
        raise SystemExit(f"{options.outputs}: no run that pushed {version}")
    reference = Reference({version: known}, read_distributions(known.statistics))
    files = find_files(locate(SETTINGS.data_path)).files
    parts = list(Reader(files, SPEC, BadRows(0)))
    house = House(int(parts[0].steps[0]), np.concatenate([one.values for one in parts], axis=1))
    # What is not measured again stays as it was.
    found: dict[str, Any] = json.loads(FILE.read_text("utf-8")).get("monitoring", {})
    found.pop("date", None)
    for name, split in QUIET.items():
        if options.only is None or name in options.only:
            found[name] = quiet(signature, version, house, reference, split)
            print(name, found[name], flush=True)
    for name, (change, client) in scenarios(house).items():
        if options.only is not None and name not in options.only:
            continue
        found[name] = {}
        for onset in ONSETS:
            at = int(GRID.index(instant(onset, SPEC)))
            span = Interval(at - BEFORE * STEPS, at + AFTER * STEPS)
            part = house.part(needed(span, SPEC)).changed(at, change)
            live = live_of(signature, version, part.changed(at, client), part, span)
            found[name][onset] = first_days(daily(live, range(AFTER), at, reference))
            print(name, onset, found[name][onset], flush=True)
    record("monitoring", found)


if __name__ == "__main__":
    main()
