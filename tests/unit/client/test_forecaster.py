"""What is asked and answered by each of the protocols, and what failures mean."""

from __future__ import annotations

import json
import math
import socket
import ssl

import numpy as np
import pytest

from tests.support.certificates import certificates
from tests.support.web import Reply, metadata_reply, persistence, tensorflow_serving, web
from tfx_pipeline.client.address import Credentials
from tfx_pipeline.client.errors import (
    ForecastError,
    NotFoundError,
    ServerError,
    ServerUnavailableError,
)
from tfx_pipeline.client.forecaster import Forecaster
from tfx_pipeline.model_contract import Input

INPUTS = {
    "power": Input((4,), "float32"),
    "voltage": Input((4,), "float32"),
    "timestamp": Input((), "int64"),
    "meter": Input((), "string"),
}


def asking(server, **options):
    return Forecaster(server.url, "house", **({"timeout": 5.0} | options))


def kserve_v1(request):
    """As KServe 0.20's own server answers: NaN is null, both ways."""
    if request.method == "GET":
        return Reply({"name": "house", "ready": True})
    rows = request.json["instances"]
    target = np.array([row["power"] for row in rows], np.float32)
    columns = persistence(target, 2)
    return Reply(
        {
            "predictions": [
                {name: [null(one) for one in columns[name][row]] for name in columns}
                for row in range(len(rows))
            ]
        }
    )


def open_inference(request):
    if request.method == "GET":
        kinds = {"float32": "FP32", "int64": "INT64", "string": "BYTES"}
        tensors = [
            {"name": name, "datatype": kinds[one.dtype], "shape": [-1, *one.shape]}
            for name, one in INPUTS.items()
        ]
        return Reply({"name": "house", "platform": "", "inputs": tensors, "outputs": []})
    [power] = [one for one in request.json["inputs"] if one["name"] == "power"]
    columns = persistence(np.array(power["data"], np.float32).reshape(power["shape"]), 2)
    outputs = [
        {
            "name": name,
            "shape": [len(values), 2],
            "datatype": "FP32",
            "data": [null(one) for row in values for one in row],
        }
        for name, values in columns.items()
    ]
    return Reply({"model_name": "house", "model_version": "9", "id": "1", "outputs": outputs})


def null(value):
    return None if math.isnan(value) else value


def refused(answer, error=ServerError, ask=Forecaster.served, **options):
    """What a server is asked, and how it fails."""
    with web(answer) as server, asking(server, **options) as one, pytest.raises(error) as caught:
        ask(one)
    assert type(caught.value) is error
    return server.requests, str(caught.value)


def test_tensorflow_serving_is_asked_in_columns(model, windows):
    with web(tensorflow_serving(model)) as server, asking(server) as forecaster:
        assert forecaster.served().inputs == INPUTS
        forecast = forecaster.forecast(windows)
    assert forecast.mean.tolist() == [[3.0, 3.0], [5.0, 5.0]]
    assert forecast.p10.tolist() == [[2.5, 2.5], [4.5, 4.5]]
    assert forecast.mean.dtype == np.float32
    assert forecast.version == "3"
    metadata, predict = server.requests
    assert metadata.path == "/v1/models/house/metadata"
    assert predict.path == "/v1/models/house:predict"
    assert predict.headers["x-request-id"]
    assert "[NaN, 1.0, 2.0, 3.0], [2.0, 3.0, NaN, 5.0]" in predict.body.decode()
    inputs = predict.json["inputs"]
    assert inputs["meter"] == [{"b64": "aG9tZQ=="}] * 2
    assert inputs["timestamp"] == windows.inputs["timestamp"].tolist()


@pytest.mark.parametrize(
    ("which", "path"),
    [({"version": 7}, "/versions/7"), ({"label": "canary"}, "/labels/canary")],
    ids=["version", "label"],
)
def test_a_version_or_label_is_asked_for_by_its_path(which, path, model, windows):
    with web(tensorflow_serving(model)) as server, asking(server, **which) as forecaster:
        forecaster.served()
        forecaster.forecast(windows)
    asked = [request.path for request in server.requests]
    assert asked == [f"/v1/models/house{path}/metadata", f"/v1/models/house{path}:predict"]


def test_kserves_v1_is_asked_in_rows(model, windows):
    with web(kserve_v1) as server, asking(server, protocol="kserve-v1") as forecaster:
        assert forecaster.served().inputs is None
        forecast = forecaster.forecast(windows)
    assert forecast.p90.tolist() == [[3.5, 3.5], [5.5, 5.5]]
    assert forecast.version is None
    first, second = server.requests[1].json["instances"]
    assert first["power"] == [None, 1.0, 2.0, 3.0]
    assert (second["meter"], second["power"]) == ({"b64": "aG9tZQ=="}, [2.0, 3.0, None, 5.0])


def test_the_open_inference_protocol_is_asked_in_tensors(model, windows):
    with web(open_inference) as server, asking(server, protocol="oip", version=9) as forecaster:
        assert forecaster.served().inputs == INPUTS
        forecast = forecaster.forecast(windows)
    assert forecast.p50.tolist() == [[3.0, 3.0], [5.0, 5.0]]
    assert forecast.version == "9"
    assert server.requests[1].path == "/v2/models/house/versions/9/infer"
    tensors = {one["name"]: one for one in server.requests[1].json["inputs"]}
    assert tensors["power"] == {
        "name": "power",
        "shape": [2, 4],
        "datatype": "FP32",
        "data": [None, 1.0, 2.0, 3.0, 2.0, 3.0, None, 5.0],
    }
    assert tensors["meter"]["data"] == ["home", "home"]
    assert tensors["timestamp"]["shape"] == [2]


@pytest.mark.parametrize(
    ("protocol", "answer"),
    [("kserve-v1", kserve_v1), ("oip", open_inference)],
    ids=["kserve-v1", "oip"],
)
def test_null_stands_for_nan_where_there_is_no_forecast(protocol, answer, windows):
    windows.inputs["power"][1] = np.nan
    with web(answer) as server, asking(server, protocol=protocol) as forecaster:
        forecast = forecaster.forecast(windows)
    assert np.isnan(forecast.mean).tolist() == [[False, False], [True, True]]


@pytest.mark.parametrize(
    ("protocol", "which", "said"),
    [
        ("kserve-v1", {"version": 1}, "KServe's V1 has no versions"),
        ("kserve-v1", {"label": "stable"}, "KServe's V1 has no versions"),
        ("oip", {"label": "stable"}, "the Open Inference Protocol has no labels"),
    ],
)
def test_what_a_protocol_has_not_is_refused(protocol, which, said):
    with pytest.raises(ForecastError, match=said):
        Forecaster("http://127.0.0.1:1", "house", protocol=protocol, **which)


def test_many_windows_are_asked_in_parts_of_one_request_id(model, windows):
    many = windows.where(slice(0, 1))
    many = many.__class__(
        model, many.meters * 250, np.repeat(many.origins, 250),
        {name: np.repeat(values, 250, axis=0) for name, values in many.inputs.items()},
        np.repeat(many.came, 250, axis=0),
    )  # fmt: skip
    with web(tensorflow_serving(model)) as server, asking(server) as forecaster:
        assert forecaster.forecast(many).mean.shape == (250, 2)
    sizes = [len(request.json["inputs"]["timestamp"]) for request in server.requests]
    assert sizes == [100, 100, 50]
    assert len({request.headers["x-request-id"] for request in server.requests}) == 1


def test_what_is_busy_is_asked_again(model, windows):
    statuses = iter([503, 429, 502])

    def answer(request):
        status = next(statuses, 200)
        if status != 200:
            return Reply({"error": "busy"}, status, {"Retry-After": "0"})
        return tensorflow_serving(model)(request)

    with web(answer) as server, asking(server) as forecaster:
        assert forecaster.forecast(windows).version == "3"
    assert len(server.requests) == 4


def test_a_server_that_stays_busy_is_given_up_in_time(windows):
    requests, said = refused(
        lambda _: Reply({"error": "the queue is full"}, 503),
        ServerUnavailableError,
        lambda forecaster: forecaster.forecast(windows),
        timeout=1,
    )
    assert "the queue is full" in said
    assert len(requests) > 1


def test_what_was_refused_is_asked_once():
    requests, said = refused(lambda _: Reply({"error": "power: 5 steps"}, 400))
    assert "power: 5 steps" in said
    assert len(requests) == 1


def test_a_slow_server_is_not_asked_again():
    with socket.create_server(("127.0.0.1", 0)) as listening:  # takes connections, answers nothing
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with Forecaster(url, "house", timeout=0.3) as forecaster, pytest.raises(ServerError) as got:
            forecaster.served()
    assert "no answer in 0.3 s; see --timeout" in str(got.value)
    assert not isinstance(got.value, ServerUnavailableError)


OTHERS = {
    "page": (Reply("<html>log in</html>", headers={"Content-Type": "text/html"}), "a web page: a"),
    "proxy": (Reply("<html>", 502, {"Content-Type": "text/html"}), "502 Bad Gateway, and a web"),
    "text": (Reply("hello"), "200 OK, and no JSON: hello"),
    "list": (Reply([1]), "has no outputs by name"),
    "empty": (Reply({"outputs": {}}), "has no mean, p10, p50, p90, only nothing"),
    "texts": (Reply({"outputs": dict.fromkeys(("mean", "p10", "p50", "p90"), "x")}), "no numbers"),
    "infinite": (
        Reply({"outputs": {name: [[1e300]] * 2 for name in ("mean", "p10", "p50", "p90")}}),
        "mean holds what is no finite float32",
    ),
    "few": (
        Reply({"outputs": {name: [[1.0, 2.0]] for name in ("mean", "p10", "p50", "p90")}}),
        "mean has the shape (1, 2), for 2 windows",
    ),
    "token": (Reply({"error": "who?"}, 401), "who?; a token is taken from FORECAST_TOKEN"),
    "elsewhere": (Reply("", 307, {"Location": "https://x/"}), "what is asked is at https://x/"),
    "detail": (Reply({"detail": "Not allowed"}, 405), "Not allowed"),
}


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_other_answers_are_explained(name, windows):
    reply, expected = OTHERS[name]
    error = ServerUnavailableError if reply.status == 502 else ServerError
    _, said = refused(lambda _: reply, error, lambda one: one.forecast(windows), timeout=1)
    assert expected in said


OTHER_PROTOCOLS = {
    "rest": (
        {"model_spec": {}},
        "no signature serving_default; does it speak TensorFlow Serving's REST (see --protocol)",
    ),
    "kserve-v1": ({"model_version_status": []}, "speaks no KServe V1; see --protocol"),
    "oip": ({"models": []}, "speaks no Open Inference Protocol; see --protocol"),
}


@pytest.mark.parametrize("protocol", sorted(OTHER_PROTOCOLS))
def test_a_server_of_another_protocol_is_told(protocol):
    content, expected = OTHER_PROTOCOLS[protocol]
    _, said = refused(lambda _: Reply(content), protocol=protocol)
    assert expected in said


@pytest.mark.parametrize("protocol", ["kserve-v1", "oip"])
def test_kserve_tells_which_models_it_has(protocol):
    def answer(request):
        if request.path.endswith("/models"):
            return Reply({"models": ["other", "third"]})
        return Reply({"error": "Model with name house does not exist."}, 404)

    _, said = refused(answer, NotFoundError, protocol=protocol)
    assert "does not exist.; it has other, third" in said


def test_tensorflow_serving_tells_which_versions_it_has():
    def answer(request):
        if request.path == "/v1/models/house":
            state = {"status": {"error_code": "OK", "error_message": ""}}
            return Reply(
                {
                    "model_version_status": [
                        {"version": "3", "state": "AVAILABLE", **state},
                        {"version": "2", "state": "END", **state},
                    ]
                }
            )
        return Reply({"error": "Servable not found for request: Specific(house, 5)"}, 404)

    _, said = refused(answer, NotFoundError, version=5)
    assert said.endswith("Specific(house, 5); it has 3")
    _, said = refused(lambda _: Reply({"error": "Latest(house)"}, 404), NotFoundError)
    assert "is house its name (see --name)" in said


def test_a_proxy_of_the_environment_does_not_stand_before_this_machine(model, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "grpc_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with web(lambda _: metadata_reply(model)) as server, asking(server) as forecaster:
        assert forecaster.served().version == "3"


def test_a_token_is_sent_and_not_shown(model):
    shown = Credentials("very-secret")
    assert "very-secret" not in repr(shown)
    with web(lambda _: metadata_reply(model)) as server, asking(server, shown=shown) as forecaster:
        forecaster.served()
    assert server.requests[0].headers["authorization"] == "Bearer very-secret"
    _, said = refused(lambda _: Reply({"error": "no"}, 403), shown=shown)
    assert "very-secret" not in said


def test_json_of_a_float_is_that_float(model, windows):
    """The shortest way to write a float32 as a double is exact."""
    rng = np.random.default_rng(0)
    windows.inputs["power"][:] = rng.random((2, 4), np.float32) * 10.0 ** rng.integers(
        -30, 30, (2, 4)
    )
    with web(tensorflow_serving(model)) as server, asking(server) as forecaster:
        forecaster.forecast(windows)
    sent = np.array(json.loads(server.requests[0].body)["inputs"]["power"])
    np.testing.assert_array_equal(sent.astype(np.float32), windows.inputs["power"])


def test_tls_needs_the_right_authority(model, tmp_path):
    made = certificates(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.server, made.key)
    trusted = Credentials("very-secret", str(made.authority))
    with web(lambda _: metadata_reply(model), context) as server:
        url = server.url.replace("http:", "https:")
        with Forecaster(url, "house", shown=trusted, timeout=5) as forecaster:
            assert forecaster.served().version == "3"
        with Forecaster(url, "house", timeout=5) as one, pytest.raises(ServerError) as caught:
            one.served()
        assert "certificate verify failed" in str(caught.value)
        assert "FORECAST_CA_FILE" in str(caught.value)
    with web(lambda _: metadata_reply(model)) as server:
        url = server.url.replace("http:", "https:")
        with Forecaster(url, "house", timeout=5) as one, pytest.raises(ServerError) as caught:
            one.served()
        assert "speaks no TLS; try http://" in str(caught.value)
    (tmp_path / "none.pem").write_text("no certificate")
    with pytest.raises(ServerError, match=r"FORECAST_CA_FILE: .*none\.pem"):
        Forecaster(url, "house", shown=Credentials(ca_file=str(tmp_path / "none.pem")))
