"""TensorFlow Serving's gRPC: what is asked and answered, TLS, and what failures mean."""

from __future__ import annotations

import grpc
import numpy as np
import pytest

from tests.support.certificates import certificates
from tests.support.rpc import Handler, serving
from tests.support.web import persistence
from tfx_pipeline.client import wire
from tfx_pipeline.client.address import Credentials
from tfx_pipeline.client.errors import NotFoundError, ServerError, ServerUnavailableError
from tfx_pipeline.client.forecaster import Forecaster
from tfx_pipeline.model_contract import DEFAULT_SIGNATURE

NUMBERS = {"float32": 1, "string": 7, "int64": 9}


class Serving(Handler):
    """Answers as TensorFlow Serving does."""

    def __init__(self, model, failures=()):
        super().__init__(failures)
        self.model = model

    def GetModelMetadata(self, request):  # noqa: N802
        signature = wire.message("SignatureDef")()
        for name, one in self.model.inputs.items():
            signature.inputs[name].dtype = NUMBERS[one.dtype]
            for size in (-1, *one.shape):
                signature.inputs[name].tensor_shape.dim.add(size=size)
        found = wire.message("SignatureDefMap")()
        found.signature_def[DEFAULT_SIGNATURE].CopyFrom(signature)
        answer = wire.message("GetModelMetadataResponse")()
        answer.model_spec.version.value = 3
        answer.metadata["signature_def"].value = found.SerializeToString()
        return answer

    def GetModelStatus(self, request):  # noqa: N802
        answer = wire.message("GetModelStatusResponse")()
        answer.model_version_status.add(version=3, state=wire.AVAILABLE)
        answer.model_version_status.add(version=2, state=50)
        return answer

    def Predict(self, request):  # noqa: N802
        answer = wire.message("PredictResponse")()
        answer.model_spec.version.value = 3
        target = wire.array(request.inputs[self.model.series.target.name])
        for name, values in persistence(target, self.model.horizon).items():
            answer.outputs[name].CopyFrom(wire.tensor(np.array(values, np.float32)))
        return answer


def asking(port, **options):
    return Forecaster(f"grpc://127.0.0.1:{port}", "house", **({"timeout": 5.0} | options))


def test_what_is_asked_and_answered(model, windows):
    handler = Serving(model)
    shown = Credentials("very-secret")
    with serving(handler) as port, asking(port, label="canary", shown=shown) as forecaster:
        served = forecaster.served()
        forecast = forecaster.forecast(windows)
    assert (served.version, served.inputs) == ("3", model.inputs)
    assert forecast.mean.tolist() == [[3.0, 3.0], [5.0, 5.0]]
    assert forecast.version == "3"
    (_, asked, _), (_, request, sent) = handler.requests
    assert asked.metadata_field == ["signature_def"]
    assert request.model_spec.version_label == "canary"
    assert request.model_spec.signature_name == DEFAULT_SIGNATURE
    assert sent["authorization"] == "Bearer very-secret"
    assert sent["x-request-id"]
    np.testing.assert_array_equal(wire.array(request.inputs["power"]), windows.inputs["power"])


@pytest.mark.parametrize("code", ["UNAVAILABLE", "RESOURCE_EXHAUSTED"])
def test_what_is_busy_is_asked_again(code, model, windows):
    handler = Serving(model, [(grpc.StatusCode[code], "the queue is full")] * 2)
    with serving(handler) as port, asking(port) as forecaster:
        assert forecaster.forecast(windows).version == "3"
    assert len(handler.requests) == 3
    handler = Serving(model, [(grpc.StatusCode[code], "the queue is full")] * 99)
    with (
        serving(handler) as port,
        asking(port, timeout=1) as one,
        pytest.raises(ServerUnavailableError, match=r"\d: the queue is full"),
    ):
        one.forecast(windows)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("INVALID_ARGUMENT", "no good"),
        ("UNAUTHENTICATED", "no good; a token is taken from FORECAST_TOKEN"),
        ("UNIMPLEMENTED", "does not speak this protocol; see --protocol"),
        ("DEADLINE_EXCEEDED", "no answer in 5 s; see --timeout"),
    ],
)
def test_what_was_refused_is_asked_once(code, said, model, windows):
    handler = Serving(model, [(grpc.StatusCode[code], "no good")])
    with serving(handler) as port, asking(port) as one, pytest.raises(ServerError) as caught:
        one.forecast(windows)
    assert said in str(caught.value)
    assert len(handler.requests) == 1


def test_the_versions_that_there_are_are_told(model):
    missing = (grpc.StatusCode.NOT_FOUND, "Specific(house, 5)")
    handler = Serving(model, [missing])
    with (
        serving(handler) as port,
        asking(port, version=5) as one,
        pytest.raises(NotFoundError, match=r"Specific\(house, 5\); it has 3$"),
    ):
        one.served()
    with (
        serving(Serving(model, [missing] * 2)) as port,
        asking(port) as one,
        pytest.raises(NotFoundError, match=r"is house its name \(see --name\)"),
    ):
        one.served()


def test_nobody_there():
    with asking(1, timeout=1) as one, pytest.raises(ServerUnavailableError) as caught:
        one.served()
    assert "nobody answers there (Connection refused)" in str(caught.value)


def test_tls_needs_the_right_authority(model, tmp_path):
    made = certificates(tmp_path)
    pair = (made.key.read_bytes(), made.server.read_bytes())
    with serving(Serving(model), grpc.ssl_server_credentials([pair])) as port:
        url = f"grpcs://127.0.0.1:{port}"
        trusted = Credentials("very-secret", str(made.authority))
        with Forecaster(url, "house", shown=trusted, timeout=5) as forecaster:
            assert forecaster.served().version == "3"
        with (
            Forecaster(url, "house", shown=Credentials(), timeout=5) as one,
            pytest.raises(ServerError, match=r"is not trusted; name the file .*FORECAST_CA_FILE"),
        ):
            one.served()
    with serving(Serving(model)) as port:
        url = f"grpcs://127.0.0.1:{port}"
        with (
            Forecaster(url, "house", shown=trusted, timeout=5) as one,
            pytest.raises(ServerError, match="speaks no TLS; try grpc://"),
        ):
            one.served()
