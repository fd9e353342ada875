"""The Open Inference Protocol by gRPC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tfx_pipeline.client import wire
from tfx_pipeline.client.channel import Channel
from tfx_pipeline.client.errors import ForecastError, ServerError
from tfx_pipeline.client.kserve import DATATYPES, DTYPES
from tfx_pipeline.client.transport import Answer, Served, Wanted, outputs_of
from tfx_pipeline.model_contract import Input

_SERVICE = "/inference.GRPCInferenceService"
_CONTENTS = {"FP32": "fp32_contents", "INT64": "int64_contents", "BYTES": "bytes_contents"}
_RAW = {"FP32": "<f4", "FP64": "<f8"}


class OpenInferenceRpc:
    """Speaks with one server about one model; the protocol has versions and no labels.

    Args:
        channel: The server.
        wanted: The model.
    """

    def __init__(self, channel: Channel, wanted: Wanted) -> None:
        if wanted.label:
            raise ForecastError(f"{wanted}: the Open Inference Protocol has no labels")
        self._channel = channel
        self._wanted = wanted

    def close(self) -> None:
        """Ends the connection."""
        self._channel.close()

    def served(self) -> Served:
        """Asks for the model's metadata; servers may leave the inputs open."""
        request = wire.message("ModelMetadataRequest")(
            name=self._wanted.model, version=self._wanted.version or ""
        )
        answer = self._channel.ask(f"{_SERVICE}/ModelMetadata", request, "ModelMetadataResponse")
        inputs = {
            one.name: Input(tuple(one.shape[1:]), DTYPES.get(one.datatype, one.datatype))
            for one in answer.inputs
        }
        only = answer.versions[0] if len(answer.versions) == 1 else None
        return Served(self._wanted.version or only, inputs or None)

    def predict(self, inputs: Mapping[str, np.ndarray], request_id: str) -> Answer:
        """Asks for forecasts."""
        request = wire.message("ModelInferRequest")(
            model_name=self._wanted.model, model_version=self._wanted.version or ""
        )
        for name, values in inputs.items():
            datatype = DATATYPES[values.dtype.name]
            tensor = request.inputs.add(name=name, datatype=datatype, shape=values.shape)
            getattr(tensor.contents, _CONTENTS[datatype]).extend(values.ravel().tolist())
        method = f"{_SERVICE}/ModelInfer"
        answer = self._channel.ask(method, request, "ModelInferResponse", request_id)
        try:
            outputs = {
                one.name: _array(one, answer.raw_output_contents[place : place + 1])
                for place, one in enumerate(answer.outputs)
            }
        except (KeyError, ValueError) as error:
            raise ServerError(f"{self._wanted}: the answer's outputs are no forecasts") from error
        windows = len(next(iter(inputs.values())))
        found = outputs_of(outputs, str(self._wanted), windows)
        return Answer(found, answer.model_version or None)


def _array(tensor: Any, raw: list[bytes]) -> np.ndarray:
    """A tensor of numbers, of which the values stand in it or, as bytes, beside it.

    Raises:
        KeyError: It is of another type.
        ValueError: It has not as many values as its shape says.
    """
    if raw:
        return np.frombuffer(raw[0], _RAW[tensor.datatype]).reshape(tensor.shape)
    field = {"FP32": "fp32_contents", "FP64": "fp64_contents"}[tensor.datatype]
    return np.array(getattr(tensor.contents, field)).reshape(tensor.shape)
