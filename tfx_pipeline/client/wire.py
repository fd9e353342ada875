"""The messages of gRPC that forecasts need: TensorFlow Serving's, the Open Inference Protocol's.

The official stubs of the former, `tensorflow_serving.apis`, import TensorFlow, which takes longer
than many forecasts; these have the same numbers and types, in a pool of their own. A test holds
them against the official ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from tfx_pipeline.client.errors import ForecastError

_FIELD = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    "bool": _FIELD.TYPE_BOOL,
    "bytes": _FIELD.TYPE_BYTES,
    "double": _FIELD.TYPE_DOUBLE,
    "float": _FIELD.TYPE_FLOAT,
    "int32": _FIELD.TYPE_INT32,
    "int64": _FIELD.TYPE_INT64,
    "string": _FIELD.TYPE_STRING,
}
_PACKAGE = "household_power.wire"

MESSAGES: dict[str, dict[str, tuple[int, str]]] = {
    "Int64Value": {"value": (1, "int64")},
    "ModelSpec": {
        "name": (1, "string"),
        "version": (2, "Int64Value"),
        "signature_name": (3, "string"),
        "version_label": (4, "string"),
    },
    "Dim": {"size": (1, "int64")},
    "TensorShapeProto": {"dim": (2, "Dim*"), "unknown_rank": (3, "bool")},
    "TensorProto": {
        "dtype": (1, "int32"),
        "tensor_shape": (2, "TensorShapeProto"),
        "tensor_content": (4, "bytes"),
        "float_val": (5, "float*"),
        "double_val": (6, "double*"),
        "string_val": (8, "bytes*"),
        "int64_val": (10, "int64*"),
    },
    "PredictRequest": {"model_spec": (1, "ModelSpec"), "inputs": (2, "TensorProto{}")},
    "PredictResponse": {"outputs": (1, "TensorProto{}"), "model_spec": (2, "ModelSpec")},
    "GetModelMetadataRequest": {
        "model_spec": (1, "ModelSpec"),
        "metadata_field": (2, "string*"),
    },
    "Any": {"type_url": (1, "string"), "value": (2, "bytes")},
    "GetModelMetadataResponse": {"model_spec": (1, "ModelSpec"), "metadata": (2, "Any{}")},
    "TensorInfo": {"dtype": (2, "int32"), "tensor_shape": (3, "TensorShapeProto")},
    "SignatureDef": {"inputs": (1, "TensorInfo{}"), "outputs": (2, "TensorInfo{}")},
    "SignatureDefMap": {"signature_def": (1, "SignatureDef{}")},
    "GetModelStatusRequest": {"model_spec": (1, "ModelSpec")},
    "ModelVersionStatus": {"version": (1, "int64"), "state": (2, "int32")},
    "GetModelStatusResponse": {"model_version_status": (1, "ModelVersionStatus*")},
    # The Open Inference Protocol's.
    "InferTensorContents": {
        "int64_contents": (3, "int64*"),
        "fp32_contents": (6, "float*"),
        "fp64_contents": (7, "double*"),
        "bytes_contents": (8, "bytes*"),
    },
    "InferTensor": {
        "name": (1, "string"),
        "datatype": (2, "string"),
        "shape": (3, "int64*"),
        "contents": (5, "InferTensorContents"),
    },
    "ModelInferRequest": {
        "model_name": (1, "string"),
        "model_version": (2, "string"),
        "inputs": (5, "InferTensor*"),
    },
    "ModelInferResponse": {
        "model_name": (1, "string"),
        "model_version": (2, "string"),
        "outputs": (5, "InferTensor*"),
        "raw_output_contents": (6, "bytes*"),
    },
    "ModelMetadataRequest": {"name": (1, "string"), "version": (2, "string")},
    "TensorMetadata": {
        "name": (1, "string"),
        "datatype": (2, "string"),
        "shape": (3, "int64*"),
    },
    "ModelMetadataResponse": {
        "name": (1, "string"),
        "versions": (2, "string*"),
        "inputs": (4, "TensorMetadata*"),
    },
}
"""Message -> field -> its number and type; `*`: many, `{}`: a map from strings."""

AVAILABLE = 30
"""State of a version that answers."""


def _classes() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(
        name="household_power/wire.proto", package=_PACKAGE, syntax="proto3"
    )
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            of = kind.rstrip("*{}")
            added = message.field.add(name=field, number=number, label=_FIELD.LABEL_OPTIONAL)
            if kind != of:
                added.label = _FIELD.LABEL_REPEATED
            if kind.endswith("{}"):
                entry = "".join(part.title() for part in field.split("_")) + "Entry"
                nested = message.nested_type.add(name=entry)
                nested.options.map_entry = True
                key = nested.field.add(name="key", number=1, label=_FIELD.LABEL_OPTIONAL)
                key.type = _FIELD.TYPE_STRING
                _set_type(nested.field.add(name="value", number=2, label=_FIELD.LABEL_OPTIONAL), of)
                of = f"{name}.{entry}"
            _set_type(added, of)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))
        for name in MESSAGES
    }


def _set_type(field: Any, of: str) -> None:
    if of in _SCALARS:
        field.type = _SCALARS[of]
    else:
        field.type, field.type_name = _FIELD.TYPE_MESSAGE, f".{_PACKAGE}.{of}"


_CLASSES = _classes()
_DTYPES = {1: "float32", 2: "float64", 7: "string", 9: "int64"}
_NUMBERS = {name: number for number, name in _DTYPES.items()}
_VALUES = {"float32": "float_val", "float64": "double_val", "int64": "int64_val"}


def message(name: str) -> Any:
    """The class of a message."""
    return _CLASSES[name]


def model_spec(model: str, version: str | None, label: str | None) -> Any:
    """Which model, and which version of it.

    Raises:
        ForecastError: There is no such version: it is none of TensorFlow Serving's numbers.
    """
    spec = message("ModelSpec")(name=model)
    if version is not None:
        try:
            spec.version.value = int(version)
        except ValueError as error:
            raise ForecastError(f"--version: {version!r} is no number of a version") from error
    elif label is not None:
        spec.version_label = label
    return spec


def tensor(array: np.ndarray) -> Any:
    """An array of float32, int64 or bytes as a TensorProto."""
    made = message("TensorProto")()
    for size in array.shape:
        made.tensor_shape.dim.add(size=size)
    if array.dtype.kind == "O":
        made.dtype = _NUMBERS["string"]
        made.string_val.extend(array.ravel().tolist())
    else:
        made.dtype = _NUMBERS[array.dtype.name]
        made.tensor_content = array.astype(array.dtype.newbyteorder("<")).tobytes()
    return made


def array(tensor: Any) -> np.ndarray:
    """A TensorProto as an array.

    Raises:
        ValueError: It is of a type that no forecast has, or holds too few values.
    """
    shape = [dim.size for dim in tensor.tensor_shape.dim]
    name = _DTYPES.get(tensor.dtype)
    if name not in _VALUES:
        raise ValueError(f"a tensor of type {tensor.dtype}")
    kind = np.dtype(name).newbyteorder("<")
    if tensor.tensor_content:
        return np.frombuffer(tensor.tensor_content, kind).reshape(shape).astype(name)
    values = np.array(getattr(tensor, _VALUES[name]), name)
    if values.size == 1:  # one value stands for all
        return np.full(shape, values[0])
    return values.reshape(shape)


def inputs_of(signatures: bytes, signature: str) -> Mapping[str, tuple[str, tuple[int, ...]]]:
    """Inputs of a signature, as GetModelMetadata tells them: name -> type and shape, -1: any.

    Raises:
        KeyError: There is no such signature.
    """
    found = message("SignatureDefMap").FromString(signatures).signature_def
    if signature not in found:
        raise KeyError(f"no signature {signature}, only {', '.join(sorted(found))}")
    return {
        name: (
            _DTYPES.get(info.dtype, str(info.dtype)),
            tuple(dim.size for dim in info.tensor_shape.dim),
        )
        for name, info in found[signature].inputs.items()
    }
