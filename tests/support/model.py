"""A small forecast SavedModel with both signatures, and Examples by the data contract.

The model answers persistence, corrected by a factor and an offset, so tests can make it good,
bad, or broken without training anything.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf

from tfx_pipeline.data.contract import MEASUREMENTS, TARGET, Windowing
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
from tfx_pipeline.series.files import UCI_HOUSEHOLD, read_series
from tfx_pipeline.serving.requests import RecordedRequest, write_requests


class Persistence(tf.Module):
    """Forecasts `last + pull * (level - last) + offset` kW, for every minute ahead.

    `median_pull` takes the place of `pull` in the median.
    """

    def __init__(
        self,
        windowing: Windowing,
        pull: float,
        level: float,
        offset: float,
        band: float,
        median_pull: float,
    ) -> None:
        super().__init__()
        self._windowing = windowing
        self._pull = tf.Variable(pull, dtype=tf.float32)
        self._level = tf.Variable(level, dtype=tf.float32)
        self._offset = tf.Variable(offset, dtype=tf.float32)
        self._band = tf.Variable(band, dtype=tf.float32)
        self._median_pull = tf.Variable(median_pull, dtype=tf.float32)

    def forecast(self, windows: tf.Tensor) -> dict[str, tf.Tensor]:
        """Windows [..., window] of the target in kW -> outputs [..., horizon]."""
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
        spec = {TARGET: tf.io.FixedLenFeature([self._windowing.length], tf.float32)}
        series = tf.io.parse_example(examples, spec)[TARGET]
        windows = tf.signal.frame(series, self._windowing.window, 1)[:, : self._windowing.origins]
        return self.forecast(windows)

    def serving_default(self, **inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """Windows [batch, window] by measurement, and timestamps -> outputs [batch, horizon]."""
        return self.forecast(inputs[TARGET])


def save_model(
    folder: Path,
    windowing: Windowing,
    *,
    pull: float = 0.0,
    level: float = 1.0,
    offset: float = 0.0,
    band: float = 0.5,
    median_pull: float | None = None,
    missing: int = 0,
) -> Path:
    """Saves a SavedModel with everything the trainer adds; returns `folder`."""
    model = Persistence(
        windowing, pull, level, offset, band, pull if median_pull is None else median_pull
    )
    signatures = {
        DEFAULT_SIGNATURE: tf.function(model.serving_default).get_concrete_function(
            **{
                name: tf.TensorSpec([None, windowing.window], tf.float32, name)
                for name in MEASUREMENTS
            },
            timestamp=tf.TensorSpec([None], tf.int64, "timestamp"),
        ),
        EXAMPLES_SIGNATURE: tf.function(model.serving_examples).get_concrete_function(
            tf.TensorSpec([None], tf.string, EXAMPLES)
        ),
    }
    tf.saved_model.save(model, str(folder), signatures)
    (folder / EXTRA_ASSETS).mkdir()
    metadata = ModelMetadata(
        series=read_series(UCI_HOUSEHOLD),
        window=windowing.window,
        horizon=windowing.horizon,
        origins=windowing.origins,
        family="persistence",
        hyperparameters={},
    )
    (folder / METADATA_FILE).write_text(metadata.model_dump_json())
    requests = record(model, windowing, missing)
    write_requests(folder / REQUESTS_FILE, requests)
    write_warmup(folder / WARM_UP_FILE, requests)
    return folder


def record(model: Persistence, windowing: Windowing, missing: int) -> list[RecordedRequest]:
    """Asks both signatures a few requests; the segments lack their first `missing` minutes."""
    rng = np.random.default_rng(0)
    inputs = {
        name: rng.gamma(1.0, 1.0, (3, windowing.window)).astype(np.float32) for name in MEASUREMENTS
    }
    inputs[TARGET][1, 3:7] = np.nan
    inputs[TIMESTAMP] = np.array([1266000000, 1266003600, 1266007200])
    asked = segments(2, windowing)
    for example in asked:
        example.features.feature[TARGET].float_list.value[:missing] = [float("nan")] * missing
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


def segments(count: int, windowing: Windowing, seed: int = 0) -> list[tf.train.Example]:
    """Consecutive clock-hour segments of one random series with a few unobserved minutes."""
    rng = np.random.default_rng(seed)
    step = windowing.origins
    length = count * step + windowing.length
    # Reverts to 1 kW, so that pulling the last value there beats persistence.
    power = np.empty(length, np.float32)
    power[0] = 1.0
    noise = rng.normal(0, 0.3, length).astype(np.float32)
    for i in range(1, length):
        power[i] = power[i - 1] + 0.3 * (1.0 - power[i - 1]) + noise[i]
    power[rng.random(length) < 0.02] = np.nan
    return [segment(power[i * step :], 1266000000 // 3600 + i, windowing) for i in range(count)]


def segment(power: np.ndarray, hour: int, windowing: Windowing) -> tf.train.Example:
    """The segment whose origin 0 is `hour` hours after 1970, of a series that starts there."""
    day = hour // 24
    weekday = (day + 3) % 7
    example = tf.train.Example()
    feature = example.features.feature
    for i, name in enumerate(MEASUREMENTS):
        values = power[: windowing.length] * (1 if name == TARGET else i)
        feature[name].float_list.value.extend(values)
    feature["weight"].float_list.value.extend([1.0] * windowing.origins)
    feature["first_origin"].int64_list.value.append(hour * 3600)
    feature["hour"].int64_list.value.append(hour % 24)
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
