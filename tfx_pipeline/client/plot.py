"""A page of its own with past, forecast and band: the newest window of each meter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tfx_pipeline.client.forecaster import Forecast
from tfx_pipeline.client.show import answered, number
from tfx_pipeline.model_contract import OUTPUTS
from tfx_pipeline.report.html.assets import rendered
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.whole import write_whole

TEMPLATES = Path(__file__).parent / "templates"
_PAST, _TIMES = 60, 4
"""Steps of the past that are drawn: so many, or so many times those that are forecast."""


def write_plot(forecast: Forecast, model: str, path: Path) -> None:
    """Writes the page, whole or not at all; it needs no other file.

    Args:
        forecast: Of some windows.
        model: Name of the model.
        path: Of the page.
    """
    write_whole(path, render(forecast, model))


def render(forecast: Forecast, model: str) -> str:
    """The page as HTML."""
    meters = forecast.windows.meters
    newest = {meter: row for row, meter in enumerate(meters)}.values()
    target = forecast.windows.model.series.target
    return rendered(
        TEMPLATES,
        "forecast",
        [_chart(forecast, row) for row in newest],
        {},
        target=target,
        answered=f"{model}{answered(forecast)}",
        forecasts=[_table(forecast, row) for row in newest],
    )


def _table(forecast: Forecast, row: int) -> dict[str, Any]:
    windows = forecast.windows
    grid = Grid(windows.model.series)
    times = forecast.times[row].tolist()
    outputs = [getattr(forecast, name) for name in OUTPUTS]
    return {
        "meter": windows.meters[row],
        "from": grid.clock(times[0]),
        "observed": int(windows.observed[row]),
        "window": windows.model.window,
        "steps": [
            (grid.clock(time), [number(float(one[row, step])) for one in outputs])
            for step, time in enumerate(times)
        ],
    }


def _chart(forecast: Forecast, row: int) -> dict[str, Any]:
    """Columns of what is drawn, over the local clock."""
    windows = forecast.windows
    model, grid = windows.model, Grid(windows.model.series)
    shown = min(model.window, max(_PAST, _TIMES * model.horizon))
    steps = int(windows.origins[row]) + np.arange(1 - shown, model.horizon + 1)
    known = np.concatenate((windows.target[row, model.window - shown :], windows.came[row]))
    before = np.full(shown, np.nan)
    return {
        "unit": model.series.target.unit,
        "x": grid.local(grid.seconds(steps)).tolist(),
        "now": int(grid.local(grid.seconds(int(windows.origins[row]) + 1))),
        "known": _plain(known),
        **{
            name: _plain(np.concatenate((before, getattr(forecast, name)[row]))) for name in OUTPUTS
        },
    }


def _plain(values: np.ndarray) -> list[float | None]:
    return [None if np.isnan(value) else round(float(value), 5) for value in values]
