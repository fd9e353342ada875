"""Two ways to ask a version: loaded here, or by a server that has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

import numpy as np
import tensorflow as tf
from tfx_kubeflow.errors import StepError

from tfx_pipeline.client.address import parse
from tfx_pipeline.client.errors import ForecastError
from tfx_pipeline.client.forecaster import connect
from tfx_pipeline.client.transport import Wanted
from tfx_pipeline.model_contract import DEFAULT_SIGNATURE

Ask = Callable[[Mapping[str, np.ndarray]], Mapping[str, np.ndarray]]
"""Inputs of the default signature -> its outputs."""

TIMEOUT = 30.0
"""Seconds that a server has for an answer."""


def loaded(folder: Path) -> Ask:
    """Loads a SavedModel; returns how it is asked.

    Raises:
        StepError: It cannot be loaded, or does not answer.
    """
    with _told(folder):
        model = tf.saved_model.load(str(folder))
        signature = model.signatures[DEFAULT_SIGNATURE]
    takes = signature.structured_input_signature[1]

    def ask(inputs: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        with _told(folder):
            given = {
                name: tf.constant(values.astype(takes[name].dtype.as_numpy_dtype))
                for name, values in inputs.items()
            }
            return {name: value.numpy() for name, value in signature(**given).items()}

    return ask


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except (tf.errors.OpError, OSError, ValueError, KeyError) as error:
        raise StepError(f"{folder}: does not answer: {error}") from error


@contextmanager
def of_server(url: str, name: str, version: str) -> Iterator[Ask]:
    """Connects with a running server; gives how a version is asked there.

    Args:
        url: Of the server: http://, or grpc://.
        name: Of the model.
        version: The version.

    Raises:
        StepError: It does not answer.
    """
    try:
        with closing(connect(parse(url), Wanted(name, version), TIMEOUT)) as transport:
            yield lambda inputs: transport.predict(inputs, uuid4().hex).outputs
    except ForecastError as error:
        raise StepError(str(error)) from error
