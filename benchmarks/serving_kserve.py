"""kserve's own Python server with a SavedModel, a peer of `benchmarks/serving.py`.

    python serving_kserve.py MODEL NAME --http_port=PORT

Runs in an environment of its own, which has kserve and TensorFlow; asked by KServe's v1 protocol.
"""

import sys

import numpy as np
import tensorflow as tf
from kserve import Model, ModelServer


class SavedModel(Model):
    """The default signature of a SavedModel, as kserve's documentation has custom models."""

    def __init__(self, folder: str, name: str) -> None:
        super().__init__(name)
        self._loaded = tf.saved_model.load(folder)
        self._signature = self._loaded.signatures["serving_default"]
        self._inputs = self._signature.structured_input_signature[1]
        self.ready = True

    def predict(
        self, payload: dict, headers: object = None, response_headers: object = None
    ) -> dict:
        """Answers v1's `instances`, a dict of inputs each."""
        rows = payload["instances"]
        tensors = {
            name: tf.constant(np.array([row[name] for row in rows], spec.dtype.as_numpy_dtype))
            for name, spec in self._inputs.items()
        }
        outputs = {
            name: value.numpy().tolist() for name, value in self._signature(**tensors).items()
        }
        return {
            "predictions": [
                dict(zip(outputs, row, strict=True)) for row in zip(*outputs.values(), strict=True)
            ]
        }


if __name__ == "__main__":
    ModelServer(enable_grpc=False, enable_latency_logging=False).start([SavedModel(*sys.argv[1:3])])
