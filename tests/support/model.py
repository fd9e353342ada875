"""A small forecast SavedModel with both signatures, and Examples by the data contract.

The model answers persistence, corrected by a factor and an offset, so tests can make it good,
bad, or broken without training anything.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf

from tfx_pipeline.data.contract import METER, Windowing
from tfx_pipeline.model_contract import (
    DEFAULT_SIGNATURE,
    EXAMPLES,
    EXAMPLES_SIGNATURE,
    EXTRA_ASSETS,
    MEAN,
    METADATA_FILE,
    P10,
    P50,
    P90,
    REQUESTS_FILE,
    TIMESTAMP,
    WARM_UP_FILE,
    ModelMetadata,
)
from tfx_pipeline.scoring import SEASONS
from tfx_pipeline.series.clock import DAY
from tfx_pipeline.series.files import UCI_HOUSEHOLD, read_series
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec
from tfx_pipeline.serving.requests import RecordedRequest, write_requests

UCI = read_series(UCI_HOUSEHOLD)


class Persistence(tf.Module):
    """Forecasts `last + pull * (level - last) + offset`, for every step ahead.

    `median_pull` takes the place of `pull` in the median.
    """

    def __init__(
        self,
        target: str,
        windowing: Windowing,
        pull: float,
        level: float,
        offset: float,
        band: float,
        median_pull: float,
    ) -> None:
        super().__init__()
        self._target = target
        self._windowing = windowing
        self._pull = tf.Variable(pull, dtype=tf.float32)
        self._level = tf.Variable(level, dtype=tf.float32)
        self._offset = tf.Variable(offset, dtype=tf.float32)
        self._band = tf.Variable(band, dtype=tf.float32)
        self._median_pull = tf.Variable(median_pull, dtype=tf.float32)

    def forecast(self, windows: tf.Tensor) -> dict[str, tf.Tensor]:
        """Windows [..., window] of the target -> outputs [..., horizon]."""
        observed = ~tf.math.is_nan(windows)
        minutes = tf.range(self._windowing.window)
        last_index = tf.reduce_max(tf.where(observed, minutes, -1), axis=-1)
        picked = tf.equal(minutes, last_index[..., None])
        last = tf.reduce_sum(tf.where(picked, windows, 0.0), axis=-1)
        last = tf.where(last_index < 0, float("nan"), last)
        mean, median = (
            tf.repeat(
                (last + pull * (self._level - last) + self._offset)[..., None],
                self._windowing.horizon,
                axis=-1,
            )
            for pull in (self._pull, self._median_pull)
        )
        return {
            MEAN: mean,
            P10: mean - self._band,
            P50: median,
            P90: mean + self._band,
        }

    def serving_examples(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Serialized segments [batch] -> outputs [batch, origins, horizon]."""
        spec = {self._target: tf.io.FixedLenFeature([self._windowing.length], tf.float32)}
        series = tf.io.parse_example(examples, spec)[self._target]
        windows = tf.signal.frame(series, self._windowing.window, 1)[:, : self._windowing.origins]
        return self.forecast(windows)

    def serving_default(self, **inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """Windows [batch, window] by measurement, and timestamps -> outputs [batch, horizon]."""
        return self.forecast(inputs[self._target])


def save_model(
    folder: Path,
    windowing: Windowing,
    series: SeriesSpec = UCI,
    *,
    meters: int = 1,
    pull: float = 0.0,
    level: float = 1.0,
    offset: float = 0.0,
    band: float = 0.5,
    median_pull: float | None = None,
    missing: int = 0,
) -> Path:
    """Saves a SavedModel with everything the trainer adds; returns `folder`."""
    target = series.target.name
    median_pull = pull if median_pull is None else median_pull
    model = Persistence(target, windowing, pull, level, offset, band, median_pull)
    metadata = ModelMetadata(
        series=series,
        window=windowing.window,
        horizon=windowing.horizon,
        origins=windowing.origins,
        meters=meters,
        family="persistence",
        hyperparameters={},
    )
    signatures = {
        DEFAULT_SIGNATURE: tf.function(model.serving_default).get_concrete_function(
            **{
                name: tf.TensorSpec([None, *one.shape], one.dtype, name)
                for name, one in metadata.inputs.items()
            }
        ),
        EXAMPLES_SIGNATURE: tf.function(model.serving_examples).get_concrete_function(
            tf.TensorSpec([None], tf.string, EXAMPLES)
        ),
    }
    tf.saved_model.save(model, str(folder), signatures)
    (folder / EXTRA_ASSETS).mkdir()
    (folder / METADATA_FILE).write_text(metadata.model_dump_json())
    requests = record(model, metadata, windowing, missing)
    write_requests(folder / REQUESTS_FILE, requests)
    write_warmup(folder / WARM_UP_FILE, requests)
    return folder


def record(
    model: Persistence, metadata: ModelMetadata, windowing: Windowing, missing: int
) -> list[RecordedRequest]:
    """Asks both signatures a few requests; the segments lack their first `missing` minutes."""
    rng = np.random.default_rng(0)
    series = metadata.series
    target = series.target.name
    inputs: dict[str, np.ndarray] = {
        name: rng.gamma(1.0, 1.0, (3, *one.shape)).astype(np.float32)
        for name, one in metadata.inputs.items()
    }
    inputs[target][1, 3:7] = np.nan
    inputs[TIMESTAMP] = np.array([1266000000, 1266003600, 1266007200])
    if METER in inputs:
        inputs[METER] = np.array([b"one", b"two", b"new"], object)
    asked = segments(2, windowing, series=series)
    for example in asked:
        example.features.feature[target].float_list.value[:missing] = [float("nan")] * missing
    examples = np.array([example.SerializeToString() for example in asked], object)
    return [
        RecordedRequest(
            DEFAULT_SIGNATURE, inputs, _numpy(model.serving_default(**_tensors(inputs)))
        ),
        RecordedRequest(
            EXAMPLES_SIGNATURE,
            {EXAMPLES: examples},
            _numpy(model.serving_examples(tf.constant(examples))),
        ),
    ]


def write_warmup(path: Path, requests: list[RecordedRequest]) -> None:
    """Writes the requests as TF Serving's warm-up file."""
    from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

    with tf.io.TFRecordWriter(str(path)) as writer:
        for request in requests:
            call = predict_pb2.PredictRequest()
            call.model_spec.signature_name = request.signature_name
            for name, value in request.inputs.items():
                call.inputs[name].CopyFrom(tf.make_tensor_proto(value))
            log = prediction_log_pb2.PredictionLog(
                predict_log=prediction_log_pb2.PredictLog(request=call)
            )
            writer.write(log.SerializeToString())


def segments(
    count: int,
    windowing: Windowing,
    seed: int = 0,
    series: SeriesSpec = UCI,
    daily: float = 0.0,
    noise: float = 0.3,
) -> list[tf.train.Example]:
    """Consecutive segments of one random series with a few steps that were not observed.

    Args:
        count: How many.
        windowing: Their shape.
        seed: Of the series.
        series: Its description.
        daily: Amplitude of a wave that returns every day.
        noise: Deviation of what is new at each step.
    """
    rng = np.random.default_rng(seed)
    length = count * windowing.origins + windowing.length
    # Reverts to 1, so that pulling the last value there beats persistence.
    power = np.empty(length)
    power[0] = 1.0
    new = rng.normal(0, noise, length)
    for i in range(1, length):
        power[i] = power[i - 1] + 0.3 * (1.0 - power[i - 1]) + new[i]
    grid = Grid(series)
    origin = int(grid.index(1266000000)) // windowing.origins * windowing.origins
    first = origin - windowing.window + 1
    instants = grid.seconds(first + np.arange(length))
    power += daily * np.sin(2 * np.pi * grid.local(instants) / DAY)
    power[rng.random(length) < 0.02] = np.nan
    starts = windowing.origins * np.arange(count)
    return [segment(power.astype(np.float32), instants, i, windowing, series) for i in starts]


def segment(
    power: np.ndarray, instants: np.ndarray, start: int, windowing: Windowing, series: SeriesSpec
) -> tf.train.Example:
    """The segment whose values start at an index of a series."""
    example = tf.train.Example()
    feature = example.features.feature
    for i, name in enumerate(series.names):
        values = power[start : start + windowing.length] * (i or 1)
        feature[name].float_list.value.extend(values)
    for name, season in SEASONS.items():
        steps, rest = divmod(season, series.step)
        index = start + windowing.window + np.arange(windowing.labels) - steps
        known = (index >= 0) & (rest == 0)
        values = np.where(known, power[np.maximum(index, 0)], np.nan)
        feature[name].float_list.value.extend(values)
    origin = instants[start + windowing.window - 1]
    days, seconds = divmod(int(Grid(series).local(origin)), DAY)
    weekday = (days + 3) % 7
    feature["weight"].float_list.value.extend([1.0] * windowing.origins)
    feature["first_origin"].int64_list.value.append(origin)
    feature["hour"].int64_list.value.append(seconds // 3600)
    feature["weekday"].int64_list.value.append(weekday)
    feature["weekend"].int64_list.value.append(int(weekday >= 5))
    feature["meter"].bytes_list.value.append(b"")
    return example


def write_split(
    folder: Path, split: str, examples: list[tf.train.Example], shards: int = 2
) -> None:
    """Writes the examples of one split as an Examples artifact holds them."""
    target = folder / f"Split-{split}"
    target.mkdir(parents=True)
    for shard in range(shards):
        name = target / f"data_tfrecord-{shard:05d}-of-{shards:05d}.gz"
        with tf.io.TFRecordWriter(str(name), "GZIP") as writer:
            for example in examples[shard::shards]:
                writer.write(example.SerializeToString())


def _tensors(inputs: dict[str, np.ndarray]) -> dict[str, tf.Tensor]:
    return {name: tf.constant(value) for name, value in inputs.items()}


def _numpy(outputs: dict[str, tf.Tensor]) -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in outputs.items()}
