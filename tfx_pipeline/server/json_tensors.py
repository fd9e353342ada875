"""Tensors from JSON and to JSON, with TensorFlow Serving's conventions.

Text is UTF-8, bytes are `{"b64": "..."}`; NaN, Infinity and -Infinity are bare tokens. Numbers are
written with as few digits as tell a float32 from its neighbours.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import orjson

from tfx_pipeline.server.errors import ServingError, invalid
from tfx_pipeline.server.json_document import kind
from tfx_pipeline.server.signature import Spec

BASE64 = "b64"
BYTES_SUFFIX = "_bytes"
"""Ends the name of a string tensor that is written in base 64."""


def to_array(value: Any, spec: Spec, where: str) -> np.ndarray:
    """Returns the array that nested lists are.

    Args:
        value: Of JSON.
        spec: What the array must be; of its shape only the rank is looked at, for messages.
        where: Its path in the document, for messages: `inputs['Voltage']`.

    Raises:
        ServingError: It is ragged, or a value is not of the type; the message names the place.
    """
    shape = _shape(value)
    flat = [value]
    for length in shape:
        if not all(type(one) is list and len(one) == length for one in flat):
            raise _ragged(value, shape, where)
        flat = list(chain.from_iterable(flat))
    try:
        array = _converted(flat, spec)
    except (TypeError, ValueError, OverflowError):
        array = None
    if array is None:
        raise _misfit(value, spec, where, len(shape))
    return array.reshape(shape)


def _shape(value: Any) -> tuple[int, ...]:
    """As the first elements have it."""
    shape: list[int] = []
    while type(value) is list:
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    return tuple(shape)


def _converted(flat: list[Any], spec: Spec) -> np.ndarray | None:
    """The values in a flat array; None where one is not of the type or does not fit."""
    dtype, types = spec.numpy_dtype, set(map(type, flat))
    if spec.dtype == "string":
        array = np.empty(len(flat), object)
        array[:] = [_bytes(one) for one in flat]
        return array
    if spec.dtype == "bool":
        return np.array(flat, bool) if types <= {bool} else None
    if dtype.kind in "iu":
        return np.array(flat, dtype) if types <= {int} else None
    if dtype.kind == "c" or not types <= {int, float}:
        return None
    wide = np.array(flat, np.float64)
    with np.errstate(over="ignore"):
        array = wide.astype(dtype)
    # A number too large for the type would become infinite in silence.
    return array if (np.isinf(array.astype(np.float64)) == np.isinf(wide)).all() else None


def _bytes(value: Any) -> bytes:
    if type(value) is str:
        return value.encode()
    if type(value) is dict and value.keys() == {BASE64} and type(value[BASE64]) is str:
        return _decoded(value[BASE64])
    raise TypeError


def _decoded(text: str) -> bytes:
    """Of base 64 with either alphabet, padded or not, as absl reads it."""
    text = text.rstrip("=").replace("-", "+").replace("_", "/")
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def _ragged(value: Any, shape: Sequence[int], where: str) -> ServingError:
    for path, one in _walk(value, len(shape)):
        depth = path.count("[")
        if depth < len(shape) and type(one) is not list:
            return invalid(f"{where}{path}: must be an array of {shape[depth]}, is {kind(one)}")
        if depth < len(shape) and len(one) != shape[depth]:
            return invalid(
                f"{where}{path}: has {len(one)} values, those before it have {shape[depth]}; "
                "all must have as many"
            )
    return invalid(f"{where}: is ragged")


def _misfit(value: Any, spec: Spec, where: str, depth: int) -> ServingError:
    leaves = ((path, one) for path, one in _walk(value, depth) if path.count("[") == depth)
    reasons = ((path, _reason(one, spec)) for path, one in leaves)
    path, reason = next(
        ((path, reason) for path, reason in reasons if reason), ("", f"must be {spec.dtype}")
    )
    return invalid(f"{where}{path}: {reason}")


def _reason(value: Any, spec: Spec) -> str | None:
    """Why a value is not of a type; None where it is."""
    if spec.dtype == "string":
        return _reason_of_string(value)
    if type(value) is list:
        return f"is an array, must be {spec.dtype} as those before it"
    if value is None:
        missing = "; write NaN for a missing value" if spec.numpy_dtype.kind == "f" else ""
        return f"is null, must be {spec.dtype}{missing}"
    try:
        fits = _converted([value], spec) is not None
    except (TypeError, ValueError, OverflowError):
        fits = False
    if fits:
        return None
    expected = {"bool": "true or false"}.get(spec.dtype, f"a number that fits in {spec.dtype}")
    return f"is {kind(value)} ({str(value)[:40]}), must be {expected}"


def _reason_of_string(value: Any) -> str | None:
    try:
        _bytes(value)
    except TypeError:
        return f'is {kind(value)}, must be a string or {{"b64": "..."}}'
    except (binascii.Error, UnicodeEncodeError) as error:
        return f"cannot be decoded: {error}"
    return None


def _walk(value: Any, depth: int | None, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each value with its path, the outer ones first; down to a depth where there is one."""
    yield path, value
    if type(value) is list and depth != 0:
        for number, one in enumerate(value):
            yield from _walk(one, depth and depth - 1, f"{path}[{number}]")


def rows_to_json(outputs: Mapping[str, np.ndarray]) -> bytes:
    """Returns the `predictions` of an answer: a value for each row, or an object of several.

    Raises:
        ServingError: The outputs have no rows, or not as many.
    """
    lengths = {name: len(value) if value.ndim else None for name, value in outputs.items()}
    if None in lengths.values() or len(set(lengths.values())) != 1:
        raise invalid(f"outputs have rows {lengths}, which is no row format; ask with 'inputs'")
    if len(outputs) == 1:
        [(name, value)] = outputs.items()
        return array_to_json(name, value)
    rows = range(next(iter(lengths.values())) or 0)
    if all(_finite(value) for value in outputs.values()):
        return _dumps([{name: value[i] for name, value in outputs.items()} for i in rows])
    keys = {name: orjson.dumps(name) + b":" for name in outputs}
    texts = (
        b",".join(keys[name] + array_to_json(name, value[i]) for name, value in outputs.items())
        for i in rows
    )
    return b"[" + b",".join(b"{" + text + b"}" for text in texts) + b"]"


def columns_to_json(outputs: Mapping[str, np.ndarray]) -> bytes:
    """Returns the `outputs` of an answer: the one array, or an object of several."""
    texts = [(orjson.dumps(name), array_to_json(name, value)) for name, value in outputs.items()]
    if len(texts) == 1:
        return texts[0][1]
    return b"{" + b",".join(name + b":" + text for name, text in texts) + b"}"


def array_to_json(name: str, array: np.ndarray) -> bytes:
    """Returns an array as nested lists; a scalar as a value.

    Args:
        name: Of the output: one that ends with `_bytes` is written in base 64.
        array: Of any type that JSON has a form for.

    Raises:
        ServingError: A text is not UTF-8.
    """
    array = np.asarray(array)
    if array.dtype.kind in "OSU":
        return orjson.dumps(_text(name, array))
    if array.dtype.kind not in "fiub":
        array = array.astype(np.float32)  # bfloat16 and its like
    text = _dumps(np.ascontiguousarray(array) if array.ndim else array[()])
    if _finite(array):
        return text
    # orjson writes null for what is no finite number, in the order of the values.
    gaps = array[~np.isfinite(array)]
    tokens = [b"NaN" if np.isnan(x) else b"Infinity" if x > 0 else b"-Infinity" for x in gaps]
    return b"".join(chain.from_iterable(zip(text.split(b"null"), [*tokens, b""], strict=True)))


def _finite(array: np.ndarray) -> bool:
    return array.dtype.kind in "iub" or (array.dtype.kind == "f" and bool(np.isfinite(array).all()))


def _dumps(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)


def _text(name: str, array: np.ndarray) -> Any:
    def written(value: bytes) -> Any:
        if name.endswith(BYTES_SUFFIX):
            return {BASE64: base64.b64encode(value).decode("ascii")}
        try:
            return value.decode()
        except UnicodeDecodeError as error:
            raise invalid(
                f"output {name!r} is not UTF-8, and its name does not end with {BYTES_SUFFIX!r}"
            ) from error

    flat = np.empty(array.size, object)
    flat[:] = [written(value) for value in array.ravel()]
    return flat.reshape(array.shape).tolist()
