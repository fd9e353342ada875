"""Forecasts as people and programs read them."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TextIO
from zoneinfo import ZoneInfo

import numpy as np
from rich.console import Console
from rich.table import Table

from tfx_pipeline.client.forecaster import Forecast
from tfx_pipeline.model_contract import OUTPUTS
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec

_EPOCH = datetime(1970, 1, 1)
_BLOCKS = "▁▂▃▄▅▆▇█"
_PAST = 40
"""Steps of the past in a line."""
COLUMNS = ("meter", "origin", "time", *OUTPUTS, "came", "version", "label")


def iso(instant: int, series: SeriesSpec) -> str:
    """An instant by the local clock in ISO 8601, with its offset where the series has a zone."""
    if series.zone is None:
        return (_EPOCH + timedelta(seconds=instant)).isoformat()
    return datetime.fromtimestamp(instant, UTC).astimezone(ZoneInfo(series.zone)).isoformat()


def records(forecast: Forecast) -> Iterator[dict[str, Any]]:
    """Each window as JSON has it; null where there is no value."""
    windows = forecast.windows
    series = windows.model.series
    grid = Grid(series)
    for row, meter in enumerate(windows.meters):
        steps = [
            {"time": iso(time, series)}
            | {name: _plain(getattr(forecast, name)[row, step]) for name in OUTPUTS}
            | {"came": _plain(windows.came[row, step])}
            for step, time in enumerate(forecast.times[row].tolist())
        ]
        yield {
            "target": series.target.name,
            "unit": series.target.unit,
            "meter": meter or None,
            "origin": iso(int(grid.seconds(windows.origins[row])), series),
            "observed_steps": int(windows.observed[row]),
            "window": windows.model.window,
            "version": forecast.version,
            "label": forecast.label,
            "steps": steps,
        }


def write_json(forecast: Forecast, out: TextIO) -> None:
    """One line of JSON for each window."""
    for record in records(forecast):
        out.write(json.dumps(record, allow_nan=False) + "\n")


def write_csv(forecast: Forecast, out: TextIO, header: bool = True) -> None:
    """One row for each step that is forecast."""
    writer = csv.writer(out, lineterminator="\n")
    if header:
        writer.writerow(COLUMNS)
    for record in records(forecast):
        for step in record["steps"]:
            values = record | step
            writer.writerow(["" if values[name] is None else values[name] for name in COLUMNS])


def print_table(forecast: Forecast, model: str, console: Console) -> None:
    """A table with the band of each step, and a line of the past and the forecast."""
    windows = forecast.windows
    series, grid = windows.model.series, Grid(windows.model.series)
    target = series.target
    console.print(f"{target.name}, {target.unit}, by {model}{answered(forecast)}", highlight=False)
    several = len(set(windows.meters)) > 1
    came = bool(np.isfinite(windows.came).any())
    first = ["meter"] if several else []
    table = Table(*first, "from", header_style="bold", box=None, pad_edge=False)
    for name in ("mean", "P10", "P50", "P90", *(["came"] if came else [])):
        table.add_column(name, justify="right")
    for row, meter in enumerate(windows.meters):
        for step, time in enumerate(forecast.times[row].tolist()):
            values = [getattr(forecast, name)[row, step] for name in OUTPUTS]
            values += [windows.came[row, step]] if came else []
            cells = [number(float(value)) for value in values]
            last = step == windows.model.horizon - 1
            table.add_row(*([meter] if several else []), grid.clock(time), *cells, end_section=last)
    console.print(table)
    if len(windows) == 1:
        console.print(sparkline(forecast), highlight=False)


def answered(forecast: Forecast) -> str:
    """Which version answered, as the end of a line."""
    if forecast.version is None:
        return ""
    return f", version {forecast.version}" + (f" ({forecast.label})" if forecast.label else "")


def print_lines(forecast: Forecast, console: Console) -> None:
    """Each window in a line: which steps are forecast, their means, and the last one's band."""
    windows = forecast.windows
    grid, unit = Grid(windows.model.series), windows.model.series.target.unit
    for row, meter in enumerate(windows.meters):
        start, end = (grid.clock(int(forecast.times[row, step])) for step in (0, -1))
        means = " ".join(number(float(value)) for value in forecast.mean[row])
        band = " .. ".join(number(float(one[row, -1])) for one in (forecast.p10, forecast.p90))
        parts = [meter, f"{start} .. {end}", f"{means} {unit}", f"P10..P90 {band}"]
        line = "  ".join(filter(None, parts)) + answered(forecast)
        console.print(line, highlight=False, soft_wrap=True)


def sparkline(forecast: Forecast) -> str:
    """The last steps of the past, and the median of those ahead."""
    past = forecast.windows.target[0, -_PAST:]
    ahead = forecast.p50[0, :_PAST]
    both = np.concatenate((past, ahead))
    if not np.isfinite(both).any():
        return ""
    low, high = float(np.nanmin(both)), float(np.nanmax(both))
    span = high - low or 1.0
    blocks = [
        " " if math.isnan(value) else _BLOCKS[min(7, int(8 * (value - low) / span))]
        for value in both.tolist()
    ]
    marks = "".join(blocks[: past.size]) + "│" + "".join(blocks[past.size :])
    return f"{number(low)} {marks} {number(high)} {forecast.windows.model.series.target.unit}"


def number(value: float) -> str:
    """Four significant digits; a dash where there is no value."""
    if math.isnan(value):
        return "-"
    digits = 0 if value == 0 else max(0, 3 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(digits, 3)}f}"


def _plain(value: np.floating) -> float | None:
    return None if np.isnan(value) else float(str(value))
