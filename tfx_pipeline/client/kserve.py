"""KServe's protocols by REST: V1, and the Open Inference Protocol, which is V2.

JSON has no NaN, and servers of these two read it strictly: a step that was not observed is `null`,
which KServe's own server takes for NaN.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from tfx_pipeline.client.errors import ForecastError, NotFoundError, ServerError
from tfx_pipeline.client.rest import LABEL_HEADER, VERSION_HEADER, plain
from tfx_pipeline.client.transport import Answer, Served, Wanted, outputs_of
from tfx_pipeline.client.web import Web
from tfx_pipeline.model_contract import OUTPUTS, Input

DATATYPES = {"float32": "FP32", "int64": "INT64", "object": "BYTES"}
DTYPES = {"FP32": "float32", "INT64": "int64", "BYTES": "string"}


class V1:
    """Speaks KServe's V1, which knows neither versions nor a model's inputs.

    Args:
        web: The server.
        wanted: The model.
    """

    def __init__(self, web: Web, wanted: Wanted) -> None:
        if wanted.version or wanted.label:
            raise ForecastError(f"{wanted}: KServe's V1 has no versions; ask without")
        self._web = web
        self._wanted = wanted

    def close(self) -> None:
        """Ends the connections."""
        self._web.close()

    def served(self) -> Served:
        """Asks whether the model is ready."""
        try:
            content, _ = self._web.get(f"/v1/models/{self._wanted.model}")
        except NotFoundError as error:
            raise _with_models(error, self._web, "/v1/models") from error
        if not isinstance(content, dict) or "ready" not in content:
            raise ServerError(f"{self._wanted}: the server speaks no KServe V1; see --protocol")
        return Served(None, None)

    def predict(self, inputs: Mapping[str, np.ndarray], request_id: str) -> Answer:
        """Asks for forecasts in the row format."""
        columns = {name: plain(_with_null(values)) for name, values in inputs.items()}
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        content, headers = self._web.post(
            f"/v1/models/{self._wanted.model}:predict", {"instances": rows}, request_id
        )
        found = content.get("predictions") if isinstance(content, dict) else None
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise ServerError(f"{self._wanted}: the answer has no predictions by name: {OUTPUTS}")
        outputs = {name: [one.get(name) for one in found] for name in (found[0] if found else ())}
        return Answer(
            outputs_of(outputs, str(self._wanted), len(rows)),
            headers.get(VERSION_HEADER),
            headers.get(LABEL_HEADER) or None,
        )


class OpenInference:
    """Speaks the Open Inference Protocol, which has versions and no labels.

    Args:
        web: The server.
        wanted: The model.
    """

    def __init__(self, web: Web, wanted: Wanted) -> None:
        if wanted.label:
            raise ForecastError(f"{wanted}: the Open Inference Protocol has no labels")
        self._web = web
        self._wanted = wanted
        self._path = f"/v2/models/{wanted.model}"
        if wanted.version:
            self._path += f"/versions/{wanted.version}"

    def close(self) -> None:
        """Ends the connections."""
        self._web.close()

    def served(self) -> Served:
        """Asks for the model's metadata; servers may leave the inputs open."""
        try:
            content, _ = self._web.get(self._path)
        except NotFoundError as error:
            raise _with_models(error, self._web, "/v2/models") from error
        try:
            inputs = {one["name"]: _input(one) for one in content["inputs"]}
        except (KeyError, TypeError) as error:
            raise ServerError(
                f"{self._wanted}: the server speaks no Open Inference Protocol; see --protocol"
            ) from error
        versions = list(content.get("versions") or [])
        only = str(versions[0]) if len(versions) == 1 else None
        return Served(self._wanted.version or only, inputs or None)

    def predict(self, inputs: Mapping[str, np.ndarray], request_id: str) -> Answer:
        """Asks for forecasts."""
        tensors = [
            {
                "name": name,
                "shape": list(values.shape),
                "datatype": DATATYPES[values.dtype.name],
                "data": _flat(values),
            }
            for name, values in inputs.items()
        ]
        content, headers = self._web.post(f"{self._path}/infer", {"inputs": tensors}, request_id)
        try:
            outputs = {
                one["name"]: np.array(one["data"], np.float32).reshape(one["shape"])
                for one in content["outputs"]
            }
            version = content.get("model_version")
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ServerError(f"{self._wanted}: the answer's outputs are no tensors") from error
        windows = len(next(iter(inputs.values())))
        return Answer(
            outputs_of(outputs, str(self._wanted), windows),
            headers.get(VERSION_HEADER) or version,
            headers.get(LABEL_HEADER) or None,
        )


def _with_models(error: NotFoundError, web: Web, path: str) -> NotFoundError:
    """The same with the names of the models that there are."""
    try:
        content, _ = web.get(path)
        names: Iterable[Any] = content["models"]
        return NotFoundError(f"{error}; it has {', '.join(map(str, names)) or 'none'}")
    except (ServerError, KeyError, TypeError):
        return error


def _with_null(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind != "f":
        return values
    plain_values = values.astype(np.float64).astype(object)
    plain_values[np.isnan(values)] = None
    return plain_values


def _flat(values: np.ndarray) -> list[Any]:
    if values.dtype.kind == "O":
        return [one.decode() for one in values.tolist()]
    return list(_with_null(values).ravel().tolist())


def _input(tensor: Mapping[str, Any]) -> Input:
    kind = tensor["datatype"]
    return Input(tuple(int(size) for size in tensor["shape"][1:]), DTYPES.get(kind, kind))
