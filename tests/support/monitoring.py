"""A house whose forecasts are logged: what came, what the model was asked, what it answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np

from tests.support.series import Series, household
from tests.support.settings import SERIES, defaults
from tfx_pipeline.data.contract import METER
from tfx_pipeline.data.segments.splits import Interval
from tfx_pipeline.model_contract import DEFAULT_SIGNATURE, TIMESTAMP
from tfx_pipeline.monitoring.distributions import Distribution
from tfx_pipeline.monitoring.live import Live
from tfx_pipeline.monitoring.requests import Windows
from tfx_pipeline.monitoring.values import Values
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec
from tfx_pipeline.serving.answered import Answered
from tfx_pipeline.serving.request_log import RequestLog
from tfx_pipeline.serving.settings import RequestLogSettings
from tfx_pipeline.settings import Settings

MODEL = defaults().name
HORIZON, WINDOW = 5, 50
DAY = 1440
LOG = RequestLogSettings(fraction=1, folder=None, file_mib=64, files=9, keep=timedelta(days=1))


def house(days: int, seed: int = 0, meter: str = "") -> Series:
    """So many days of minutes, from 2007-01-01 on."""
    return household(days * DAY, seed=seed, meter=meter)


def forecasts(
    target: np.ndarray, origins: np.ndarray, error: float = 0.5, covered: float = 0.8
) -> dict[str, np.ndarray]:
    """Outputs that err by a fraction of what persistence does.

    Args:
        target: [n].
        origins: Places in it.
        error: That fraction.
        covered: Fraction of the steps ahead that the band holds.
    """
    ahead = origins[:, None] + np.arange(1, HORIZON + 1)
    truth = target[np.minimum(ahead, target.size - 1)]
    mean = truth + error * (target[origins][:, None] - truth)
    held = np.random.default_rng(3).random(truth.shape) < covered
    low, high = truth - 0.1, np.where(held, truth + 0.1, truth - 0.05)
    outputs = {"mean": mean, "p10": low, "p50": mean, "p90": high}
    return {name: values.astype(np.float32) for name, values in outputs.items()}


def inputs(one: Series, origins: np.ndarray) -> dict[str, np.ndarray]:
    """Windows of a house, by name of the measurement."""
    places = origins[:, None] + np.arange(1 - WINDOW, 1)
    return {
        name: values[places].astype(np.float32)
        for name, values in zip(SERIES.names, one.values, strict=True)
    }


def windows(
    one: Series,
    origins: np.ndarray,
    outputs: Mapping[str, np.ndarray] | None = None,
    version: str = "17",
    label: str = "stable",
) -> Windows:
    """Windows as they are read from the log; the target must have no gap but where outputs are."""
    found = outputs or forecasts(one.values[0], origins)
    steps = one.minutes[origins]
    return Windows(one.meter, version, label, steps, steps * 60, inputs(one, origins), dict(found))


def measured(*series: Series, spec: SeriesSpec = SERIES) -> dict[str, Values]:
    """What came, as it is read from files."""
    found = {}
    for one in series:
        span = Interval(int(one.minutes[0]), int(one.minutes[-1]) + 1)
        found[one.meter] = Values(span, len(spec.names))
        for row, values in enumerate(one.values):
            found[one.meter].put(row, one.minutes, values.astype(np.float32))
    return found


def span_of(one: Series, first_day: int, days: int) -> Interval:
    """Some days of a house, as steps."""
    start = int(one.minutes[0]) + first_day * DAY
    return Interval(start, start + days * DAY)


def live_of(
    fed: Series, came: Series, first_day: int, days: int, every: int = 10, **of_forecasts: float
) -> Live:
    """What is joined of a house that is asked about every so many minutes."""
    live = Live(SERIES, span_of(came, first_day, days), measured(came))
    origins = np.arange(first_day * DAY, (first_day + days) * DAY - HORIZON, every)
    outputs = forecasts(came.values[0], origins, **of_forecasts)
    live.add(windows(fed, origins, outputs))
    return live


def training_of(one: Series) -> dict[str, Distribution]:
    """The distributions of a house's measurements."""
    found = {
        name: Distribution.of(values) for name, values in zip(SERIES.names, one.values, strict=True)
    }
    return {name: of for name, of in found.items() if of}


def log_of(
    folder: Path,
    fed: Sequence[Series],
    first_day: int,
    days: int,
    every: int = 10,
    version: str = "17",
    settings: Settings | None = None,
) -> None:
    """Writes the request log of houses that are asked about every so many minutes."""
    grid = Grid((settings or defaults()).spec)
    log = RequestLog(folder, LOG)
    for one in fed:
        origins = np.arange(first_day * DAY, (first_day + days) * DAY - HORIZON, every)
        sent = inputs(one, origins) | {TIMESTAMP: grid.seconds(one.minutes[origins])}
        if one.meter:
            sent[METER] = np.array([one.meter.encode()] * origins.size, object)
        outputs = forecasts(one.values[0], origins)
        log(Answered(1.0, MODEL, version, "stable", DEFAULT_SIGNATURE, sent, outputs, None))
    log.close()
