"""Steps in the pod, one by one; the recordings are in test_recorded.py."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from kubeflow_cases.steps import BLESSING, TYPES, config, executor_input, step
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.proto import example_gen_pb2
from tfx_kubeflow.errors import StepError
from tfx_kubeflow.metadata import values
from tfx_kubeflow.metadata.artifacts import make_artifact, properties
from tfx_kubeflow.protocol import UserModule, encode, pack
from tfx_kubeflow.steps import entrypoint, example_gen_driver, parameters
from tfx_kubeflow.steps.executor import run_executor
from tfx_kubeflow.storage import uris

SPLIT = example_gen_pb2.Input.Split


# Addresses and values


def test_addresses_and_mounts_are_each_others_inverse():
    for remote, local in (
        ("gs://b/k/x", "/gcs/b/k/x"),
        ("s3://b/k", "/s3/b/k"),
        ("minio://mlpipeline/v2/a", "/minio/mlpipeline/v2/a"),
        ("/data/x", "/data/x"),
    ):
        assert uris.to_local(remote) == local
        assert uris.to_remote(local) == remote


def test_the_place_of_nothing_is_below_the_pipelines_folder():
    address = uris.nothing("/minio/b/root/pipe/run/task/try/out.json", "model")
    assert address == "minio://b/root/pipe/__none__/model"
    assert uris.is_nothing(address)


def test_addresses_are_replaced_wherever_they_stand():
    found = uris.mapped(
        {"a": '{"x": "/m/model/1"}', "b": ["/m/model_run", 1.0], "c": None},
        {"/m/model": "s3://b/model", "/m/model_run": "s3://b/run"},
    )
    assert found == {"a": '{"x": "s3://b/model/1"}', "b": ["s3://b/run", 1.0], "c": None}


def test_what_kfp_wraps_is_unwrapped():
    raw = {"l": {"list": [1, {"struct": {"a": 1}}]}, "display_name": "x", "list": "kept", "n": [1]}
    assert values.metadata(raw) == {"l": [1, {"a": 1}], "list": "kept", "n": [1]}


def test_nulls_are_dropped():
    assert values.without_nulls({"a": None, "b": [None, {"c": None}]}) == {"b": [{}]}


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (1.0, "int", 1),
        ("7", "int", 7),
        (1, "float", 1.0),
        (1.0, "bool", True),
        ("False", "bool", False),
        (True, "bool", True),
        ('{"a": [1]}', "json", {"a": [1]}),
        ([1], "json", [1]),
        ("text", "str", "text"),
    ],
)
def test_parameters_become_the_executors_own(value, kind, expected):
    found = parameters.parameter(value, kind)
    assert found == expected
    assert type(found) is type(expected)


def test_messages_are_parsed():
    found = parameters.parameter('{"name": "a"}', "message:tfx.proto.example_gen_pb2.Input.Split")
    assert found == SPLIT(name="a")


def test_properties_survive_the_way_there_and_back():
    metadata = {
        "span": 3,
        "split_names": '["a"]',
        "custom:span": 4.0,
        "share": 0.5,
        "text": "x",
        "many": {"a": [1.0]},
    }
    artifact = make_artifact(f"{TYPES}Examples", "/x", "12", metadata)
    assert (artifact.id, artifact.span, artifact.split_names) == (12, 3, '["a"]')
    assert artifact.get_int_custom_property("span") == 4
    assert artifact.get_float_custom_property("share") == 0.5
    assert artifact.get_json_value_custom_property("many") == {"a": [1.0]}
    assert properties(artifact) == {**metadata, "span": 3.0}


# Executors


class Writes(BaseExecutor):
    def Do(self, inputs, outputs, exec_properties):  # noqa: N802
        assert exec_properties == {"module_file": exec_properties["module_file"], "n": 3}
        source = Path(exec_properties["module_file"]).read_text()
        (Path(outputs["schema"][0].uri) / "schema.pbtxt").write_text(source)
        outputs["number"][0].value = 41


def test_a_module_travels_as_source_and_values_become_parameters(tmp_path):
    given = executor_input(
        tmp_path,
        outputs=["schema", "number"],
        parameters=["number"],
        module_file="m.py",
        module_source=pack(UserModule("x = 1\n", {})),
        n=3.0,
    )
    outputs = {"schema": f"{TYPES}Schema", "number": f"{TYPES}Integer"}
    kinds = {"module_file": "str", "n": "int"}
    made = run_executor(step(Writes, outputs, parameters=kinds), given, [])
    assert made["parameterValues"] == {"number": 41}
    assert made["artifacts"]["schema"]["artifacts"][0]["uri"] == str(tmp_path / "schema")
    assert (tmp_path / "schema/schema.pbtxt").read_text() == "x = 1\n"


def test_a_parameter_without_a_value_artifact_is_an_error(tmp_path):
    given = executor_input(tmp_path, parameters=["n"])
    with pytest.raises(StepError, match="'n' is taken as a parameter but holds no value"):
        run_executor(step(Idle), given, [])


class Idle(BaseExecutor):
    def Do(self, inputs, outputs, exec_properties):  # noqa: N802
        for key in exec_properties.get("say", ()):
            outputs[key][0].set_int_custom_property("said", 1)


def test_an_output_that_was_not_written_is_an_error(tmp_path):
    outputs = {"schema": f"{TYPES}Schema"}
    given = executor_input(tmp_path, outputs=outputs)
    with pytest.raises(StepError, match="output 'schema' was not written"):
        run_executor(step(Idle, outputs), given, [])


def test_some_outputs_may_be_empty(tmp_path):
    outputs = {"logs": f"{TYPES}ModelRun", "blessing": BLESSING}
    given = executor_input(tmp_path, outputs=outputs, say=["blessing"])
    made = run_executor(step(Idle, outputs), given, [])
    assert made["artifacts"]["blessing"]["artifacts"][0]["metadata"]["said"] == 1.0


class Beams(BaseBeamExecutor):
    def Do(self, inputs, outputs, exec_properties):  # noqa: N802
        assert "--direct_num_workers=1" in self._beam_pipeline_args


def test_beam_executors_get_beams_options(tmp_path):
    run_executor(step(Beams), executor_input(tmp_path), ["--direct_num_workers=1"])


class Flagged(BaseExecutor):
    def Do(self, inputs, outputs, exec_properties):  # noqa: N802
        assert self._extra_flags == ["--code=1", "--direct_num_workers=1"]


def test_executors_get_their_own_flags(tmp_path):
    flagged = step(Flagged, flags=("--code=1",))
    run_executor(flagged, executor_input(tmp_path), ["--direct_num_workers=1"])


class Breaks(BaseExecutor):
    def Do(self, inputs, outputs, exec_properties):  # noqa: N802
        print("working")
        raise ValueError("loss is\nNaN" if exec_properties else "")


@pytest.mark.parametrize(
    ("given", "last"),
    [({"a": 1}, "Step failed: ValueError: loss is NaN"), ({}, "Step failed: ValueError")],
)
def test_the_last_line_of_the_log_is_the_cause(tmp_path, capsys, given, last):
    arguments = [
        *("--step", encode(step(Breaks))),
        *("--executor-input", json.dumps(executor_input(tmp_path, **given))),
    ]
    assert entrypoint.main(arguments) == 1
    assert capsys.readouterr().err.splitlines()[-1] == last


def test_a_large_executor_input_may_come_as_a_file(tmp_path):
    (tmp_path / "input.json").write_text(json.dumps(executor_input(tmp_path)))
    arguments = ["--step", encode(step(Idle)), "--executor-input", f"@{tmp_path}/input.json"]
    assert entrypoint.main(arguments) == 0
    assert (tmp_path / "pipeline/run/task/try/output.json").exists()


# Spans


def test_the_newest_span_and_version_are_resolved(tmp_path):
    for place in ("span-1/v-1", "span-2/v-1", "span-2/v-3"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "a.csv").write_text(place)
    given = {
        "input_base": str(tmp_path),
        "input_config": config("span-{SPAN}/v-{VERSION}/*"),
        "range_config": '{"rollingRange": {"numSpans": 1}}',
    }
    found = example_gen_driver.resolve(given)
    assert (found["span"], found["version"]) == (2, 3)
    resolved = json.loads(found["resolved_input_config"])
    assert resolved["splits"][0]["pattern"] == "span-2/v-3/*"


def test_a_fingerprint_is_of_contents_and_names_alone(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("x\n")
    split = SPLIT(name="all", pattern="*")
    first = example_gen_driver.fingerprint(str(tmp_path), split)
    os.utime(file, (1, 1))
    assert example_gen_driver.fingerprint(str(tmp_path), split) == first
    file.write_text("y\n")
    changed = example_gen_driver.fingerprint(str(tmp_path), split)
    assert changed != first
    file.rename(tmp_path / "b.csv")
    assert example_gen_driver.fingerprint(str(tmp_path), split) not in (first, changed)


def test_no_data_says_where_it_was_looked_for(tmp_path):
    with pytest.raises(StepError, match=f"no file matches {tmp_path}/x\\*; check the data"):
        example_gen_driver.matching(str(tmp_path), "x*")


# What a step costs


@pytest.mark.slow
def test_the_entrypoint_imports_little_before_the_executors_own():
    code = (
        "import sys, tfx_kubeflow.steps.entrypoint; first = set(sys.modules);"
        "import tfx_kubeflow.steps.executor; print(*first, '|', *sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    light, loaded = (set(part.split()) for part in done.stdout.split("|"))
    assert not light & {"tfx", "tensorflow", "numpy", "google.protobuf"}
    # Of TFX only what any executor imports: no component, Beam or KFP.
    assert not loaded & {"tfx.components", "apache_beam", "kfp", "tfx.orchestration"}
