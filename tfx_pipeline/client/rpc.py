"""TensorFlow Serving's gRPC API, without TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tfx_pipeline.client import wire
from tfx_pipeline.client.channel import Channel
from tfx_pipeline.client.errors import NotFoundError, ServerError
from tfx_pipeline.client.transport import Answer, Served, Wanted, outputs_of
from tfx_pipeline.model_contract import DEFAULT_SIGNATURE, Input

_PREDICTION = "/tensorflow.serving.PredictionService"
_MODEL = "/tensorflow.serving.ModelService"


class Rpc:
    """Speaks with one server about one model.

    Args:
        channel: The server.
        wanted: The model.
    """

    def __init__(self, channel: Channel, wanted: Wanted) -> None:
        self._channel = channel
        self._wanted = wanted

    def close(self) -> None:
        """Ends the connection."""
        self._channel.close()

    def served(self) -> Served:
        """Asks for the model's metadata."""
        request = wire.message("GetModelMetadataRequest")(
            model_spec=self._spec(), metadata_field=["signature_def"]
        )
        try:
            answer = self._channel.ask(
                f"{_PREDICTION}/GetModelMetadata", request, "GetModelMetadataResponse"
            )
            found = wire.inputs_of(answer.metadata["signature_def"].value, DEFAULT_SIGNATURE)
        except NotFoundError as error:
            raise self._explained(error) from error
        except KeyError as error:
            raise ServerError(f"{self._wanted}: {error.args[0]}") from error
        inputs = {name: Input(shape[1:], dtype) for name, (dtype, shape) in found.items()}
        return Served(_version(answer.model_spec), inputs)

    def predict(self, inputs: Mapping[str, np.ndarray], request_id: str) -> Answer:
        """Asks for forecasts."""
        spec = self._spec()
        spec.signature_name = DEFAULT_SIGNATURE
        request = wire.message("PredictRequest")(model_spec=spec)
        for name, values in inputs.items():
            request.inputs[name].CopyFrom(wire.tensor(values))
        try:
            answer = self._channel.ask(
                f"{_PREDICTION}/Predict", request, "PredictResponse", request_id
            )
            found = {name: wire.array(one) for name, one in answer.outputs.items()}
        except NotFoundError as error:
            raise self._explained(error) from error
        except ValueError as error:
            raise ServerError(f"{self._wanted}: the answer's outputs: {error}") from error
        outputs = outputs_of(found, str(self._wanted), len(next(iter(inputs.values()))))
        spec = answer.model_spec
        return Answer(outputs, _version(spec), spec.version_label or None)

    def _spec(self) -> Any:
        return wire.model_spec(self._wanted.model, self._wanted.version, self._wanted.label)

    def _explained(self, error: NotFoundError) -> NotFoundError:
        """The same with what the server has."""
        request = wire.message("GetModelStatusRequest")(model_spec={"name": self._wanted.model})
        try:
            found = self._channel.ask(f"{_MODEL}/GetModelStatus", request, "GetModelStatusResponse")
        except NotFoundError:
            return NotFoundError(f"{error}; is {self._wanted.model} its name (see --name)?")
        except ServerError:
            return error
        known = [
            str(one.version) for one in found.model_version_status if one.state == wire.AVAILABLE
        ]
        return NotFoundError(f"{error}; it has {' and '.join(known) or 'none'}")


def _version(spec: Any) -> str | None:
    return str(spec.version.value) if spec.HasField("version") else None
