"""TensorFlow Serving's REST API, which the local server has as well."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np

from tfx_pipeline.client.errors import NotFoundError, ServerError
from tfx_pipeline.client.transport import Answer, Served, Wanted, outputs_of
from tfx_pipeline.client.web import Web
from tfx_pipeline.model_contract import DEFAULT_SIGNATURE, OUTPUTS, Input

VERSION_HEADER, LABEL_HEADER = "x-model-version", "x-model-label"
_DTYPES = {"DT_FLOAT": "float32", "DT_INT64": "int64", "DT_STRING": "string"}


class Rest:
    """Speaks with one server about one model.

    Args:
        web: The server.
        wanted: The model.
    """

    def __init__(self, web: Web, wanted: Wanted) -> None:
        self._web = web
        self._wanted = wanted
        self._model = f"/v1/models/{wanted.model}"
        self._path = self._model
        if wanted.version:
            self._path += f"/versions/{wanted.version}"
        elif wanted.label:
            self._path += f"/labels/{wanted.label}"

    def close(self) -> None:
        """Ends the connections."""
        self._web.close()

    def served(self) -> Served:
        """Asks for the model's metadata."""
        try:
            content, _ = self._web.get(f"{self._path}/metadata")
        except NotFoundError as error:
            raise self._explained(error) from error
        try:
            signatures = content["metadata"]["signature_def"]["signature_def"]
            signature = signatures[DEFAULT_SIGNATURE]
            inputs = {name: _input(info) for name, info in signature["inputs"].items()}
            version = content["model_spec"].get("version")
        except (KeyError, TypeError, AttributeError) as error:
            raise ServerError(
                f"{self._wanted}: the server's metadata has no signature {DEFAULT_SIGNATURE}; does "
                "it speak TensorFlow Serving's REST (see --protocol)?"
            ) from error
        return Served(None if version is None else str(version), inputs)

    def predict(self, inputs: Mapping[str, np.ndarray], request_id: str) -> Answer:
        """Asks for forecasts in the columnar format."""
        body = {
            "signature_name": DEFAULT_SIGNATURE,
            "inputs": {name: plain(values) for name, values in inputs.items()},
        }
        try:
            content, headers = self._web.post(f"{self._path}:predict", body, request_id)
        except NotFoundError as error:
            raise self._explained(error) from error
        found = content.get("outputs") if isinstance(content, dict) else None
        if not isinstance(found, dict):
            raise ServerError(f"{self._wanted}: the answer has no outputs by name: {OUTPUTS}")
        windows = len(next(iter(inputs.values())))
        outputs = outputs_of(found, str(self._wanted), windows)
        return Answer(outputs, headers.get(VERSION_HEADER), headers.get(LABEL_HEADER) or None)

    def _explained(self, error: NotFoundError) -> NotFoundError:
        """The same with what the server has."""
        if self._path == self._model:
            return NotFoundError(f"{error}; is {self._wanted.model} its name (see --name)?")
        try:
            content, _ = self._web.get(self._model)
            states = content["model_version_status"]
            known = [one["version"] for one in states if one["state"] == "AVAILABLE"]
        except (ServerError, KeyError, TypeError):
            return error
        return NotFoundError(f"{error}; it has {' and '.join(map(str, known)) or 'none'}")


def plain(values: np.ndarray) -> Any:
    """An array as JSON has it; NaN stays NaN, bytes become {"b64": ...}."""
    if values.ndim == 1 and values.dtype.kind == "O":
        return [{"b64": base64.b64encode(one).decode()} for one in values.tolist()]
    return values.tolist()


def _input(info: dict[str, Any]) -> Input:
    dims = info["tensor_shape"].get("dim", ())
    return Input(
        tuple(int(dim["size"]) for dim in dims[1:]), _DTYPES.get(info["dtype"], info["dtype"])
    )
