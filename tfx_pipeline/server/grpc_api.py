"""TensorFlow Serving's gRPC API: Predict, GetModelMetadata and GetModelStatus, by its own stubs."""

from __future__ import annotations

import time
from typing import Any, NoReturn, TypeAlias

import grpc
import grpc.aio
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from tfx_pipeline.server.errors import ServingError, invalid
from tfx_pipeline.server.grpc_tensors import to_array, to_proto
from tfx_pipeline.server.messages import SIGNATURE_DEF, model_metadata, model_status
from tfx_pipeline.server.metrics import Metrics, Outcome
from tfx_pipeline.server.plane import Asked, DataPlane

REQUEST_ID = "x-request-id"

Context: TypeAlias = Any
"""grpc.aio.ServicerContext, which has no types."""


class Prediction(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Answers what asks the model.

    Args:
        plane: That answers.
        metrics: Counts the requests.
        max_bytes: Of one input.
    """

    def __init__(self, plane: DataPlane, metrics: Metrics, max_bytes: int) -> None:
        self._plane = plane
        self._metrics = metrics
        self._max_bytes = max_bytes

    async def Predict(  # noqa: N802, the service's own name
        self, request: predict_pb2.PredictRequest, context: Context
    ) -> predict_pb2.PredictResponse:
        begin = time.monotonic()
        outcome = Outcome("gRPC")
        try:
            return await self._predict(request, _asked(request, context), outcome)
        except ServingError as error:
            outcome.code = error.code.name
            await _abort(context, error)
        finally:
            if outcome.model:
                self._metrics.answered(outcome, time.monotonic() - begin)

    async def _predict(
        self, request: predict_pb2.PredictRequest, asked: Asked, outcome: Outcome
    ) -> predict_pb2.PredictResponse:
        with self._plane.target(asked) as target:
            outcome.of(target)
            signature = target.signature(request.model_spec.signature_name)
            outcome.signature = signature.name
            signature.check_names(request.inputs)
            inputs = {
                name: to_array(request.inputs[name], name, spec, self._max_bytes)
                for name, spec in signature.inputs.items()
            }
            outputs = await self._plane.predict(target, signature, inputs, request.output_filter)
            response = predict_pb2.PredictResponse(
                outputs={name: to_proto(array) for name, array in outputs.items()}
            )
            response.model_spec.name = asked.model
            response.model_spec.version.value = target.version.number
            response.model_spec.signature_name = signature.name
            return response

    async def GetModelMetadata(  # noqa: N802
        self, request: get_model_metadata_pb2.GetModelMetadataRequest, context: Context
    ) -> get_model_metadata_pb2.GetModelMetadataResponse:
        try:
            if not request.metadata_field:
                raise invalid(f"metadata_field: is empty; ask for {SIGNATURE_DEF!r}")
            for name in request.metadata_field:
                if name != SIGNATURE_DEF:
                    raise invalid(f"metadata_field: {name!r} is not known, {SIGNATURE_DEF!r} is")
            return model_metadata(self._plane, _asked(request, context))
        except ServingError as error:
            await _abort(context, error)

    async def Classify(self, request: Any, context: Context) -> Any:  # noqa: N802
        await _abort(context, invalid("Classify is not served here; use Predict"))

    async def Regress(self, request: Any, context: Context) -> Any:  # noqa: N802
        await _abort(context, invalid("Regress is not served here; use Predict"))


class Models(model_service_pb2_grpc.ModelServiceServicer):
    """Answers what asks for status.

    Args:
        plane: Whose models are meant.
    """

    def __init__(self, plane: DataPlane) -> None:
        self._plane = plane

    async def GetModelStatus(  # noqa: N802
        self, request: get_model_status_pb2.GetModelStatusRequest, context: Context
    ) -> get_model_status_pb2.GetModelStatusResponse:
        try:
            return model_status(self._plane, _asked(request, context))
        except ServingError as error:
            await _abort(context, error)


def _asked(request: Any, context: Context) -> Asked:
    if not request.HasField("model_spec"):
        raise invalid("Missing ModelSpec")
    spec: model_pb2.ModelSpec = request.model_spec
    if not spec.name:
        raise invalid("ModelSpec has no name specified.")
    metadata = dict(context.invocation_metadata() or ())
    request_id = metadata.get(REQUEST_ID)
    return Asked(
        model=spec.name,
        version=spec.version.value if spec.HasField("version") else None,
        label=spec.version_label or None,
        request_id=request_id if isinstance(request_id, str) else None,
    )


async def _abort(context: Context, error: ServingError) -> NoReturn:
    await context.abort(grpc.StatusCode[error.code.name], error.message)
    raise AssertionError("abort returned")  # it raises


def add_to(server: grpc.aio.Server, prediction: Prediction, models: Models) -> None:
    """Adds both services."""
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(prediction, server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(models, server)
