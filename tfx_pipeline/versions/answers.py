"""Two ways to ask a version: loaded here, or by the REST API of a server that has it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import tensorflow as tf
from tfx_kubeflow.errors import StepError

from tfx_pipeline.model_contract import DEFAULT_SIGNATURE, OUTPUTS

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


def of_server(client: httpx.Client, name: str, version: str) -> Ask:
    """Returns how a version of a running server is asked.

    Args:
        client: Of the server.
        name: Of the model.
        version: The version.
    """

    def ask(inputs: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        path = f"/v1/models/{name}/versions/{version}:predict"
        # NaN as TensorFlow Serving has it, which is not quite JSON.
        body = json.dumps(
            {
                "signature_name": DEFAULT_SIGNATURE,
                "inputs": {one: _plain(values) for one, values in inputs.items()},
            }
        )
        try:
            answer = client.post(path, content=body, timeout=TIMEOUT)
            found = json.loads(answer.content)
        except (httpx.HTTPError, ValueError) as error:
            raise StepError(f"{client.base_url}: {path}: {error}") from error
        if answer.is_error or "outputs" not in found:
            said = found.get("error", answer.reason_phrase)
            raise StepError(f"{client.base_url}: {path}: {said}")
        return {one: np.array(found["outputs"][one], dtype=np.float32) for one in OUTPUTS}

    return ask


def _plain(values: np.ndarray) -> list[Any]:
    if values.dtype.kind == "O":
        return [one.decode() for one in values.tolist()]
    return list(values.tolist())
