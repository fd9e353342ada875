"""What the serving check finds wrong with a SavedModel, and nothing wrong with a good one."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
from tfx_kubeflow.storage.served_versions import MODEL_FILE

from tests.support.model import UCI, save_model
from tests.support.settings import TARGET
from tfx_pipeline.data.contract import Windowing
from tfx_pipeline.model_contract import METADATA_FILE, REQUESTS_FILE, WARM_UP_FILE
from tfx_pipeline.series.spec import SeriesSpec
from tfx_pipeline.serving import answer
from tfx_pipeline.serving.requests import RecordedRequest, read_requests, write_requests

WINDOWING = Windowing(window=10, horizon=3, origins=4)
DAY_AHEAD = SeriesSpec.model_validate(
    {
        "layouts": [{"timestamp": "time"}],
        "zone": "Europe/Paris",
        "meter": "id",
        "cadence": "PT30M",
        "target": {"name": "load", "unit": "kWh"},
        "known_ahead": [{"name": "temperature", "unit": "degC"}],
    }
)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("saved") / "model", WINDOWING)


@pytest.fixture
def model(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "model"))


def _change(model: Path, change: Callable[[RecordedRequest], RecordedRequest | None]) -> None:
    requests = (change(request) for request in read_requests(model / REQUESTS_FILE))
    write_requests(model / REQUESTS_FILE, [request for request in requests if request])


def test_a_good_model_has_no_faults(model: Path) -> None:
    report = answer.check(model)
    assert report.reasons == ()
    assert report.requests == report.warm_up_requests == 2
    assert report.latency_ms > 0


def _shifted(by: float) -> Callable[[RecordedRequest], RecordedRequest]:
    def change(request: RecordedRequest) -> RecordedRequest:
        outputs = dict(request.outputs) | {"p50": request.outputs["p50"] + by}
        return dataclasses.replace(request, outputs=outputs)

    return change


def test_another_answer_is_a_fault_of_both_signatures(model: Path) -> None:
    _change(model, _shifted(0.25))
    assert answer.check(model).reasons == (
        "recorded request 0 (serving_default): "
        "output 'p50' differs from the recorded one by up to 0.25 kW",
        "recorded request 1 (serving_examples): "
        "output 'p50' differs from the recorded one by up to 0.25 kW",
    )


def test_rounding_is_no_fault(model: Path) -> None:
    _change(model, _shifted(5e-5))
    assert answer.check(model).reasons == ()


def test_what_rounding_is_depends_on_what_values_amount_to(tmp_path: Path) -> None:
    watts = UCI.model_copy(update={"target": UCI.target.model_copy(update={"unit": "W"})})
    model = save_model(tmp_path / "model", WINDOWING, watts, offset=40_000.0)
    _change(model, _shifted(2.0))
    assert answer.check(model).reasons == ()
    _change(model, _shifted(50.0))
    assert "differs from the recorded one by up to 52 W" in answer.check(model).reasons[0]


def test_a_meter_of_large_values_does_not_hide_what_is_wrong_with_the_others(model: Path) -> None:
    signatures = tf.saved_model.load(str(model)).signatures

    def one_large(request: RecordedRequest) -> RecordedRequest | None:
        if TARGET not in request.inputs:
            return None
        inputs = dict(request.inputs)
        inputs[TARGET] = inputs[TARGET] * np.array([[1e6], [1.0], [1.0]], np.float32)
        outputs = answer.ask(signatures, dataclasses.replace(request, inputs=inputs))
        outputs["p50"][1] += 0.01
        return dataclasses.replace(request, inputs=inputs, outputs=outputs)

    _change(model, one_large)
    assert "differs from the recorded one by up to 0.01 kW" in answer.check(model).reasons[-1]


def test_any_series_is_asked_by_its_description(tmp_path: Path) -> None:
    model = save_model(tmp_path / "model", WINDOWING, DAY_AHEAD, meters=3)
    assert answer.check(model).reasons == ()


def test_a_description_of_other_inputs_is_a_fault(model: Path) -> None:
    values = json.loads((model / METADATA_FILE).read_text())
    (model / METADATA_FILE).write_text(json.dumps(values | {"window": 11, "meters": 2}))
    reasons = answer.check(model).reasons
    assert reasons[-1] == (
        "serving_default: input 'meter' is not there, by assets.extra/forecast.json string [batch]"
    )
    assert "input 'Voltage' is float32 [batch, 10], by assets.extra/forecast.json float32" in (
        " ".join(reasons)
    )


def test_a_model_of_the_first_release_has_no_faults(model: Path) -> None:
    values = json.loads((model / METADATA_FILE).read_text())
    del values["series"], values["meters"]
    values |= {"schema_version": 1, "measurements": list(UCI.names)}
    (model / METADATA_FILE).write_text(json.dumps(values))
    assert answer.check(model).reasons == ()


def test_an_output_of_another_shape_is_a_fault(model: Path) -> None:
    def change(request: RecordedRequest) -> RecordedRequest:
        outputs = dict(request.outputs) | {"mean": request.outputs["mean"][..., :2]}
        return dataclasses.replace(request, outputs=outputs)

    _change(model, change)
    assert "has shape (3, 3), recorded was (3, 2)" in answer.check(model).reasons[0]


def test_a_missing_output_is_a_fault(model: Path) -> None:
    def change(request: RecordedRequest) -> RecordedRequest:
        outputs = dict(request.outputs) | {"p99": request.outputs["p90"]}
        return dataclasses.replace(request, outputs=outputs)

    _change(model, change)
    assert "no output 'p99'" in answer.check(model).reasons[0]


def test_a_missing_input_is_a_fault(model: Path) -> None:
    def change(request: RecordedRequest) -> RecordedRequest:
        inputs = {name: value for name, value in request.inputs.items() if name != TARGET}
        return dataclasses.replace(request, inputs=inputs)

    _change(model, change)
    assert "was asked with" in answer.check(model).reasons[0]


def test_both_signatures_must_be_asked(model: Path) -> None:
    _change(model, lambda r: r if r.signature_name == "serving_default" else None)
    assert answer.check(model).reasons == ("serving_examples has no recorded request",)


def test_a_signature_that_the_model_lacks_is_a_fault(model: Path) -> None:
    _change(model, lambda r: dataclasses.replace(r, signature_name=f"{r.signature_name}_v2"))
    assert "no such signature" in " ".join(answer.check(model).reasons)


def test_a_graph_that_does_not_restore_its_variables_is_a_fault(model: Path) -> None:
    saved = SavedModel.FromString((model / MODEL_FILE).read_bytes())
    saved.meta_graphs[0].ClearField("saver_def")
    (model / MODEL_FILE).write_bytes(saved.SerializeToString())
    assert tf.saved_model.load(str(model)).signatures
    first, *_ = answer.check(model).reasons
    assert first.startswith(
        "loaded as TensorFlow Serving does, recorded request 0 (serving_default): failed:"
    )
    assert "Could not find variable" in first


def test_nan_is_a_fault_even_if_it_was_recorded(tmp_path: Path) -> None:
    model = save_model(tmp_path / "model", WINDOWING, offset=float("nan"))
    assert any("'mean' is not a number" in reason for reason in answer.check(model).reasons)


def test_segments_may_hold_windows_of_nothing_but_not_where_there_was_a_forecast(
    tmp_path: Path,
) -> None:
    model = save_model(tmp_path / "model", WINDOWING, missing=WINDOWING.window)
    assert answer.check(model).reasons == ()

    def filled(request: RecordedRequest) -> RecordedRequest:
        outputs = {name: np.nan_to_num(value) for name, value in request.outputs.items()}
        return dataclasses.replace(request, outputs=outputs)

    _change(model, filled)
    assert any("not a number where" in reason for reason in answer.check(model).reasons)


def _remove(name: str) -> Callable[[Path], None]:
    return lambda model: (model / name).unlink()


def _empty(name: str) -> Callable[[Path], None]:
    return lambda model: (model / name).write_bytes(b"")


def _garble(name: str) -> Callable[[Path], None]:
    return lambda model: (model / name).write_bytes(b"\x07" * 64)


def _truncate(name: str) -> Callable[[Path], None]:
    return lambda model: (model / name).write_bytes((model / name).read_bytes()[:-5])


@pytest.mark.parametrize("harm", [_remove, _empty, _garble, _truncate])
@pytest.mark.parametrize(
    "file",
    ["saved_model.pb", "variables/variables.index", METADATA_FILE, REQUESTS_FILE, WARM_UP_FILE],
)
def test_a_harmed_file_is_a_reason_not_a_crash(
    model: Path, harm: Callable[[str], Callable[[Path], None]], file: str
) -> None:
    harm(file)(model)
    (reason,) = answer.check(model).reasons
    assert reason.startswith("cannot be asked: ")


def _warmup_of(requests: Iterator[RecordedRequest], model: Path) -> None:
    from tests.support.model import write_warmup

    write_warmup(model / WARM_UP_FILE, list(requests))


def test_a_warmup_request_that_the_model_cannot_answer_is_a_fault(model: Path) -> None:
    recorded = read_requests(model / REQUESTS_FILE)[0]
    short = {name: value[..., :7] for name, value in recorded.inputs.items()}
    short["timestamp"] = recorded.inputs["timestamp"]
    _warmup_of(iter([dataclasses.replace(recorded, inputs=short)]), model)
    (reason,) = answer.check(model).reasons
    assert reason.startswith("warm-up request 0 (serving_default): failed")


def test_a_warmup_record_of_another_kind_is_refused(model: Path) -> None:
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_log_pb2

    log = prediction_log_pb2.PredictionLog(classify_log=prediction_log_pb2.ClassifyLog())
    with tf.io.TFRecordWriter(str(model / WARM_UP_FILE)) as writer:
        writer.write(log.SerializeToString())
    assert "not a predict request" in answer.check(model).reasons[0]


def test_the_command_writes_its_report(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = tmp_path / "report.json"
    monkeypatch.setattr("sys.argv", ["answer", str(model), str(report)])
    answer.main()
    assert json.loads(report.read_text())["reasons"] == []


def test_requests_keep_float32_exactly(model: Path) -> None:
    values = read_requests(model / REQUESTS_FILE)[0].inputs[TARGET]
    assert values.dtype == np.float32
    assert np.isnan(values).any()


def test_what_tensorflow_imports_for_others_stays_out_of_the_fresh_process() -> None:
    code = (
        "import sys, tfx_pipeline.serving.answer as answer; assert answer.tf.executing_eagerly(); "
        "print(sorted({'tensorflow', 'sklearn', 'tfx'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['tensorflow']"
