"""The windows that training cuts out of files, and the description of a model that takes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tfx_pipeline.data.contract import Windowing
from tfx_pipeline.data.gather import gathered
from tfx_pipeline.data.meter import Meter
from tfx_pipeline.data.options import DataOptions
from tfx_pipeline.data.raw.errors import BadRows
from tfx_pipeline.data.raw.reader import Reader, in_order
from tfx_pipeline.data.segments.cutter import SegmentCutter, usable_intervals
from tfx_pipeline.data.segments.splits import Interval
from tfx_pipeline.model_contract import ModelMetadata
from tfx_pipeline.series.spec import SeriesSpec

_EVER = {"train": Interval(-(10**9), 10**10)}


def model(series: SeriesSpec, windowing: Windowing, meters: int = 1) -> ModelMetadata:
    """The description of a model of a series."""
    return ModelMetadata(
        series=series,
        **windowing.model_dump(),
        meters=meters,
        family="mlp",
        hyperparameters={},
    )


def of_training(
    files: list[Path], series: SeriesSpec, windowing: Windowing, max_gap: int
) -> dict[tuple[str, int], np.ndarray]:
    """Meter and step of each origin -> its steps, float32 [measurements, window + horizon]."""
    options = DataOptions(
        series=series,
        windowing=windowing,
        max_gap=max_gap,
        rows=None,
        max_bad_rows=1000,
        train_fraction=0.7,
        eval_fraction=0.1,
    )
    paths = in_order([str(file) for file in files], series)
    meters: dict[str, Meter] = {}
    for rows in gathered(Reader(paths, series, BadRows(1000))):
        meters.setdefault(rows.meter, Meter(rows.meter, options, ())).add(rows)
    cutters = {
        name: SegmentCutter(
            name, usable_intervals(meter.gaps.intervals(), _EVER, windowing), options
        )
        for name, meter in meters.items()
    }
    found = []
    for rows in gathered(Reader(paths, series, BadRows(1000))):
        found += [(rows.meter, part) for part in cutters[rows.meter].feed(rows.steps, rows.values)]
    for name, cutter in cutters.items():
        found += [(name, part) for part in cutter.finish()]
    length = windowing.window + windowing.horizon
    return {
        (name, int(first) + origin): part.values[:, number, origin : origin + length].copy()
        for name, part in found
        for number, first in enumerate(part.first_origin)
        for origin in np.flatnonzero(part.weight[number]).tolist()
    }
