"""Tensors from protocol buffers and to them."""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2

from tfx_pipeline.server.errors import invalid
from tfx_pipeline.server.signature import Spec

FIELDS = {
    "float32": "float_val",
    "float64": "double_val",
    "int64": "int64_val",
    "uint64": "uint64_val",
    "uint32": "uint32_val",
    "int32": "int_val",
    "int16": "int_val",
    "int8": "int_val",
    "uint8": "int_val",
    "bool": "bool_val",
    "object": "string_val",
}
"""NumPy's name of a type -> the field that TensorFlow Serving answers with, which clients read."""


def to_array(proto: tensor_pb2.TensorProto, name: str, spec: Spec, max_bytes: int) -> np.ndarray:
    """Returns the array of a message.

    Args:
        proto: The message.
        name: Of the input, for messages.
        spec: What it must be.
        max_bytes: Of the array: a message may hold one value for a shape of any size.

    Raises:
        ServingError: It is of another type, too large, or its values do not fill its shape.
    """
    if proto.dtype != tf.as_dtype(spec.dtype).as_datatype_enum:
        found = tf.as_dtype(proto.dtype).name if proto.dtype else "of no type"
        raise invalid(f"input {name!r}: must be {spec}, is {found}")
    shape = [dimension.size for dimension in proto.tensor_shape.dim]
    if any(size < 0 for size in shape) or math.prod(shape) * spec.numpy_dtype.itemsize > max_bytes:
        raise invalid(f"input {name!r}: has shape {shape}, at most {max_bytes:,} bytes are taken")
    try:
        return tf.make_ndarray(proto)
    except (TypeError, ValueError) as error:
        raise invalid(f"input {name!r}: its values do not fill shape {shape}: {error}") from error


def to_proto(array: np.ndarray) -> tensor_pb2.TensorProto:
    """Returns an array as TensorFlow Serving answers: its values in the field of their type."""
    field = FIELDS.get(array.dtype.name)
    if field is None:
        return tf.make_tensor_proto(array)
    proto = tensor_pb2.TensorProto(dtype=tf.as_dtype(array.dtype).as_datatype_enum)
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    getattr(proto, field).extend(array.ravel().tolist())
    return proto
