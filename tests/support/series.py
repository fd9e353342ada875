"""Seeded household-like minutes, and the raw files that hold them.

>>> day = household(1440, seed=3)
>>> day.values.shape
(7, 1440)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from tests.support.settings import MEASUREMENTS

_EPOCH = datetime(1970, 1, 1)
# Power in kW, minutes on and minutes off on average, of what each sub-meter measures.
_APPLIANCES = ((1, 2.1, 25, 900), (2, 0.12, 12, 25), (2, 1.9, 50, 2500), (3, 1.1, 60, 400))


@dataclass(frozen=True)
class Series:
    """Minutes of one household.

    Attributes:
        minutes: int64 [n], minutes since 1970.
        values: float64 [7, n] in the order and units of MEASUREMENTS; NaN = missing.
        meter: Name of the household.
    """

    minutes: np.ndarray
    values: np.ndarray
    meter: str = ""

    def without_rows(self, *runs: slice) -> Series:
        """Drops rows; runs count from the first row."""
        keep = np.ones(self.minutes.size, bool)
        for run in runs:
            keep[run] = False
        return replace(self, minutes=self.minutes[keep], values=self.values[:, keep])

    def without_values(self, *runs: slice, measurements: Iterable[str] = MEASUREMENTS) -> Series:
        """Keeps the rows but leaves out some or all measurements."""
        values = self.values.copy()
        for run in runs:
            for name in measurements:
                values[MEASUREMENTS.index(name), run] = np.nan
        return replace(self, values=values)


def household(
    minutes: int, start: str = "2007-01-01 00:00", seed: int = 0, meter: str = ""
) -> Series:
    """Simulates a base load with appliances that switch on and off.

    The physics fits: sub-meters never exceed the total, and the current follows from power and
    voltage. Values are rounded as the original meter does.
    """
    rng = np.random.default_rng(seed)
    first = round((datetime.fromisoformat(start) - _EPOCH) / timedelta(minutes=1))
    clock = np.arange(first, first + minutes)
    sub_meters = np.zeros((3, minutes))
    for sub_meter, power, on, off in _APPLIANCES:
        sub_meters[sub_meter - 1] += np.round(power * 1000 / 60) * _switching(rng, minutes, on, off)
    daily = 0.15 * np.sin(2 * np.pi * (clock % 1440 / 1440 - 0.4))
    base = np.maximum(0.08, 0.3 + daily + 0.02 * rng.standard_normal(minutes))
    active = base + sub_meters.sum(axis=0) * 60 / 1000
    reactive = 0.1 + 0.05 * active + 0.01 * np.abs(rng.standard_normal(minutes))
    voltage = 241 - 0.8 * active + rng.standard_normal(minutes)
    intensity = np.hypot(active, reactive) * 1000 / voltage
    values = np.stack(
        [active.round(3), reactive.round(3), voltage.round(2), intensity.round(1), *sub_meters]
    )
    return Series(clock, values, meter)


def _switching(rng: np.random.Generator, minutes: int, on: float, off: float) -> np.ndarray:
    cycles = 2 + int(4 * minutes / (on + off))
    lengths = np.ceil(rng.exponential(np.tile([off, on], cycles))).astype(int)
    states = np.repeat(np.tile([0, 1], cycles), lengths)
    return np.resize(states, minutes)


def write_uci(path: Path, *series: Series) -> Path:
    """Writes the original UCI text format, rows in order of time."""
    header = ";".join((*_meter_column(series), "Date", "Time", *MEASUREMENTS))
    lines = [
        ";".join((*meter, f"{when.day}/{when.month}/{when.year}", f"{when:%H:%M:%S}", *fields))
        for meter, when, fields in _rows(series, "{:.3f}", "?")
    ]
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def write_iso(path: Path, *series: Series, by_meter: bool = False) -> Path:
    """Writes ISO CSV, rows in order of time or one household after the other."""
    header = ",".join((*_meter_column(series), "date_time", *MEASUREMENTS))
    lines = [
        ",".join((*meter, when.isoformat(" "), *fields))
        for meter, when, fields in _rows(series, "{:.3f}", "", by_meter)
    ]
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def _meter_column(series: Iterable[Series]) -> tuple[str, ...]:
    return ("meter",) if any(one.meter for one in series) else ()


def _rows(
    series: tuple[Series, ...], number: str, missing: str, by_meter: bool = False
) -> list[tuple[tuple[str, ...], datetime, list[str]]]:
    named = bool(_meter_column(series))
    rows = [
        (
            (one.meter,) if named else (),
            _EPOCH + timedelta(minutes=int(minute)),
            [missing if np.isnan(value) else number.format(value) for value in column],
        )
        for one in series
        for minute, column in zip(one.minutes, one.values.T, strict=True)
    ]
    return rows if by_meter else sorted(rows, key=lambda row: row[1])
