"""Asks for the forecasts of a command line, and prints them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from tfx_pipeline.client import piped, show
from tfx_pipeline.client.arriving import Arriving
from tfx_pipeline.client.errors import ForecastError
from tfx_pipeline.client.files import read_windows
from tfx_pipeline.client.follow import follow
from tfx_pipeline.client.forecaster import Forecast, Forecaster
from tfx_pipeline.client.model import model_of
from tfx_pipeline.client.plot import write_plot
from tfx_pipeline.client.tail import GrowingFile, Source, StandardInput
from tfx_pipeline.client.windows import Windows, remarks, require_target
from tfx_pipeline.data.raw.errors import BadRows
from tfx_pipeline.data.raw.files import find_files
from tfx_pipeline.data.raw.location import locate
from tfx_pipeline.model_contract import ModelMetadata
from tfx_pipeline.output import Output
from tfx_pipeline.series.spec import SeriesSpec
from tfx_pipeline.series.times import instant
from tfx_pipeline.settings import Settings

STDIN = "-"


def ask(parsed: argparse.Namespace, settings: Settings) -> None:
    """Asks and prints.

    Args:
        parsed: The command line.
        settings: Those in force.

    Raises:
        DataError: The file breaks a rule of the data.
        FileNotFoundError: There is none.
        ForecastError: There is no forecast.
    """
    own_series = any(one.startswith("--series") for one in parsed.settings)
    with Forecaster(
        parsed.server or f"http://127.0.0.1:{settings.serving.rest_port}",
        settings.name,
        version=parsed.version,
        label=parsed.label,
        protocol=parsed.protocol,
        timeout=parsed.timeout,
    ) as forecaster:
        model = model_of(forecaster.served(), settings, parsed.version, own_series)
        if parsed.follow:
            _follow(parsed, forecaster, model)
            return
        windows = _windows(parsed, settings, model)
        require_target(windows)
        for remark in remarks(windows):
            _report(f"note: {remark}")
        forecast = forecaster.forecast(windows)
    _show(parsed, settings, forecast)
    if parsed.plot:
        _plot(forecast, settings.name, parsed.plot)


def _windows(parsed: argparse.Namespace, settings: Settings, model: ModelMetadata) -> Windows:
    at = None if parsed.at is None else _instant(parsed.at, model.series)
    bad_rows = BadRows(settings.data.max_bad_rows)
    choice: dict[str, Any] = {"meter": parsed.meter, "at": at, "last": parsed.last}
    if parsed.file == STDIN:
        windows = piped.read_piped(sys.stdin.buffer.read(), model, bad_rows=bad_rows, **choice)
    else:
        files = _files(parsed.file, settings)
        windows = read_windows(files, model, bad_rows=bad_rows, **choice)
    for problem in bad_rows.first:
        _report(f"left out: {problem}")
    return windows


def _instant(text: str, series: SeriesSpec) -> int:
    try:
        return instant(text, series)
    except ValueError as error:
        raise ForecastError(f"--at: {error}") from error


def _files(path: str | None, settings: Settings) -> list[str]:
    try:
        return find_files(locate(path or settings.data_path)).files
    except FileNotFoundError as error:
        if path is None:
            raise
        raise ForecastError(str(error).removeprefix("data.path: ")) from error


def _show(parsed: argparse.Namespace, settings: Settings, forecast: Forecast) -> None:
    if parsed.json:
        show.write_json(forecast, sys.stdout)
    elif parsed.csv:
        show.write_csv(forecast, sys.stdout)
    else:
        show.print_table(forecast, settings.name, _output())


def _output() -> Output:
    """Names of meters are printed as they are: [kWh] is no style, and :house: no picture."""
    return Output(markup=False, emoji=False)


def _plot(forecast: Forecast, model: str, path: Path) -> None:
    try:
        write_plot(forecast, model, path)
    except OSError as error:
        raise ForecastError(f"--plot: {path}: {error.strerror}") from error


def _follow(parsed: argparse.Namespace, forecaster: Forecaster, model: ModelMetadata) -> None:
    source: Source
    if parsed.file == STDIN:
        source, series, name = *piped.rows_of(StandardInput(), model.series), piped.NAME
    else:
        source, series, name = GrowingFile(Path(parsed.file)), model.series, parsed.file
    arriving = Arriving(model, series, name, parsed.meter, _report)
    console, first = _output(), True

    def shown(forecast: Forecast) -> None:
        nonlocal first
        if parsed.json:
            show.write_json(forecast, sys.stdout)
        elif parsed.csv:
            show.write_csv(forecast, sys.stdout, header=first)
        else:
            show.print_lines(forecast, console)
        sys.stdout.flush()
        first = False

    follow(source, arriving, forecaster, shown, _report)


def _report(message: str) -> None:
    """Says what is no forecast."""
    print(message, file=sys.stderr, flush=True)
