"""TensorFlow Serving's own client and its documented examples, against our server."""

import base64
import subprocess

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from tests.support.saved_models import write_half_plus, write_version
from tfx_pipeline.model_contract import EXAMPLES_SIGNATURE, OUTPUTS, REQUESTS_FILE
from tfx_pipeline.serving.answer import ask
from tfx_pipeline.serving.requests import read_requests

NAME = "household-power"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    write_half_plus(folder / "half_plus_two")
    write_half_plus(folder / "saved_model_half_plus_three", b=3.0)
    write_version(folder / NAME, 7)
    return folder


@pytest.fixture(scope="module")
def channel(running):
    with grpc.insecure_channel(running.grpc) as channel:
        yield channel


@pytest.fixture(scope="module")
def recorded(folder):
    return read_requests(folder / NAME / "7" / REQUESTS_FILE)


@pytest.fixture(scope="module")
def signatures(folder):
    return tf.saved_model.load(str(folder / NAME / "7")).signatures


def predict_request(request):
    message = predict_pb2.PredictRequest()
    message.model_spec.name = NAME
    message.model_spec.signature_name = request.signature_name
    for name, value in request.inputs.items():
        message.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return message


def curl(*arguments):
    done = subprocess.run(["curl", "-sS", *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def test_the_documented_status(running):
    url = f"{running.rest}/v1/models/saved_model_half_plus_three"
    expected = """{
 "model_version_status": [
  {
   "version": "123",
   "state": "AVAILABLE",
   "status": {
    "error_code": "OK",
    "error_message": ""
   }
  }
 ]
}
"""
    assert curl(url) == expected


def test_the_documented_predictions(running):
    url = f"{running.rest}/v1/models/saved_model_half_plus_three:predict"
    answer = curl("-d", '{"instances": [1.0,2.0,5.0]}', "-X", "POST", url)
    assert "".join(answer.split()) == '{"predictions":[3.5,4.0,5.5]}'
    answer = curl(
        "-d",
        '{"inputs": [1.0,2.0,5.0]}',
        url.replace("saved_model_half_plus_three", "half_plus_two"),
    )
    assert "".join(answer.split()) == '{"outputs":[2.5,3.0,4.5]}'


def test_the_documented_error(running):
    url = f"{running.rest}/v1/models/half:predict"
    answer = curl("-i", "-d", '{"instances": [1.0,5.0]}', "-X", "POST", url)
    assert answer.startswith("HTTP/1.1 404 Not Found\n")
    assert '{"error":"Servable not found for request: Latest(half)' in answer


def test_the_words_of_a_path_have_no_case_and_names_have(running):
    path = "/V1/MODELS/half_plus_two/VERSIONS/123:PREDICT"
    assert running.post(path, {"instances": [1.0]}).json() == {"predictions": [2.5]}
    assert running.get("/v1/models/HALF_PLUS_TWO").status_code == 404


def test_metadata_is_as_tensorflow_serving_prints_it(running):
    found = running.get("/v1/models/half_plus_two/versions/123/metadata").json()
    assert found["model_spec"] == {"name": "half_plus_two", "version": "123", "signature_name": ""}
    x = found["metadata"]["signature_def"]["signature_def"]["serving_default"]["inputs"]["x"]
    assert x["dtype"] == "DT_FLOAT"
    assert x["tensor_shape"] == {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False}


def test_rest_answers_as_the_saved_model_bit_by_bit(running, recorded, signatures):
    windows, segments = recorded
    expected = ask(signatures, windows)
    inputs = {name: value.tolist() for name, value in windows.inputs.items()}
    answer = running.post(f"/v1/models/{NAME}:predict", {"inputs": inputs})
    assert answer.headers["X-Model-Version"] == "7"
    assert answer.headers["X-Model-Label"] == "stable"
    outputs = answer.json()["outputs"]
    assert outputs.keys() == set(OUTPUTS)
    for name, value in expected.items():
        assert np.array(outputs[name], np.float32).tobytes() == value.tobytes()

    rows = [dict(zip(inputs, row, strict=True)) for row in zip(*inputs.values(), strict=True)]
    body = {"signature_name": "serving_default", "instances": rows}
    predictions = running.post(f"/v1/models/{NAME}/labels/stable:predict", body).json()
    for name, value in expected.items():
        found = np.array([row[name] for row in predictions["predictions"]], np.float32)
        assert found.tobytes() == value.tobytes()

    encoded = [{"b64": base64.b64encode(one).decode()} for one in segments.inputs["examples"]]
    body = {"signature_name": EXAMPLES_SIGNATURE, "inputs": {"examples": encoded}}
    outputs = running.post(f"/v1/models/{NAME}:predict", body).json()["outputs"]
    for name, value in ask(signatures, segments).items():
        assert np.array(outputs[name], np.float32).tobytes() == value.tobytes()


def test_grpc_answers_as_the_saved_model_bit_by_bit(channel, recorded, signatures):
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    for request in recorded:
        response = stub.Predict(predict_request(request))
        assert response.model_spec.name == NAME
        assert response.model_spec.version.value == 7
        assert response.model_spec.signature_name == request.signature_name
        for name, value in ask(signatures, request).items():
            assert tf.make_ndarray(response.outputs[name]).tobytes() == value.tobytes()
            # Where TensorFlow Serving puts the values, too, and many clients look.
            assert response.outputs[name].float_val[:] == value.ravel().tolist() or value.size == 0


def test_grpc_by_version_label_and_output(channel, recorded):
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    request = predict_request(recorded[0])
    request.model_spec.version.value = 7
    request.output_filter.append("p50")
    assert list(stub.Predict(request).outputs) == ["p50"]
    request.model_spec.version_label = "stable"
    assert list(stub.Predict(request).outputs) == ["p50"]


def test_grpc_metadata_and_status(channel):
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = NAME
    response = stub.GetModelMetadata(request)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(signatures)
    assert {"serving_default", EXAMPLES_SIGNATURE} <= signatures.signature_def.keys()

    models = model_service_pb2_grpc.ModelServiceStub(channel)
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = NAME
    [status] = models.GetModelStatus(request).model_version_status
    assert status.version == 7
    assert status.state == get_model_status_pb2.ModelVersionStatus.AVAILABLE


def malformed(change):
    """A request of the contract's model with something wrong in it."""

    def made(recorded):
        message = predict_request(recorded[0])
        change(message)
        return message

    return made


def _set(message, name, value, **options):
    message.inputs[name].CopyFrom(tf.make_tensor_proto(value, **options))


GRPC_FAULTS = {
    "no model": (lambda m: m.ClearField("model_spec"), "INVALID_ARGUMENT", "ModelSpec"),
    "unnamed": (lambda m: m.model_spec.ClearField("name"), "INVALID_ARGUMENT", "no name"),
    "unknown": (lambda m: setattr(m.model_spec, "name", "x"), "NOT_FOUND", "household-power"),
    "version": (lambda m: setattr(m.model_spec.version, "value", 8), "NOT_FOUND", "loaded: 7"),
    "label": (
        lambda m: setattr(m.model_spec, "version_label", "canry"),
        "INVALID_ARGUMENT",
        "canry",
    ),
    "signature": (
        lambda m: setattr(m.model_spec, "signature_name", "serve"),
        "INVALID_ARGUMENT",
        '"serve"',
    ),
    "missing input": (lambda m: m.inputs.pop("Voltage"), "INVALID_ARGUMENT", "'Voltage'"),
    "unknown input": (
        lambda m: _set(m, "Voltag", [1.0]),
        "INVALID_ARGUMENT",
        "did you mean Voltage?",
    ),
    "type": (
        lambda m: _set(m, "timestamp", [1.0, 2.0, 3.0]),
        "INVALID_ARGUMENT",
        "'timestamp': must be int64 [batch], is float32",
    ),
    "shape": (
        lambda m: _set(m, "Voltage", np.zeros((3, 49), np.float32)),
        "INVALID_ARGUMENT",
        "'Voltage': must be float32 [batch, 50], has shape [3, 49]",
    ),
    "rows": (
        lambda m: _set(m, "Voltage", np.zeros((2, 50), np.float32)),
        "INVALID_ARGUMENT",
        "'Voltage': has 2 rows",
    ),
    "cut off": (
        lambda m: setattr(m.inputs["Voltage"], "tensor_content", b"abc"),
        "INVALID_ARGUMENT",
        "'Voltage'",
    ),
    "negative size": (
        lambda m: setattr(m.inputs["Voltage"].tensor_shape.dim[0], "size", -3),
        "INVALID_ARGUMENT",
        "'Voltage'",
    ),
    "huge size": (
        lambda m: setattr(m.inputs["Voltage"].tensor_shape.dim[0], "size", 2**62),
        "INVALID_ARGUMENT",
        "'Voltage'",
    ),
    "one value for a huge shape": (
        lambda m: m.inputs["Voltage"].CopyFrom(
            tf.make_tensor_proto(1.0, tf.float32, shape=[2**40, 50])
        ),
        "INVALID_ARGUMENT",
        "'Voltage': has shape [1099511627776, 50]",
    ),
    "output": (lambda m: m.output_filter.append("p99"), "INVALID_ARGUMENT", "'p99'"),
    "outputs": (lambda m: m.output_filter.extend(["p50"] * 2), "INVALID_ARGUMENT", "twice"),
}


@pytest.mark.parametrize("fault", GRPC_FAULTS)
def test_grpc_refuses_in_words(channel, recorded, fault):
    change, code, words = GRPC_FAULTS[fault]
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    with pytest.raises(grpc.RpcError) as caught:
        stub.Predict(malformed(change)(recorded))
    assert caught.value.code().name == code
    assert words in caught.value.details()
    assert stub.Predict(predict_request(recorded[0])).outputs


def test_grpc_metadata_of_nothing_or_something_else_is_refused(channel):
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    for fields in ([], ["weights"]):
        request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=fields)
        request.model_spec.name = NAME
        with pytest.raises(grpc.RpcError, match="metadata_field") as caught:
            stub.GetModelMetadata(request)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
