"""The Open Inference Protocol by gRPC, as KServe 0.20's own server speaks it."""

from __future__ import annotations

import grpc
import numpy as np
import pytest

from tests.support.rpc import Handler, serving
from tests.support.web import persistence
from tfx_pipeline.client import wire
from tfx_pipeline.client.errors import ForecastError, NotFoundError, ServerError
from tfx_pipeline.client.forecaster import Forecaster

DATATYPES = {"float32": "FP32", "int64": "INT64", "string": "BYTES"}


class Inference(Handler):
    """Answers in contents, or in bytes beside them."""

    def __init__(self, model, raw=False, datatype="FP32", failures=()):
        super().__init__(failures)
        self.model, self.raw, self.datatype = model, raw, datatype

    def ModelMetadata(self, request):  # noqa: N802
        answer = wire.message("ModelMetadataResponse")(name=request.name, versions=["9"])
        for name, one in self.model.inputs.items():
            answer.inputs.add(name=name, datatype=DATATYPES[one.dtype], shape=(-1, *one.shape))
        return answer

    def ModelInfer(self, request):  # noqa: N802
        answer = wire.message("ModelInferResponse")(model_version=request.model_version)
        [power] = [one for one in request.inputs if one.name == "power"]
        target = np.array(power.contents.fp32_contents, np.float32).reshape(power.shape)
        for name, values in persistence(target, 2).items():
            tensor = answer.outputs.add(name=name, datatype=self.datatype, shape=np.shape(values))
            if self.raw:
                answer.raw_output_contents.append(np.array(values, "<f4").tobytes())
            else:
                tensor.contents.fp32_contents.extend(np.ravel(values))
        return answer


def asking(port, **options):
    return Forecaster(f"grpc://127.0.0.1:{port}", "house", protocol="oip", timeout=5.0, **options)


@pytest.mark.parametrize("raw", [False, True], ids=["contents", "raw"])
def test_what_is_asked_and_answered(raw, model, windows):
    handler = Inference(model, raw)
    with serving(handler) as port, asking(port, version=9) as forecaster:
        assert forecaster.served().inputs == model.inputs
        assert forecaster.served().version == "9"
        forecast = forecaster.forecast(windows)
    assert forecast.p50.tolist() == [[3.0, 3.0], [5.0, 5.0]]
    assert (forecast.version, forecast.label) == ("9", None)
    tensors = {one.name: one for one in handler.requests[2][1].inputs}
    assert np.isnan(tensors["power"].contents.fp32_contents).tolist() == [
        True, *[False] * 5, True, False,
    ]  # fmt: skip
    assert list(tensors["meter"].contents.bytes_contents) == [b"home"] * 2
    assert list(tensors["timestamp"].shape) == [2]


def test_the_only_version_is_the_one_that_answers(model):
    with serving(Inference(model)) as port, asking(port) as forecaster:
        assert forecaster.served().version == "9"


def test_what_is_no_forecast_is_refused(model, windows):
    with (
        serving(Inference(model, datatype="BYTES")) as port,
        asking(port) as one,
        pytest.raises(ServerError, match="the answer's outputs are no forecasts"),
    ):
        one.forecast(windows)


def test_a_model_that_is_not_there(model):
    missing = (grpc.StatusCode.NOT_FOUND, "Model with name house does not exist.")
    with (
        serving(Inference(model, failures=[missing])) as port,
        asking(port) as one,
        pytest.raises(NotFoundError, match=r"Model with name house does not exist\."),
    ):
        one.served()


def test_labels_are_refused():
    with pytest.raises(ForecastError, match="has no labels"):
        asking(1, label="canary")
