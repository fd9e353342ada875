"""A version of a model in memory: its signatures, how they are called, and who still calls them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2
from tensorflow.python.framework.ops import gradient_registry

from tfx_pipeline.model_contract import METADATA_FILE, WARM_UP_FILE
from tfx_pipeline.server.errors import Code, ServingError, invalid
from tfx_pipeline.server.signature import Signature, Spec, Tensors
from tfx_pipeline.serving.warm_up import read_warm_up

SERVE = "serve"
"""Tag of the graph that servers load."""


class LoadedVersion:
    """A SavedModel that answers.

    Args:
        folder: Of the SavedModel.
        number: Its version.

    Raises:
        Exception: Whatever a broken SavedModel makes TensorFlow raise.
    """

    def __init__(self, folder: Path, number: int) -> None:
        self.folder = folder
        self.number = number
        self.since = time.time()
        self.definitions = _definitions(folder)
        self._model = _load(folder)
        self._functions: dict[str, Any] = dict(self._model.signatures)
        self.signatures = {
            name: _signature(name, function) for name, function in self._functions.items()
        }
        metadata = folder / METADATA_FILE
        self.metadata = metadata.read_bytes() if metadata.is_file() else None
        """The content of `forecast.json`; None where the model has none."""
        self._callers = 0
        self._turn = threading.Lock()
        self._when_idle: Callable[[], None] | None = None

    def signature(self, name: str) -> Signature:
        """Returns a signature.

        Raises:
            ServingError: The model has none of that name.
        """
        if name not in self.signatures:
            raise invalid(
                f'signature_name: "{name}" is not in the model, '
                f"it has {', '.join(self.signatures) or 'none'}"
            )
        return self.signatures[name]

    def warm_up(self) -> int:
        """Asks the requests of the warm-up file, if there is one, as TF Serving does.

        Returns:
            How many there were.

        Raises:
            Exception: The file is broken, or a request fails.
        """
        path = self.folder / WARM_UP_FILE
        requests = read_warm_up(path) if path.is_file() else []
        for request in requests:
            # Strings come as arrays of Python's or NumPy's own types.
            inputs = {
                name: value.astype(self.signature(request.signature_name).inputs[name].numpy_dtype)
                for name, value in request.inputs.items()
            }
            self.call(request.signature_name, inputs)
        return len(requests)

    def call(self, name: str, inputs: Tensors) -> dict[str, np.ndarray]:
        """Calls a signature.

        Args:
            name: Of the signature.
            inputs: As `Signature.check` lets them pass.

        Raises:
            ServingError: TensorFlow cannot compute it.
        """
        specs = self.signatures[name].inputs
        try:
            tensors = {
                key: tf.constant(value, specs[key].dtype, shape=value.shape)
                for key, value in inputs.items()
            }
            return {key: value.numpy() for key, value in self._functions[name](**tensors).items()}
        except (tf.errors.InvalidArgumentError, tf.errors.OutOfRangeError) as error:
            raise invalid(f"signature {name!r}: {_first_line(error)}") from error
        except tf.errors.OpError as error:
            raise ServingError(
                Code.INTERNAL, f"signature {name!r}: {_first_line(error)}"
            ) from error

    @contextmanager
    def in_use(self) -> Iterator[LoadedVersion]:
        """Keeps the version in memory while a request asks it."""
        with self._turn:
            self._callers += 1
        try:
            yield self
        finally:
            with self._turn:
                self._callers -= 1
            self._maybe_idle()

    def retire(self, when_idle: Callable[[], None]) -> None:
        """Has a function called once no request uses the version; none may begin any more."""
        self._when_idle = when_idle
        self._maybe_idle()

    def _maybe_idle(self) -> None:
        with self._turn:
            if self._callers or not self._when_idle:
                return
            when_idle, self._when_idle = self._when_idle, None
        when_idle()


def _load(folder: Path) -> Any:
    # TensorFlow keeps the gradients of each model that it ever loaded, and with them its graphs: 50
    # MiB for one of ours. Servers ask for none.
    known = set(gradient_registry.list())
    try:
        return tf.saved_model.load(str(folder))
    finally:
        for name in set(gradient_registry.list()) - known:
            del gradient_registry._registry[name]  # noqa: SLF001, it has no method for it


def _definitions(folder: Path) -> Mapping[str, meta_graph_pb2.SignatureDef]:
    """The signatures as the file states them, which is what metadata requests are answered with."""
    model = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    graphs = [graph for graph in model.meta_graphs if SERVE in graph.meta_info_def.tags]
    if not graphs:
        raise ValueError(f"{folder}: has no graph with the tag {SERVE!r}")
    return dict(graphs[0].signature_def)


def _signature(name: str, function: Any) -> Signature:
    takes = function.structured_input_signature[1]
    return Signature(
        name=name,
        inputs={key: _spec(takes[key]) for key in sorted(takes)},
        outputs={key: _spec(spec) for key, spec in sorted(function.structured_outputs.items())},
    )


def _spec(spec: tf.TensorSpec) -> Spec:
    rank = spec.shape.rank
    return Spec(spec.dtype.name, None if rank is None else tuple(spec.shape.as_list()))


def _first_line(error: tf.errors.OpError) -> str:
    lines = [line for line in str(error.message).splitlines() if line.strip()]
    return next((one for one in lines if one != "Graph execution error:"), "failed")[:500]
