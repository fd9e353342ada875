"""Asks an evaluated model about the newest part of the test split, for people to look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow_model_analysis.proto import config_pb2
from tfx.dsl.io import fileio

from tfx_pipeline.data.contract import FIRST_ORIGIN, METER, WEIGHT, Windowing
from tfx_pipeline.evaluation.config import series_of, windowing_of
from tfx_pipeline.evaluation.excerpts import (
    EXCERPTS_FILE,
    SHOWN,
    Track,
    choose,
    excerpt_length,
    steps_ahead,
)
from tfx_pipeline.model_contract import EXAMPLES_SIGNATURE
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec

MOST_ORIGINS = 10_000
"""Forecasts that are made: a week of minutes."""
MOST_FORECASTS = 500_000
"""The same, counted by step ahead."""
AT_ONCE = 20_000
"""Of one request, counted by step ahead."""
MOST_METERS = 4

Features = Mapping[str, npt.NDArray]


def write_excerpts(
    examples: str, model: str, evaluation: str, config: config_pb2.EvalConfig
) -> None:
    """Writes `EXCERPTS_FILE` into an evaluation's folder, unless the split is empty.

    Args:
        examples: Folder of the test split.
        model: Folder of the SavedModel.
        evaluation: Folder of the evaluation.
        config: As it was evaluated.
    """
    series, windowing = series_of(config), windowing_of(config)
    segments = _newest(examples, series, windowing)
    if segments is None:
        return
    ahead = steps_ahead(windowing.horizon, excerpt_length(series.step))
    forecast = np.concatenate(list(_answers(model, segments[_RECORD], windowing, ahead)), axis=1)
    tracks = []
    for meter in np.unique(segments[METER]).tolist():
        own = segments[METER] == meter
        of_meter = {name: values[own] for name, values in segments.items()}
        tracks.append(_track(of_meter, forecast[:, own], ahead, series, windowing))
    with fileio.open(f"{evaluation}/{EXCERPTS_FILE}", "w") as file:
        file.write(choose(tracks, ahead, series).model_dump_json())


_RECORD = "record"


def _newest(folder: str, series: SeriesSpec, windowing: Windowing) -> Features | None:
    """The newest segments of some meters, in order of time, with the record of each.

    The names of the files are in the order of time, too; no more of them are read than it takes.
    """
    origins = min(MOST_ORIGINS, MOST_FORECASTS // windowing.horizon)
    most = max(1, origins // windowing.origins)
    found: list[dict[str, npt.NDArray]] = []
    meters: list[bytes] = []
    for path in sorted(fileio.glob(f"{folder}/*"), reverse=True):
        records = list(tf.data.TFRecordDataset(path, "GZIP").as_numpy_iterator())
        if not records:
            continue
        segments = _parsed(records, series, windowing)
        names = np.unique(segments[METER])
        chosen = np.linspace(0, names.size - 1, min(names.size, MOST_METERS)).astype(int)
        meters = meters or names[chosen].tolist()
        own = np.isin(segments[METER], meters)
        found.append({name: values[own] for name, values in segments.items()})
        if sum(one[METER].size for one in found) >= most:
            break
    if not found:
        return None
    joined = {name: np.concatenate([one[name] for one in found]) for name in found[0]}
    order = np.argsort(joined[FIRST_ORIGIN], kind="stable")[-most:]
    return {name: values[order] for name, values in joined.items()}


def _parsed(
    records: Sequence[bytes], series: SeriesSpec, windowing: Windowing
) -> dict[str, npt.NDArray]:
    """The features that are looked at: [n] or [n, steps]."""
    parsed = tf.io.parse_example(
        records,
        {
            series.target.name: tf.io.FixedLenFeature([windowing.length], tf.float32),
            WEIGHT: tf.io.FixedLenFeature([windowing.origins], tf.float32),
            FIRST_ORIGIN: tf.io.FixedLenFeature([], tf.int64),
            METER: tf.io.FixedLenFeature([], tf.string),
        },
    )
    found = {name: values.numpy() for name, values in parsed.items()}
    return found | {_RECORD: np.array(records, object)}


def _answers(
    model: str, records: npt.NDArray, windowing: Windowing, ahead: Sequence[int]
) -> Iterator[npt.NDArray[np.float32]]:
    """What the model answers, [`SHOWN`, n, origins, ahead] by request."""
    loaded = tf.saved_model.load(model)
    ask = loaded.signatures[EXAMPLES_SIGNATURE]
    at_once = max(1, AT_ONCE // (windowing.origins * windowing.horizon))
    for start in range(0, records.size, at_once):
        answer = ask(examples=tf.constant(records[start : start + at_once].tolist()))
        yield np.stack([answer[name].numpy()[..., np.array(ahead) - 1] for name in SHOWN])


def _track(
    segments: Features,
    forecast: npt.NDArray[np.float32],
    ahead: Sequence[int],
    series: SeriesSpec,
    windowing: Windowing,
) -> Track:
    """Lays the segments of one meter and their forecasts side by side.

    Args:
        segments: Of the meter.
        forecast: [`SHOWN`, n, origins, ahead].
        ahead: The steps ahead.
        series: What is forecast.
        windowing: How the segments are cut.
    """
    grid = Grid(series)
    origins = grid.index(segments[FIRST_ORIGIN])
    first = int(origins.min()) + 1
    size = int(origins.max()) + windowing.labels + 1 - first
    actual = np.full(size, np.nan, np.float32)
    labels = segments[series.target.name][:, windowing.window :]
    at = origins[:, None] + 1 + np.arange(windowing.labels) - first
    observed = ~np.isnan(labels)
    actual[at[observed]] = labels[observed]
    side_by_side = np.full((len(SHOWN), len(ahead), size), np.nan, np.float32)
    due = segments[WEIGHT] > 0
    now = (origins[:, None] + np.arange(windowing.origins) - first)[due]
    for number, steps in enumerate(ahead):
        side_by_side[:, number, now + steps] = forecast[:, due, number]
    return Track(
        meter=segments[METER][0].decode(errors="replace"),
        first=first,
        actual=actual,
        forecast=side_by_side,
        local=grid.local(grid.seconds(first + np.arange(size))),
    )
