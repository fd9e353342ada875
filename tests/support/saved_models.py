"""Small served models, written in well under a second: of the contract, and `half_plus_two`."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf
from tfx_kubeflow.storage.served_versions import publish

from tests.support.model import save_model
from tfx_pipeline.data.contract import Windowing
from tfx_pipeline.model_contract import DEFAULT_SIGNATURE

WINDOWING = Windowing(window=50, horizon=5, origins=60)
"""Of the default settings."""


def write_version(base: Path, version: int, offset: float = 0.0) -> Path:
    """Writes `<base>/<version>/`, a model of the contract that answers "the last value + offset".

    Both signatures, `forecast.json`, recorded requests and warm-up file are there; the digest's
    record is not. In the band are `offset` +- 0.5.

    Returns:
        The version's folder.
    """
    base.mkdir(parents=True, exist_ok=True)
    return save_model(base / str(version), WINDOWING, offset=offset)


def push_version(base: Path, scratch: Path, version: int, offset: float = 0.0) -> str:
    """The same pushed as a run does, whole or not at all, with its digest beside it.

    Args:
        base: `<folder>/<name>` of the served model.
        scratch: An empty or new folder to write the model into first.
        version: Its number; the next free one where that is taken.
        offset: Added to the last value.

    Returns:
        The version.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    model = write_version(scratch, version, offset)
    return publish(model, str(base), clock=lambda: float(version)).version


class HalfPlusTwo(tf.Module):
    """`y = a * x + b`: the model of TensorFlow Serving's own examples."""

    def __init__(self, a: float, b: float) -> None:
        super().__init__()
        self.a, self.b = tf.Variable(a), tf.Variable(b)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "x")])
    def predict(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"y": self.a * x + self.b}


def write_half_plus(base: Path, version: int = 123, b: float = 2.0) -> Path:
    """Writes `<base>/<version>/` of `half_plus_two`, or three; returns the version's folder."""
    folder = base / str(version)
    model = HalfPlusTwo(0.5, b)
    tf.saved_model.save(model, str(folder), {DEFAULT_SIGNATURE: model.predict})
    return folder
