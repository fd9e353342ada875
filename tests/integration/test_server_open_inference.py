"""The Open Inference Protocol, KServe's V2, against our server."""

import numpy as np
import pytest
import tensorflow as tf

from tests.support.saved_models import write_half_plus, write_version
from tfx_pipeline.model_contract import REQUESTS_FILE
from tfx_pipeline.serving.answer import ask
from tfx_pipeline.serving.requests import read_requests

NAME = "household-power"
INFER = f"/v2/models/{NAME}/infer"
DATATYPES = {"float32": "FP32", "int64": "INT64"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    write_half_plus(folder / "half_plus_two")
    write_version(folder / NAME, 7)
    return folder


@pytest.fixture(scope="module")
def recorded(folder):
    return read_requests(folder / NAME / "7" / REQUESTS_FILE)[0]


def tensor(name, values, **changes):
    flat = [None if value != value else value for value in values.ravel().tolist()]
    shape, datatype = list(values.shape), DATATYPES[values.dtype.name]
    return {"name": name, "shape": shape, "datatype": datatype, "data": flat} | changes


@pytest.fixture
def tensors(recorded):
    return {name: tensor(name, values) for name, values in recorded.inputs.items()}


def test_health_and_metadata(running):
    assert running.get("/v2/health/live").json()["live"] is True
    assert running.get("/v2/health/ready").json()["ready"] is True
    assert running.get("/v2").json()["name"] == "household-power-forecast"
    assert running.get("/v2/models").json() == {"models": ["half_plus_two", NAME]}
    assert running.get(f"/v2/models/{NAME}/ready").json() == {"name": NAME, "ready": True}
    assert running.get("/v2/models/half_plus_two/versions/123").json() == {
        "name": "half_plus_two",
        "versions": ["123"],
        "platform": "tensorflow_savedmodel",
        "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1]}],
        "outputs": [{"name": "y", "datatype": "FP32", "shape": [-1]}],
    }


def test_answers_are_the_saved_models_bit_by_bit(running, folder, recorded, tensors):
    body = {"id": "mine", "inputs": list(tensors.values())}
    answer = running.post(INFER, body).json()
    assert (answer["id"], answer["model_name"], answer["model_version"]) == ("mine", NAME, "7")
    expected = ask(tf.saved_model.load(str(folder / NAME / "7")).signatures, recorded)
    assert {one["name"] for one in answer["outputs"]} == expected.keys()
    for one in answer["outputs"]:
        found = np.array(one["data"], np.float32).reshape(one["shape"])
        assert one["datatype"] == "FP32"
        assert found.tobytes() == expected[one["name"]].tobytes()


def test_nested_data_a_version_and_some_outputs(running):
    body = {"inputs": [tensor("x", np.float32([1, 2]))], "outputs": [{"name": "y"}]}
    answer = running.post("/v2/models/half_plus_two/versions/123/infer", body)
    assert answer.headers["X-Model-Label"] == "stable"
    assert answer.json()["outputs"][0]["data"] == [2.5, 3.0]


def test_what_was_not_observed_is_null_there_and_back(running, tensors):
    windows = tensors["Global_active_power"]
    windows["data"] = [None] * len(windows["data"])
    answer = running.post(INFER, {"inputs": list(tensors.values())})
    assert set(answer.json()["outputs"][0]["data"]) == {None}
    assert "NaN" not in answer.text


FAULTS = {
    "no inputs": (lambda body: body.pop("inputs"), "inputs: must be an array, is null"),
    "an object": (lambda body: body.update(inputs={}), "inputs: must be an array, is an object"),
    "no name": (lambda body: body["inputs"][0].pop("name"), "inputs[0].name: must be a string"),
    "missing": (lambda body: body["inputs"].pop(0), "lacks input 'Global_active_power'"),
    "twice": (lambda body: body["inputs"].append(body["inputs"][0]), "is there twice"),
    "unknown": (lambda body: body["inputs"][0].update(name="Volts"), "no input 'Volts'"),
    "type": (lambda body: body["inputs"][0].update(datatype="FP64"), "datatype: must be FP32"),
    "shape": (lambda body: body["inputs"][0].update(shape=[-1, 50]), "shape: must be sizes"),
    "other shape": (lambda body: body["inputs"][0].update(shape=[50, 3]), "has shape [50, 3]"),
    "huge shape": (
        lambda body: body["inputs"][0].update(shape=[2**40, 50]),
        "data: has 150 values",
    ),
    "a value": (lambda body: body["inputs"][0]["data"].__setitem__(1, "x"), "data[1]: is a string"),
    "null in a time": (
        lambda body: body["inputs"][-1]["data"].__setitem__(0, None),
        "data[0]: is null, must be int64",
    ),
    "signature": (lambda body: body.update(parameters={"signature_name": "x"}), '"x"'),
    "output": (lambda body: body.update(outputs=[{"name": "p99"}]), "'p99'"),
    "id": (lambda body: body.update(id=7), "id: must be a string"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_malformed_request_is_refused_in_words(running, tensors, fault):
    change, words = FAULTS[fault]
    body = {"inputs": list(tensors.values())}
    change(body)
    answer = running.post(INFER, body)
    assert answer.status_code == 400
    assert words in answer.json()["error"]


@pytest.mark.parametrize(
    ("path", "status"),
    [("/v2/models/x", 404), (f"/v2/models/{NAME}/versions/8/ready", 404), ("/v2/x", 400)],
)
def test_a_path_that_leads_nowhere_is_refused_in_words(running, path, status):
    answer = running.get(path)
    assert answer.status_code == status
    assert answer.json()["error"]
