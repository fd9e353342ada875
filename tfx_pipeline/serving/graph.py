"""A SavedModel as TensorFlow Serving loads it: the graph alone, and what that restores itself.

`tf.saved_model.load` builds Python's objects and gives each variable its value; a model can be well
that way while the graph's own restore operation leaves variables without a value.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import numpy as np
import tensorflow as tf

from tfx_pipeline.serving.requests import RecordedRequest

SERVE = "serve"
"""Tag of the graph that servers load."""


class GraphModel:
    """Answers requests until it is left.

    Args:
        model: Folder of the SavedModel.
    """

    def __init__(self, model: Path) -> None:
        self._session = tf.compat.v1.Session(graph=tf.Graph())
        graph = tf.compat.v1.saved_model.load(self._session, [SERVE], str(model))
        self._signatures = graph.signature_def

    def __enter__(self) -> GraphModel:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._session.close()

    def ask(self, request: RecordedRequest) -> dict[str, np.ndarray]:
        """Runs the signature of a request; outputs by name."""
        signature = self._signatures[request.signature_name]
        fed = {signature.inputs[name].name: value for name, value in request.inputs.items()}
        fetched = {name: tensor.name for name, tensor in signature.outputs.items()}
        answer: dict[str, np.ndarray] = self._session.run(fetched, fed)
        return answer
