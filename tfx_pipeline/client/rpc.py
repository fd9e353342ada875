"""TensorFlow Serving's gRPC API, without TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import grpc
import numpy as np

from tfx_pipeline.client import wire
from tfx_pipeline.client.address import CA_VARIABLE, TOKEN_VARIABLE, Address, Credentials
from tfx_pipeline.client.errors import NotFoundError, ServerError, ServerUnavailableError
from tfx_pipeline.client.retries import Patience
from tfx_pipeline.client.transport import REQUEST_ID, Answer, Served, Wanted, outputs_of
from tfx_pipeline.model_contract import DEFAULT_SIGNATURE, Input

_PREDICTION = "/tensorflow.serving.PredictionService"
_MODEL = "/tensorflow.serving.ModelService"
_BYTES = 256 << 20


class Rpc:
    """Speaks with one server about one model.

    Args:
        address: The server.
        credentials: What it is shown.
        patience: How long it is waited for.
        wanted: The model.
    """

    def __init__(
        self, address: Address, credentials: Credentials, patience: Patience, wanted: Wanted
    ) -> None:
        options = [
            # A proxy of the environment's cannot reach this machine.
            ("grpc.enable_http_proxy", int(not address.local)),
            ("grpc.enable_retries", 0),
            # Soon after the server is back, too.
            ("grpc.max_reconnect_backoff_ms", 1000),
            ("grpc.max_receive_message_length", _BYTES),
        ]
        self._address = address
        self._patience = patience
        self._wanted = wanted
        self._metadata = (
            (("authorization", f"Bearer {credentials.token}"),) if credentials.token else ()
        )
        self._channel = (
            grpc.secure_channel(address.host, _trusted(credentials), options)
            if address.encrypted
            else grpc.insecure_channel(address.host, options)
        )

    def close(self) -> None:
        """Ends the connection."""
        self._channel.close()

    def served(self) -> Served:
        """Asks for the model's metadata."""
        request = wire.message("GetModelMetadataRequest")(
            model_spec=self._spec(), metadata_field=["signature_def"]
        )
        try:
            answer = self._call(
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
            answer = self._call(
                f"{_PREDICTION}/Predict", request, "PredictResponse", (REQUEST_ID, request_id)
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

    def _call(self, method: str, request: Any, answers: str, *more: tuple[str, str]) -> Any:
        call = self._channel.unary_unary(
            method,
            request_serializer=lambda one: one.SerializeToString(),
            response_deserializer=wire.message(answers).FromString,
        )

        def attempt(seconds: float) -> Any:
            try:
                return call(request, timeout=seconds, metadata=(*self._metadata, *more))
            except grpc.RpcError as error:
                raise self._failure(error) from error

        return self._patience.ask(attempt)

    def _failure(self, error: Any) -> ServerError:
        url, code, said = self._address.url, error.code(), error.details() or "no details"
        match code:
            case grpc.StatusCode.UNAVAILABLE:
                return _unavailable(self._address, said)
            case grpc.StatusCode.RESOURCE_EXHAUSTED:
                return ServerUnavailableError(f"{url}: {said}")
            case grpc.StatusCode.NOT_FOUND:
                return NotFoundError(f"{url}: {said}")
            case grpc.StatusCode.DEADLINE_EXCEEDED:
                seconds = self._patience.seconds
                return ServerError(f"{url}: no answer in {seconds:g} s; see --timeout")
            case grpc.StatusCode.UNAUTHENTICATED | grpc.StatusCode.PERMISSION_DENIED:
                return ServerError(f"{url}: {said}; a token is taken from {TOKEN_VARIABLE}")
            case grpc.StatusCode.UNIMPLEMENTED:
                return ServerError(f"{url}: the server does not speak TensorFlow Serving's gRPC")
        return ServerError(f"{url}: {said}")

    def _explained(self, error: NotFoundError) -> NotFoundError:
        """The same with what the server has."""
        request = wire.message("GetModelStatusRequest")(model_spec={"name": self._wanted.model})
        try:
            found = self._call(f"{_MODEL}/GetModelStatus", request, "GetModelStatusResponse")
        except NotFoundError:
            return NotFoundError(f"{error}; is {self._wanted.model} its name (see --name)?")
        except ServerError:
            return error
        known = [
            str(one.version) for one in found.model_version_status if one.state == wire.AVAILABLE
        ]
        return NotFoundError(f"{error}; it has {' and '.join(known) or 'none'}")


def _unavailable(address: Address, said: str) -> ServerError:
    """What it means that there is no connection, or that the server takes no requests now."""
    url = address.url
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return ServerError(
            f"{url}: the server's certificate is not trusted; name the file of the authority's "
            f"certificate in {CA_VARIABLE}"
        )
    if "handshake failed" in said:
        return ServerError(f"{url}: the server speaks no TLS; try grpc://")
    if "http1.x server" in said or "HTTP status" in said:
        return ServerError(f"{url}: not gRPC; is it the port of REST (http://{address.host})?")
    if "failed to connect" in said or "DNS" in said:
        reason = said.rpartition(": ")[2]
        return ServerUnavailableError(
            f"{url}: nobody answers there ({reason}); is the server running, and is that its gRPC "
            "port?"
        )
    return ServerUnavailableError(f"{url}: {said}")


def _version(spec: Any) -> str | None:
    return str(spec.version.value) if spec.HasField("version") else None


def _trusted(credentials: Credentials) -> Any:
    roots = Path(credentials.ca_file).read_bytes() if credentials.ca_file else None
    return grpc.ssl_channel_credentials(roots)
