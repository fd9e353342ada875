"""The SavedModel: raw units in, the target's unit out, and the files that travel with it."""

import functools
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import model_pb2, predict_pb2, prediction_log_pb2

from modules import windowing
from modules.examples import Examples, serialized
from modules.features import Origins
from tfx_pipeline.data.contract import FIRST_ORIGIN, METER, WEIGHT
from tfx_pipeline.model_contract import (
    DEFAULT_SIGNATURE,
    EXAMPLES,
    EXAMPLES_SIGNATURE,
    EXTRA_ASSETS,
    METADATA_FILE,
    OUTPUTS,
    REQUESTS_FILE,
    TIMESTAMP,
    WARM_UP_FILE,
    ModelMetadata,
)
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.serving.requests import RecordedRequest, write_requests

# Requests recorded for the check before a push.
RECORDED = 8
# Parts of a request of many segments that are forecast at a time: operations that take one core
# leave others to them.
PARTS = 4


class Forecaster(tf.Module):
    """A trained network together with everything that leads to it from raw units.

    Args:
        network: As `modules.networks.build_network` makes it, trained.
        examples: How segments are transformed and cut into windows.
        metadata: What the model is for; names the inputs.
    """

    def __init__(self, network: keras.Model, examples: Examples, metadata: ModelMetadata) -> None:
        super().__init__()
        # Not the network itself: of a Keras variable the SavedModel would restore a copy, and who
        # loads the graph alone, as TensorFlow Serving does, would find its own without a value.
        self.weights = [variable.value for variable in network.variables]
        self._logits = functools.partial(network, training=False)
        self._examples = examples
        self._metadata = metadata

    def forecast_examples(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Serialized segments [batch] -> outputs, each [batch, origins, horizon]."""
        shape = [self._metadata.origins, self._metadata.horizon]
        return _of_any(tf.shape(examples)[0], shape, lambda: self._forecast_parts(examples))

    def _forecast_parts(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        count = tf.shape(examples)[0]
        parts = -(-count // self._examples.segments_at_once)
        # Of one size: the last is filled up with the first segment.
        size = -(-count // parts)
        filled = tf.concat([examples, tf.repeat(examples[:1], parts * size - count)], axis=0)
        forecast = tf.map_fn(
            lambda part: self._forecast(self._examples.origins(part)),
            tf.reshape(filled, [parts, size]),
            fn_output_signature=dict.fromkeys(OUTPUTS, tf.float32),
            parallel_iterations=PARTS,
        )
        shape = [-1, self._metadata.origins, self._metadata.horizon]
        return {name: tf.reshape(values, shape)[:count] for name, values in forecast.items()}

    def forecast_windows(self, **inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """The last steps of each meter -> outputs, each [batch, horizon].

        Args:
            **inputs: As `ModelMetadata.inputs` describes them.
        """
        batch = tf.shape(inputs[TIMESTAMP])[0]
        return _of_any(batch, [self._metadata.horizon], lambda: self._forecast_rows(inputs))

    def _forecast_rows(self, inputs: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        origins = self._metadata.origins
        length = self._examples.config.windowing.length
        batch = tf.shape(inputs[TIMESTAMP])[0]
        raw = {
            name: windowing.segment_of(inputs[name], length) for name in self._metadata.series.names
        }
        raw[FIRST_ORIGIN] = inputs[TIMESTAMP][:, None]
        raw[METER] = inputs[METER][:, None] if METER in inputs else tf.fill([batch, 1], "")
        raw[WEIGHT] = tf.ones([batch, origins])
        return self._forecast(self._examples.origins_of_raw(raw, 0, origins))

    def _forecast(self, origins: Origins) -> dict[str, tf.Tensor]:
        logits = self._logits(origins.inputs)
        return self._examples.histogram.forecast(
            logits, origins.base, origins.scale, self._examples.domain
        )

    def signatures(self) -> dict[str, Any]:
        """The concrete functions to export, by the name of their signature."""
        specs = {
            name: tf.TensorSpec([None, *one.shape], one.dtype, name)
            for name, one in self._metadata.inputs.items()
        }
        strings = tf.TensorSpec([None], tf.string, EXAMPLES)
        return {
            DEFAULT_SIGNATURE: _traced(self.forecast_windows, **specs),
            EXAMPLES_SIGNATURE: _traced(self.forecast_examples, strings),
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
    config = examples.config
    metadata = ModelMetadata(
        series=config.series,
        **config.windowing.model_dump(),
        meters=examples.meters,
        family=config.model.family,
        hyperparameters=dict(hyperparameters),
    )
    forecaster = Forecaster(network, examples, metadata)
    signatures = forecaster.signatures()
    recorded = record(signatures, eval_files, examples, metadata)
    tf.saved_model.save(forecaster, folder, signatures)
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
    signatures: Mapping[str, Callable[..., dict[str, tf.Tensor]]],
    files: Sequence[str],
    examples: Examples,
    metadata: ModelMetadata,
) -> list[RecordedRequest]:
    """Asks the model in memory through both signatures.

    Args:
        signatures: Of the model before it is exported.
        files: Patterns of the files with the segments to ask about.
        examples: How segments are parsed.
        metadata: What the model is for.

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
    grid = Grid(metadata.series)
    times = {
        METER: raw[METER][:, 0],
        TIMESTAMP: grid.seconds(grid.index(raw[FIRST_ORIGIN][:, 0]) + first),
    }
    inputs = {
        name: times[name]
        if name in times
        else np.take_along_axis(raw[name], first[:, None] + np.arange(*one.shape), axis=1)
        for name, one in metadata.inputs.items()
    }
    return [
        RecordedRequest(DEFAULT_SIGNATURE, inputs, _answer(signatures[DEFAULT_SIGNATURE], inputs)),
        RecordedRequest(
            EXAMPLES_SIGNATURE,
            {EXAMPLES: segments.numpy()},
            _answer(signatures[EXAMPLES_SIGNATURE], {EXAMPLES: segments}),
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


def _traced(forecast: Callable[..., dict[str, tf.Tensor]], *args: Any, **kwargs: Any) -> Any:
    # AutoGraph would take seconds to rewrite code that has no Python control flow over tensors.
    return tf.function(forecast, autograph=False).get_concrete_function(*args, **kwargs)


def _of_any(
    count: tf.Tensor, shape: Sequence[int], forecast: Callable[[], dict[str, tf.Tensor]]
) -> dict[str, tf.Tensor]:
    """Outputs [count, *shape]; empty where nothing is asked, for features need a first row."""
    nothing = dict.fromkeys(OUTPUTS, tf.zeros([0, *shape]))
    return tf.cond(count > 0, forecast, lambda: nothing)


def _answer(forecast: Callable[..., dict[str, tf.Tensor]], inputs: Mapping[str, Any]) -> Any:
    outputs = forecast(**{name: tf.constant(value) for name, value in inputs.items()})
    return {name: values.numpy() for name, values in outputs.items()}
