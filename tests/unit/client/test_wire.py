"""The messages are those of TensorFlow Serving's official stubs, byte for byte."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2, tensor_shape_pb2
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_pb2,
    predict_pb2,
)

from tfx_pipeline.client import wire

OFFICIAL = {
    "ModelSpec": model_pb2.ModelSpec,
    "TensorShapeProto": tensor_shape_pb2.TensorShapeProto,
    "Dim": tensor_shape_pb2.TensorShapeProto.Dim,
    "TensorProto": tensor_pb2.TensorProto,
    "PredictRequest": predict_pb2.PredictRequest,
    "PredictResponse": predict_pb2.PredictResponse,
    "GetModelMetadataRequest": get_model_metadata_pb2.GetModelMetadataRequest,
    "GetModelMetadataResponse": get_model_metadata_pb2.GetModelMetadataResponse,
    "TensorInfo": meta_graph_pb2.TensorInfo,
    "SignatureDef": meta_graph_pb2.SignatureDef,
    "SignatureDefMap": get_model_metadata_pb2.SignatureDefMap,
    "GetModelStatusRequest": get_model_status_pb2.GetModelStatusRequest,
    "ModelVersionStatus": get_model_status_pb2.ModelVersionStatus,
    "GetModelStatusResponse": get_model_status_pb2.GetModelStatusResponse,
}
ARRAYS = [
    np.array([[1.5, np.nan], [0.1, -np.inf]], np.float32),
    np.array([1, 2**62, -3], np.int64),
    np.array([b"one", b"\xff\x00"], object),
    np.zeros((0, 3), np.float32),
]


@pytest.mark.parametrize("name", sorted(OFFICIAL))
def test_fields_have_the_official_numbers(name):
    official = OFFICIAL[name].DESCRIPTOR.fields_by_name
    for field in wire.message(name).DESCRIPTOR.fields:
        assert official[field.name].number == field.number
        assert official[field.name].is_repeated == field.is_repeated
        # An enum is a whole number on the wire.
        kind = official[field.name].type
        assert field.type == (field.TYPE_INT32 if kind == field.TYPE_ENUM else kind)


@pytest.mark.parametrize("array", ARRAYS, ids=["floats", "integers", "texts", "empty"])
def test_requests_are_read_by_the_official_stubs(array):
    request = wire.message("PredictRequest")(model_spec=wire.model_spec("house", "17", None))
    request.inputs["one"].CopyFrom(wire.tensor(array))
    read = predict_pb2.PredictRequest.FromString(request.SerializeToString())
    assert (read.model_spec.name, read.model_spec.version.value) == ("house", 17)
    np.testing.assert_array_equal(tf.make_ndarray(read.inputs["one"]), array)


@pytest.mark.parametrize("fields", [False, True], ids=["content", "fields"])
@pytest.mark.parametrize("array", [ARRAYS[0], ARRAYS[1], np.full((2, 3), 7.5, np.float32)], ids=str)
def test_answers_are_read_as_the_official_stubs_write_them(array, fields):
    made = tf.make_tensor_proto(array)
    if fields:  # as TensorFlow Serving does
        name = "float_val" if array.dtype == np.float32 else "int64_val"
        made.ClearField("tensor_content")
        getattr(made, name)[:] = [7.5] if (array == 7.5).all() else array.ravel().tolist()
    response = predict_pb2.PredictResponse(outputs={"mean": made})
    response.model_spec.version.value = 3
    read = wire.message("PredictResponse").FromString(response.SerializeToString())
    assert read.model_spec.version.value == 3
    np.testing.assert_array_equal(wire.array(read.outputs["mean"]), array)


def test_a_label_is_asked_for_as_officially():
    made = wire.model_spec("house", None, "canary").SerializeToString()
    assert model_pb2.ModelSpec.FromString(made).version_label == "canary"


def test_what_is_no_forecast_is_refused():
    with pytest.raises(ValueError, match="a tensor of type 7"):
        wire.array(wire.tensor(ARRAYS[2]))


def test_inputs_are_those_of_the_signature():
    info = meta_graph_pb2.TensorInfo(dtype=1)
    for size in (-1, 50):
        info.tensor_shape.dim.add(size=size)
    signature = meta_graph_pb2.SignatureDef(inputs={"power": info})
    found = get_model_metadata_pb2.SignatureDefMap(signature_def={"serving_default": signature})
    text = found.SerializeToString()
    assert wire.inputs_of(text, "serving_default") == {"power": ("float32", (-1, 50))}
    with pytest.raises(KeyError, match="no signature other, only serving_default"):
        wire.inputs_of(text, "other")
