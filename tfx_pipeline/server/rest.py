"""REST: TensorFlow Serving's API below `/v1`, the Open Inference Protocol below `/v2`."""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
import logging
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import orjson
from aiohttp import web
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from tensorflow_serving.apis.get_model_metadata_pb2 import SignatureDefMap

from tfx_pipeline.server.errors import Code, ServingError, invalid
from tfx_pipeline.server.messages import SIGNATURE_DEF, model_metadata, model_status
from tfx_pipeline.server.metrics import Metrics, Outcome
from tfx_pipeline.server.open_inference import Infer, metadata, read_infer
from tfx_pipeline.server.plane import Asked, DataPlane, Target
from tfx_pipeline.server.predict_json import PredictJson, read_predict

LOG = logging.getLogger(__name__)

DISTRIBUTION = "household-power-forecast"

MODEL = (
    r"(?i:/v1/models)/(?P<model>[^/:]+)"
    r"(?:/(?i:versions)/(?P<version>\d+)|/(?i:labels)/(?P<label>[^/:]+))?"
)
"""The case of names counts, that of the words between them does not."""
CALL = re.compile(MODEL + r":(?P<method>(?i:classify|regress|predict))")
QUESTION = re.compile(MODEL + r"(?P<metadata>/(?i:metadata))?")

INFERENCE = re.compile(
    r"/v2/models/(?P<model>[^/]+)(?:/versions/(?P<version>\d+))?(?P<what>/infer|/ready)?"
)

STATUS = {
    Code.OK: 200,
    Code.INVALID_ARGUMENT: 400,
    Code.FAILED_PRECONDITION: 400,
    Code.NOT_FOUND: 404,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.INTERNAL: 500,
    Code.UNIMPLEMENTED: 501,
    Code.UNAVAILABLE: 503,
    Code.DEADLINE_EXCEEDED: 504,
}
"""As TensorFlow Serving maps them."""

REQUEST_ID, VERSION, LABEL = "X-Request-Id", "X-Model-Version", "X-Model-Label"
LARGE = 32 * 1024
"""Bytes of a body from which on it is parsed on a thread, so that others are not kept waiting."""


class RestApi:
    """Answers what lies below `/v1/` and `/v2/`.

    Args:
        plane: That answers.
        metrics: Counts the requests.
        read_timeout: Seconds that a client may take for its body.
    """

    def __init__(self, plane: DataPlane, metrics: Metrics, read_timeout: float) -> None:
        self._plane = plane
        self._metrics = metrics
        self._read_timeout = read_timeout

    def add_to(self, app: web.Application) -> None:
        """Adds the routes."""
        app.router.add_route("*", "/{version:[vV]1}/{path:.*}", self._handle)
        app.router.add_route("*", "/v2{path:(/.*)?}", self._handle)

    async def _handle(self, request: web.Request) -> web.Response:
        begin = time.monotonic()
        outcome = Outcome("REST")
        try:
            response = await self._answer(request, outcome)
        except ServingError as error:
            outcome.code = error.code.name
            response = error_response(STATUS[error.code], error.message)
        except web.HTTPRequestEntityTooLarge:
            outcome.code = Code.INVALID_ARGUMENT.name
            size = request.app["max_body"]
            response = error_response(
                413, f"the body has more than {size:,} bytes (serving.max_body)"
            )
        except Exception:  # a fault of ours, which the client shall hear of in the usual form
            LOG.exception("%s %s failed", request.method, request.path)
            outcome.code = Code.INTERNAL.name
            response = error_response(500, "the server failed; its log says why")
        if outcome.model:
            self._metrics.answered(outcome, time.monotonic() - begin)
        return response

    async def _answer(self, request: web.Request, outcome: Outcome) -> web.Response:
        path = request.rel_url.raw_path
        if path.startswith("/v2"):
            return await self._open_inference(request, path, outcome)
        if request.method == "POST" and (call := CALL.fullmatch(path)):
            asked = _asked(call, request)
            if call["method"].lower() == "predict":
                return await self._predict(request, asked, outcome, read_predict)
            raise invalid(f"{call['method']} is not served here; ask {asked.model}:predict")
        if request.method in ("GET", "HEAD") and (question := QUESTION.fullmatch(path)):
            asked = _asked(question, request)
            if question["metadata"]:
                return _json(_metadata_as_json(self._plane, asked))
            return _json(_as_dict(model_status(self._plane, asked)))
        if request.method in ("GET", "HEAD") and path.lower().rstrip("/") == "/v1/models":
            return _json({"models": sorted(self._plane.models)})
        raise invalid(f"Malformed request: {request.method} {path}")

    async def _open_inference(
        self, request: web.Request, path: str, outcome: Outcome
    ) -> web.Response:
        if match := INFERENCE.fullmatch(path):
            asked = _asked(match, request)
            if match["what"] == "/infer" and request.method == "POST":
                return await self._predict(request, asked, outcome, read_infer)
            if match["what"] == "/ready" and request.method in ("GET", "HEAD"):
                with self._plane.target(asked):
                    return _json({"name": asked.model, "ready": True})
            if not match["what"] and request.method in ("GET", "HEAD"):
                with self._plane.target(asked) as target:
                    return _json(metadata(target))
        if path == "/v2" and request.method in ("GET", "HEAD"):
            version = importlib.metadata.version(DISTRIBUTION)
            return _json({"name": DISTRIBUTION, "version": version, "extensions": []})
        if path == "/v2/models" and request.method in ("GET", "HEAD"):
            return _json({"models": sorted(self._plane.models)})
        raise invalid(f"Malformed request: {request.method} {path}")

    async def _predict(
        self,
        request: web.Request,
        asked: Asked,
        outcome: Outcome,
        read: Callable[[bytes, Target], PredictJson | Infer],
    ) -> web.Response:
        with self._plane.target(asked) as target:
            outcome.of(target)
            body = await self._body(request)
            if len(body) < LARGE:
                asks = read(body, target)
            else:
                asks = await asyncio.to_thread(read, body, target)
            outcome.signature = asks.signature.name
            outputs = await self._plane.predict(
                target, asks.signature, asks.inputs, asks.output_filter
            )
            headers = {VERSION: str(target.version.number)}
            if target.label:
                headers[LABEL] = target.label
            return web.Response(
                body=asks.answer(outputs), content_type="application/json", headers=headers
            )

    async def _body(self, request: web.Request) -> bytes:
        try:
            return await asyncio.wait_for(request.read(), self._read_timeout)
        except TimeoutError as error:
            raise ServingError(
                Code.DEADLINE_EXCEEDED,
                f"the body did not come within {self._read_timeout:g} s (serving.read_timeout)",
            ) from error
        except web.RequestPayloadError as error:
            raise invalid(f"the body cannot be read: {error}") from error


def error_response(status: int, message: str) -> web.Response:
    """Returns an error in TensorFlow Serving's form."""
    body = orjson.dumps({"error": message})
    response = web.Response(status=status, body=body, content_type="application/json")
    if status in (408, 413, 504):
        response.force_close()  # what is left of the body is not read
    return response


def _asked(match: re.Match[str], request: web.Request) -> Asked:
    version = match["version"]
    if version and int(version) >= 2**63:
        raise invalid(f"Failed to convert version: {version} to numeric.")
    label = match.groupdict().get("label")
    return Asked(
        model=unquote(match["model"]),
        version=int(version) if version else None,
        label=unquote(label) if label else None,
        request_id=request.headers.get(REQUEST_ID),
    )


def _metadata_as_json(plane: DataPlane, asked: Asked) -> dict[str, Any]:
    response = model_metadata(plane, asked)
    signatures = SignatureDefMap()
    response.metadata[SIGNATURE_DEF].Unpack(signatures)
    return {
        "model_spec": _as_dict(response.model_spec, preserving_proto_field_name=True),
        "metadata": {SIGNATURE_DEF: _as_dict(signatures, preserving_proto_field_name=True)},
    }


def _as_dict(message: Message, **options: Any) -> dict[str, Any]:
    return MessageToDict(message, always_print_fields_with_no_presence=True, **options)


def _json(document: dict[str, Any]) -> web.Response:
    return web.json_response(document, dumps=lambda value: json.dumps(value, indent=1) + "\n")
