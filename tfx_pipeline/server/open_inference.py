"""The Open Inference Protocol, KServe's V2, in JSON: what a model takes, a request, the answer.

Its JSON has no NaN: `null` in a floating-point tensor is one, in requests and in answers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import orjson

from tfx_pipeline.server.errors import invalid
from tfx_pipeline.server.json_document import kind, parse
from tfx_pipeline.server.json_tensors import to_array
from tfx_pipeline.server.plane import Target
from tfx_pipeline.server.predict_json import SIGNATURE
from tfx_pipeline.server.signature import Signature, Spec

PLATFORM = "tensorflow_savedmodel"
DATATYPES = {
    "bool": "BOOL",
    "uint8": "UINT8",
    "uint32": "UINT32",
    "uint64": "UINT64",
    "int8": "INT8",
    "int16": "INT16",
    "int32": "INT32",
    "int64": "INT64",
    "float16": "FP16",
    "float32": "FP32",
    "float64": "FP64",
    "string": "BYTES",
}
"""TensorFlow's name of a type -> the protocol's."""


@dataclass(frozen=True)
class Infer:
    """What a body asks.

    Attributes:
        target: The version that answers.
        signature: That is called: the parameter `signature_name`, or the default one.
        inputs: By name.
        output_filter: Names of the outputs that are wanted; empty: all.
        id: The client's; None where it sent none.
    """

    target: Target
    signature: Signature
    inputs: dict[str, np.ndarray]
    output_filter: tuple[str, ...]
    id: str | None

    def answer(self, outputs: Mapping[str, np.ndarray]) -> bytes:
        """Returns the body of the answer.

        Raises:
            ServingError: An output is no text.
        """
        document = {
            "model_name": self.target.asked.model,
            "model_version": str(self.target.version.number),
            "outputs": [
                {
                    "name": name,
                    "datatype": DATATYPES.get(self.signature.outputs[name].dtype, "FP32"),
                    "shape": list(value.shape),
                    "data": _data(name, value),
                }
                for name, value in outputs.items()
            ],
        }
        if self.id is not None:
            document["id"] = self.id
        return orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)


def read_infer(body: bytes, target: Target) -> Infer:
    """Reads a body by the signature that it names.

    Args:
        body: A JSON object.
        target: Whose signatures are meant.

    Raises:
        ServingError: It is malformed; the message names the field.
    """
    document = parse(body)
    parameters = _of_type(document.get("parameters", {}), dict, "parameters")
    name = _of_type(parameters.get(SIGNATURE, ""), str, f"parameters.{SIGNATURE}")
    signature = target.signature(name)
    tensors = {}
    for number, tensor in enumerate(_of_type(document.get("inputs"), list, "inputs")):
        where = f"inputs[{number}]"
        key = _of_type(_of_type(tensor, dict, where).get("name"), str, f"{where}.name")
        if key in tensors:
            raise invalid(f"{where}.name: {key!r} is there twice")
        tensors[key] = (tensor, where)
    signature.check_names(tensors)
    outputs = _of_type(document.get("outputs", []), list, "outputs")
    return Infer(
        target=target,
        signature=signature,
        inputs={key: _array(*tensors[key], spec) for key, spec in signature.inputs.items()},
        output_filter=tuple(
            _of_type(_of_type(one, dict, "outputs").get("name"), str, "outputs.name")
            for one in outputs
        ),
        id=_of_type(document["id"], str, "id") if "id" in document else None,
    )


def metadata(target: Target) -> dict[str, Any]:
    """Returns what the default signature takes and returns."""
    signature = target.signature("")

    def tensors(specs: Mapping[str, Spec]) -> list[dict[str, Any]]:
        return [
            {
                "name": name,
                "datatype": DATATYPES.get(spec.dtype, "FP32"),
                "shape": [-1 if size is None else size for size in spec.shape or ()],
            }
            for name, spec in specs.items()
        ]

    return {
        "name": target.asked.model,
        "versions": [str(target.version.number)],
        "platform": PLATFORM,
        "inputs": tensors(signature.inputs),
        "outputs": tensors(signature.outputs),
    }


def _array(tensor: Mapping[str, Any], where: str, spec: Spec) -> np.ndarray:
    datatype = tensor.get("datatype")
    if datatype != DATATYPES.get(spec.dtype):
        raise invalid(
            f"{where}.datatype: must be {DATATYPES.get(spec.dtype)} for input "
            f"{tensor['name']!r}, is {datatype!r}"
        )
    shape = _of_type(tensor.get("shape"), list, f"{where}.shape")
    if not all(type(size) is int and size >= 0 for size in shape):
        raise invalid(f"{where}.shape: must be sizes, is {str(shape)[:100]}")
    data = _of_type(tensor.get("data"), list, f"{where}.data")
    for _ in shape[1:]:
        if data and all(type(row) is list for row in data):
            data = list(chain.from_iterable(data))
    if len(data) != math.prod(shape):
        raise invalid(f"{where}.data: has {len(data)} values, shape {shape} has another number")
    if spec.numpy_dtype.kind == "f":
        data = [math.nan if value is None else value for value in data]
    return to_array(data, spec, f"{where}.data").reshape(shape)


def _data(name: str, array: np.ndarray) -> Any:
    if array.dtype.kind != "O":
        kept = array if array.dtype.kind in "fiub" else array.astype(np.float32)
        return np.ascontiguousarray(kept.ravel())
    try:
        return [value.decode() for value in array.ravel()]
    except UnicodeDecodeError as error:
        raise invalid(f"output {name!r} is not UTF-8, which JSON cannot hold") from error


def _of_type(value: Any, wanted: type, where: str) -> Any:
    if type(value) is not wanted:
        raise invalid(f"{where}: must be {kind(wanted())}, is {kind(value)}")
    return value
