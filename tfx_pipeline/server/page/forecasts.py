"""The last forecasts, as the page draws them: a bounded number, in memory alone."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfx_pipeline.data.contract import METER
from tfx_pipeline.model_contract import (
    DEFAULT_SIGNATURE,
    P10,
    P50,
    P90,
    TIMESTAMP,
    ModelMetadata,
)
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.serving.answered import Answered

KEPT = 256
"""Forecasts, over all meters: no more than a megabyte."""
MOST_OF_A_REQUEST = 64
"""The last windows of a request; a large batch does not push out all others."""
WINDOWS_SHOWN = 2
"""How far the chart looks back, in windows of the model."""
BAND = (P10, P50, P90)
LATEST = 253_402_300_799
"""End of the year 9999, beyond which no calendar shows a time."""


@dataclass(frozen=True)
class _Forecast:
    """One window with its forecast.

    Attributes:
        answer: What it is of.
        metadata: Of the model that answered.
        meter: Empty where the model knows one alone.
        origin: Seconds since 1970 at which the window's last step begins.
        past: float [window] of the target.
        ahead: float [3, horizon], the `BAND`.
    """

    answer: tuple[float, str, str | None]
    metadata: ModelMetadata
    meter: str
    origin: int
    past: np.ndarray
    ahead: np.ndarray


class RecentForecasts:
    """Keeps the last forecasts of models of the contract, and lays them out for a chart.

    Args:
        metadata: Gives the description of a version's model; None where it has none.
    """

    def __init__(self, metadata: Callable[[str], ModelMetadata | None]) -> None:
        self._metadata = metadata
        self._kept: deque[_Forecast] = deque(maxlen=KEPT)
        self._lock = threading.Lock()

    def observe(self, answered: Answered) -> None:
        """Keeps the forecasts of a request; one that is none of the contract's is passed over."""
        metadata = self._metadata(answered.version)
        if metadata is None or answered.signature != DEFAULT_SIGNATURE:
            return
        inputs, outputs = answered.inputs, answered.outputs
        if not _fit(metadata, inputs, outputs):
            return
        last = slice(-MOST_OF_A_REQUEST, None)
        origins = inputs[TIMESTAMP][last].tolist()
        meters = map(_text, inputs[METER][last]) if METER in inputs else [""] * len(origins)
        # Copies: a view would keep the whole request in memory.
        past = inputs[metadata.series.target.name][last].copy()
        ahead = np.stack([outputs[name][last] for name in BAND], axis=1)
        answer = (answered.at, answered.version, answered.label)
        found = [
            _Forecast(answer, metadata, *one)
            for one in zip(meters, origins, past, ahead, strict=True)
            if abs(one[1]) <= LATEST
        ]
        with self._lock:
            self._kept.extend(found)

    def chart(self, meter: str | None = None) -> dict[str, Any] | None:
        """The newest forecast of a meter, and what came before it.

        A time that several forecasts are about has the newest one's values; of what was measured
        it has what was said last.

        Args:
            meter: None, or one that is not known: that of the last request.

        Returns:
            Columns over `x`, seconds since 1970, null where nothing is known; None without any
            forecast.
        """
        with self._lock:
            kept = list(self._kept)
        if not kept:
            return None
        meters = sorted({one.meter for one in kept})
        meter = meter if meter in meters else kept[-1].meter
        rows = [one for one in kept if one.meter == meter]
        newest = rows[-1]
        metadata = newest.metadata
        grid = Grid(metadata.series)
        origin = int(grid.index(newest.origin))
        first = origin - WINDOWS_SHOWN * metadata.window + 1
        columns = np.full((1 + len(BAND), origin + metadata.horizon + 1 - first), np.nan)
        same = [one for one in rows if one.metadata.series == metadata.series]
        at = [int(grid.index(one.origin)) - first for one in same]
        for one, last in zip(same, at, strict=True):
            if last <= origin - first:
                _lay(columns[:1], last - len(one.past) + 1, one.past[np.newaxis])
        for last, one in sorted(zip(at, same, strict=True), key=lambda pair: pair[0]):
            if last <= origin - first:
                _lay(columns[1:], last + 1, one.ahead)
        known = np.isfinite(columns).any(axis=0)
        start = int(np.argmax(known)) if known.any() else 0
        answered, version, label = newest.answer
        names = ("measured", *BAND)
        return {
            "meters": meters,
            "meter": meter,
            "target": metadata.series.target.name,
            "unit": metadata.series.target.unit,
            "zone": metadata.series.zone,
            "step": metadata.series.step,
            "origin": int(grid.seconds(origin)),
            "at": answered,
            "version": version,
            "label": label,
            "forecasts": len(rows),
            "x": grid.seconds(np.arange(first + start, first + columns.shape[1])).tolist(),
            **{name: _nulls(columns[i, start:]) for i, name in enumerate(names)},
        }


def _fit(
    metadata: ModelMetadata, inputs: Mapping[str, np.ndarray], outputs: Mapping[str, np.ndarray]
) -> bool:
    """Whether a request and its answer have the shapes that the description tells of."""
    target = metadata.series.target.name
    if not {target, TIMESTAMP} <= inputs.keys() or not set(BAND) <= outputs.keys():
        return False
    batch = len(inputs[target])
    return (
        inputs[target].shape == (batch, metadata.window)
        and inputs[TIMESTAMP].shape == (batch,)
        and (METER not in inputs or inputs[METER].shape == (batch,))
        and all(outputs[name].shape == (batch, metadata.horizon) for name in BAND)
    )


def _lay(columns: np.ndarray, start: int, values: np.ndarray) -> None:
    """Writes values into columns from an index on, where they are numbers and there is room."""
    cut = max(0, -start)
    room = columns[:, start + cut : max(0, start + values.shape[1])]
    values = values[:, cut : cut + room.shape[1]]
    np.copyto(room, values, where=np.isfinite(values))


def _text(meter: bytes | str) -> str:
    return meter.decode(errors="replace") if isinstance(meter, bytes) else str(meter)


def _nulls(values: np.ndarray) -> list[float | None]:
    """Figures with six digits, which is what a float32 holds; None for those that are none."""
    return [float(f"{value:.6g}") if np.isfinite(value) else None for value in values.tolist()]
