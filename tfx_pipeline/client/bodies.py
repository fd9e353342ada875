"""Windows from a request body of TensorFlow Serving's, checked before it is sent."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import numpy as np

from tfx_pipeline.client.errors import ForecastError
from tfx_pipeline.client.windows import Windows
from tfx_pipeline.data.contract import METER
from tfx_pipeline.hints import did_you_mean
from tfx_pipeline.model_contract import DEFAULT_SIGNATURE, TIMESTAMP, Input, ModelMetadata
from tfx_pipeline.series.grid import Grid

_LATEST = 253_370_764_800
"""Seconds since 1970 at which the year 9999 begins."""


def is_body(content: Any) -> bool:
    """Whether JSON is a request of TensorFlow Serving's, in rows or in columns."""
    return isinstance(content, dict) and bool({"instances", "inputs"} & content.keys())


def windows_of(content: Mapping[str, Any], model: ModelMetadata) -> Windows:
    """Reads a request.

    Args:
        content: `{"instances": [{...}, ...]}` or `{"inputs": {...}}`; `null` is NaN as well.
        model: What is asked.

    Raises:
        ForecastError: Something is missing, unknown, or of another shape.
    """
    signature = content.get("signature_name", DEFAULT_SIGNATURE)
    if signature != DEFAULT_SIGNATURE:
        raise ForecastError(f"signature_name: {signature!r}; forecasts are of {DEFAULT_SIGNATURE}")
    columns = content["inputs"] if "inputs" in content else _columns(content["instances"])
    if not isinstance(columns, dict):
        raise ForecastError("inputs: expected an object with a list for each input")
    for name in columns:
        if name not in model.inputs:
            hint = did_you_mean(name, model.inputs)
            raise ForecastError(f"{name}: the model has no such input{hint}")
    missing = [name for name in model.inputs if name not in columns]
    if missing:
        raise ForecastError(f"the request lacks {', '.join(missing)}")
    inputs = {name: _array(name, columns[name], one) for name, one in model.inputs.items()}
    lengths = {name: len(values) for name, values in inputs.items()}
    if len(set(lengths.values())) > 1:
        each = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise ForecastError(f"the inputs are not of equally many windows: {each}")
    if not lengths[TIMESTAMP]:
        raise ForecastError("the request holds no window")
    instants = inputs[TIMESTAMP]
    if not ((instants >= 0) & (instants < _LATEST)).all():
        raise ForecastError(f"{TIMESTAMP}: expected seconds since 1970, of years up to 9998")
    origins = Grid(model.series).index(instants)
    meters = [one.decode(errors="replace") for one in inputs[METER]] if METER in inputs else [""]
    meters *= len(origins) // len(meters)
    came = np.full((len(origins), model.horizon), np.nan, np.float32)
    return Windows(model, tuple(meters), origins, inputs, came)


def _columns(rows: Any) -> dict[str, list[Any]]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ForecastError("instances: expected a list of objects, one for each window")
    names = dict.fromkeys(name for row in rows for name in row)
    for number, row in enumerate(rows):
        for name in names:
            if name not in row:
                raise ForecastError(f"instances[{number}] lacks {name}")
    return {name: [row[name] for row in rows] for name in names}


def _array(name: str, values: Any, one: Input) -> np.ndarray:
    if one.dtype == "string":
        return np.array([_text(name, value) for value in _listed(name, values)], object)
    kind = np.dtype(one.dtype)
    try:
        found = np.array(_listed(name, values), np.float32 if kind.kind == "f" else object)
        if kind.kind == "i" and not all(type(value) is int for value in found.ravel().tolist()):
            raise ValueError("not whole numbers")
        found = found.astype(kind)
    except (TypeError, ValueError, OverflowError) as error:
        raise ForecastError(f"{name}: expected numbers, {one}: {error}") from error
    if found.shape[1:] != one.shape:
        raise ForecastError(f"{name}: the model takes {one}, the request has {list(found.shape)}")
    return found


def _listed(name: str, values: Any) -> list[Any]:
    if not isinstance(values, list):
        raise ForecastError(f"{name}: expected a list with an entry for each window")
    return values


def _text(name: str, value: Any) -> bytes:
    if isinstance(value, dict) and set(value) == {"b64"}:
        try:
            return base64.b64decode(value["b64"], validate=True)
        except (TypeError, binascii.Error) as error:
            raise ForecastError(f"{name}: {value['b64']!r} is no base64") from error
    if not isinstance(value, str):
        raise ForecastError(f"{name}: expected texts, found {value!r}")
    return value.encode()
