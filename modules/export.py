"""The SavedModel: raw units in, kW out, and the files that travel with it."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import model_pb2, predict_pb2, prediction_log_pb2

from modules import distribution, windowing
from modules.examples import Examples, serialized
from modules.features import Origins
from tfx_pipeline.data.contract import FIRST_ORIGIN, MEASUREMENTS, TARGET, WEIGHT
from tfx_pipeline.model_contract import (
    DEFAULT_SIGNATURE,
    EXAMPLES,
    EXAMPLES_SIGNATURE,
    EXTRA_ASSETS,
    METADATA_FILE,
    REQUESTS_FILE,
    TIMESTAMP,
    WARM_UP_FILE,
    ModelMetadata,
)
from tfx_pipeline.series.files import UCI_HOUSEHOLD, read_series
from tfx_pipeline.serving.requests import RecordedRequest, write_requests

# Requests recorded for the check before a push.
RECORDED = 8


class Forecaster(tf.Module):
    """A trained network together with everything that leads to it from raw units.

    Args:
        network: As `modules.networks.build_network` makes it, trained.
        examples: How segments are transformed and cut into windows.
    """

    def __init__(self, network: keras.Model, examples: Examples) -> None:
        super().__init__()
        self.network = network
        self.transform = examples.transform
        self._examples = examples
        self._windowing = examples.config.windowing
        self._domain = examples.domains[TARGET]

    def forecast_examples(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Serialized segments [batch] -> outputs in kW, each [batch, origins, horizon]."""
        forecast = self._forecast(self._examples.origins(examples))
        shape = [-1, self._windowing.origins, self._windowing.horizon]
        return {name: tf.reshape(values, shape) for name, values in forecast.items()}

    def forecast_windows(self, **inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """The last minutes of each meter -> outputs in kW, each [batch, horizon].

        Args:
            **inputs: Each measurement [batch, window], NaN where not observed, and `timestamp`,
                int64 [batch]: wall-clock seconds since 1970 of the last minute.
        """
        shape = self._windowing
        raw = {name: windowing.segment_of_window(inputs[name], shape) for name in MEASUREMENTS}
        raw[FIRST_ORIGIN] = inputs[TIMESTAMP][:, None]
        raw[WEIGHT] = tf.ones([tf.shape(inputs[TIMESTAMP])[0], shape.origins])
        return self._forecast(self._examples.origins_of_raw(raw, 0, shape.origins))

    def _forecast(self, origins: Origins) -> dict[str, tf.Tensor]:
        logits = self.network(origins.inputs, training=False)
        return distribution.forecast(logits, origins.last_observed, self._domain)

    def signatures(self) -> dict[str, Any]:
        """The concrete functions to export, by the name of their signature."""
        window = [None, self._windowing.window]
        specs = {name: tf.TensorSpec(window, tf.float32, name) for name in MEASUREMENTS}
        specs[TIMESTAMP] = tf.TensorSpec([None], tf.int64, TIMESTAMP)
        strings = tf.TensorSpec([None], tf.string, EXAMPLES)
        return {
            DEFAULT_SIGNATURE: tf.function(self.forecast_windows).get_concrete_function(**specs),
            EXAMPLES_SIGNATURE: tf.function(self.forecast_examples).get_concrete_function(strings),
        }


def export(
    network: keras.Model,
    examples: Examples,
    folder: str,
    eval_files: Sequence[str],
    hyperparameters: Mapping[str, Any],
) -> None:
    """Writes the SavedModel with its signatures, recorded requests and warm-up file.

    Args:
        network: Trained.
        examples: How segments are transformed and cut into windows.
        folder: Of the SavedModel.
        eval_files: Patterns of the files that the recorded requests are taken from.
        hyperparameters: Of the network, by name.
    """
    forecaster = Forecaster(network, examples)
    recorded = record(forecaster, eval_files, examples)
    tf.saved_model.save(forecaster, folder, forecaster.signatures())
    config = examples.config
    metadata = ModelMetadata(
        series=read_series(UCI_HOUSEHOLD),
        **config.windowing.model_dump(),
        family=config.model.family,
        hyperparameters=dict(hyperparameters),
    )
    with tempfile.TemporaryDirectory() as local:
        (Path(local) / EXTRA_ASSETS).mkdir()
        (Path(local) / METADATA_FILE).write_text(metadata.model_dump_json(indent=2))
        write_requests(Path(local) / REQUESTS_FILE, recorded)
        write_warm_up(Path(local) / WARM_UP_FILE, recorded)
        # The SavedModel may be on any file system that TensorFlow knows.
        tf.io.gfile.makedirs(f"{folder}/{EXTRA_ASSETS}")
        for name in (METADATA_FILE, REQUESTS_FILE, WARM_UP_FILE):
            tf.io.gfile.copy(str(Path(local) / name), f"{folder}/{name}", overwrite=True)


def record(
    forecaster: Forecaster, files: Sequence[str], examples: Examples
) -> list[RecordedRequest]:
    """Asks the model in memory through both signatures.

    Args:
        forecaster: The model before it is exported.
        files: Patterns of the files with the segments to ask about.
        examples: How segments are parsed.

    Returns:
        One request per signature with the answers.
    """
    segments = next(iter(serialized(files).batch(RECORDED)))
    raw = {
        name: values.numpy()
        for name, values in tf.io.parse_example(segments, examples.spec).items()
    }
    # The first origin that a forecast may be made from, where there is one.
    first = raw[WEIGHT].argmax(axis=1)
    minutes = first[:, None] + np.arange(examples.config.windowing.window)
    inputs = {name: np.take_along_axis(raw[name], minutes, axis=1) for name in MEASUREMENTS}
    inputs[TIMESTAMP] = raw[FIRST_ORIGIN][:, 0] + 60 * first
    return [
        RecordedRequest(DEFAULT_SIGNATURE, inputs, _answer(forecaster.forecast_windows, inputs)),
        RecordedRequest(
            EXAMPLES_SIGNATURE,
            {EXAMPLES: segments.numpy()},
            _answer(forecaster.forecast_examples, {EXAMPLES: segments}),
        ),
    ]


def write_warm_up(path: Path, recorded: Sequence[RecordedRequest]) -> None:
    """Writes requests for TensorFlow Serving to answer before it takes a version into service.

    Args:
        path: TFRecord file of PredictionLog.
        recorded: The requests.
    """
    with tf.io.TFRecordWriter(str(path)) as writer:
        for call in recorded:
            request = predict_pb2.PredictRequest(
                model_spec=model_pb2.ModelSpec(signature_name=call.signature_name),
                inputs={name: tf.make_tensor_proto(value) for name, value in call.inputs.items()},
            )
            log = prediction_log_pb2.PredictLog(request=request)
            writer.write(prediction_log_pb2.PredictionLog(predict_log=log).SerializeToString())


def _answer(forecast: Callable[..., dict[str, tf.Tensor]], inputs: Mapping[str, Any]) -> Any:
    outputs = forecast(**{name: tf.constant(value) for name, value in inputs.items()})
    return {name: values.numpy() for name, values in outputs.items()}
