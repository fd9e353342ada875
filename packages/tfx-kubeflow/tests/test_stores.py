"""Data in and models out of an S3 store: a real one (moto's) on this machine."""

import json
import posixpath
import subprocess
import sys
from pathlib import Path

import pytest
from kubeflow_cases import failed_runs, pushes, records, steps
from kubeflow_cases.buckets import write
from kubeflow_cases.fake_server import FakeServer
from kubeflow_cases.pipelines import CopyExecutor
from tfx import v1
from tfx.dsl.io import fileio, filesystem
from tfx_kubeflow.client.connection import Connection
from tfx_kubeflow.compiler.nodes import artifact_classes, executor_class
from tfx_kubeflow.metadata.artifacts import make_artifact
from tfx_kubeflow.protocol import ExecutorStep, encode
from tfx_kubeflow.steps import entrypoint, example_gen_driver
from tfx_kubeflow.storage import files, served_versions

from tfx_pipeline.components.push import Pusher


def test_tfx_file_functions_work_on_the_store(bucket):
    write(bucket, a__one="1", a__b__two="22", c="333")
    assert fileio.open(f"{bucket}/a/one").read() == "1"
    assert fileio.exists(f"{bucket}/a")
    assert fileio.isdir(f"{bucket}/a")
    assert not fileio.isdir(f"{bucket}/c")
    assert not fileio.exists(f"{bucket}/d")
    assert fileio.listdir(f"{bucket}/a") == ["b", "one"]
    assert fileio.glob(f"{bucket}/a/*") == [f"{bucket}/a/b", f"{bucket}/a/one"]
    assert fileio.glob(f"{bucket}/*/*/t?o") == [f"{bucket}/a/b/two"]
    assert fileio.glob(f"{bucket}/c") == [f"{bucket}/c"]
    assert fileio.glob(f"{bucket}/d") == []
    assert fileio.stat(f"{bucket}/c").length == 3
    downwards = [(bucket, ["a"], ["c"]), (f"{bucket}/a", ["b"], ["one"])]
    assert list(fileio.walk(bucket))[:2] == downwards
    assert next(iter(fileio.walk(bucket, topdown=False)))[0] == f"{bucket}/a/b"
    fileio.makedirs(f"{bucket}/nothing")
    fileio.copy(f"{bucket}/c", f"{bucket}/e")
    with pytest.raises(OSError, match="exists"):
        fileio.copy(f"{bucket}/c", f"{bucket}/e")
    fileio.rename(f"{bucket}/e", f"{bucket}/f")
    assert not fileio.exists(f"{bucket}/e")
    fileio.rmtree(f"{bucket}/a")
    fileio.remove(f"{bucket}/f")
    assert fileio.listdir(bucket) == ["c"]
    for call in (fileio.open, fileio.listdir, fileio.stat):
        with pytest.raises(filesystem.NotFoundError):
            call(f"{bucket}/nowhere")


def test_example_gen_reads_spans_of_a_bucket(bucket, tmp_path):
    write(bucket, **{"d__span-1__a.csv": "1", "d__span-2__a.csv": "2", "d__span-2__b.csv": "3"})
    given = {
        "input_base": f"{bucket}/d",
        "input_config": steps.config("span-{SPAN}/*"),
        "range_config": '{"rollingRange": {"numSpans": 1}}',
    }
    examples = make_artifact(f"{steps.TYPES}Examples", "/x", "examples", {})
    example_gen_driver.prepare_example_gen(given, {"examples": [examples]}, tmp_path)
    assert given["input_base"] == str(tmp_path)
    assert (tmp_path / "span-2/b.csv").read_text() == "3"
    assert not (tmp_path / "span-1").exists()
    assert examples.get_int_custom_property("span") == 2
    assert json.loads(given["input_config"])["splits"][0]["pattern"] == "span-2/*"


@pytest.mark.slow
def test_a_fresh_pod_reads_its_data_from_a_bucket(bucket, tmp_path):
    write(bucket, **{"d__span-1__a.csv": "1", "d__span-2__a.csv": "2"})
    given = {"input_base": f"{bucket}/d", "input_config": steps.config("span-{SPAN}/*")}
    resolved = example_gen_driver.resolve(given)
    examples = {"uri": str(tmp_path / "examples"), "name": "examples"}
    step = steps.step(
        CopyExecutor,
        {"examples": f"{steps.TYPES}Examples"},
        parameters=dict.fromkeys(given, "str"),
        example_gen=True,
    )
    executor_input = {
        "inputs": {"parameterValues": given | resolved},
        "outputs": {
            "artifacts": {"examples": {"artifacts": [examples]}},
            "outputFile": str(tmp_path / "output.json"),
        },
    }
    command = [sys.executable, "-m", "tfx_kubeflow.steps.entrypoint", "--step", encode(step)]
    done = subprocess.run(
        [*command, "--executor-input", json.dumps(executor_input)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "examples/span-2/a.csv").read_text() == "2"


def test_a_version_becomes_loadable_with_its_last_object(bucket, tmp_path, monkeypatch):
    base = f"{bucket}/serving/power"
    order = []
    upload = files.upload
    monkeypatch.setattr(files, "upload", lambda path, to: (order.append(to), upload(path, to)))
    first = pushes.pushed(tmp_path, base, pushes.model(tmp_path / "one"))
    version = first.get_string_custom_property("pushed_version")
    assert order == [f"{base}/{version}/variables/data", f"{base}/{version}/saved_model.pb"]
    assert first.get_string_custom_property("pushed_destination") == f"{base}/{version}"
    assert served_versions.versions(base) == [version]
    pushes.pushed(tmp_path, base, pushes.model(tmp_path / "same"))
    assert fileio.listdir(base) == [version]
    second = pushes.pushed(tmp_path, base, pushes.model(tmp_path / "two", "v"))
    newest = second.get_string_custom_property("pushed_version")
    assert int(newest) > int(version)
    assert served_versions.versions(base) == [newest, version]


def own_push(folder, base, model, blessed=1):
    """Runs the step of our own Pusher as its pod does; returns what it told of the push."""
    pusher = Pusher(
        model=v1.dsl.Channel(type=v1.types.standard_artifacts.Model),
        model_blessing=v1.dsl.Channel(type=v1.types.standard_artifacts.ModelBlessing),
        push_destination=v1.proto.PushDestination(
            filesystem=v1.proto.PushDestination.Filesystem(base_directory=base)
        ),
    )
    given = steps.executor_input(
        folder,
        {"model": model},
        ["pushed_model"],
        (),
        **{name: value for name, value in pusher.exec_properties.items() if value is not None},
    )
    given["inputs"]["artifacts"]["model_blessing"] = steps.runtime("/b", blessed=blessed)
    step = ExecutorStep(
        node="Pusher",
        executor=executor_class(pusher),
        inputs=artifact_classes("Pusher", pusher.inputs),
        outputs=artifact_classes("Pusher", pusher.outputs),
        parameters={"push_destination": "str"},
        pusher=True,
    )
    assert entrypoint.main(["--step", encode(step), "--executor-input", json.dumps(given)]) == 0
    output = json.loads(Path(given["outputs"]["outputFile"]).read_text())
    return output["artifacts"]["pushed_model"]["artifacts"][0]["metadata"]


def test_our_own_pusher_pushes_to_a_bucket_as_to_a_folder(bucket, tmp_path, monkeypatch):
    base = f"{bucket}/own/power"
    refused = own_push(tmp_path / "0", base, pushes.model(tmp_path / "bad"), blessed=0)
    assert (refused["pushed"], refused["message"][:10]) == (0, "not pushed")
    assert not fileio.exists(base)

    # What a killed push of a node with a fast clock left behind.
    write(bucket, own__power__9999999999__part="x")
    order = []
    upload = files.upload
    monkeypatch.setattr(files, "upload", lambda path, to: (order.append(to), upload(path, to)))
    first = own_push(tmp_path / "1", base, pushes.model(tmp_path / "one"))
    assert first["pushed_version"] == "10000000000"
    assert first["pushed_destination"] == f"{base}/10000000000"
    assert first["message"] == "pushed as version 10000000000"
    assert order[-1] == f"{base}/10000000000/saved_model.pb"
    assert served_versions.versions(base) == ["10000000000"]

    again = own_push(tmp_path / "2", base, pushes.model(tmp_path / "same"))
    assert again["pushed"] == 1
    assert again["pushed_destination"] == f"{base}/10000000000"
    assert again["message"] == "unchanged: version 10000000000 already serves this model"
    second = own_push(tmp_path / "3", base, pushes.model(tmp_path / "two", "v"))
    assert second["pushed_version"] == "10000000001"
    assert served_versions.versions(base) == ["10000000001", "10000000000"]


def test_the_baseline_is_found_in_a_bucket(store, bucket, tmp_path):
    base = f"{bucket}/serving"
    write(bucket, **{"serving__1__saved_model.pb": "1"})
    recorded = records.Recorded(store)
    recorded.run(posixpath.join(base, "1"), f"{bucket}/first")
    destination = json.dumps({"filesystem": {"base_directory": base}})
    found = records.looked_up(
        *(
            store,
            tmp_path,
            "kubeflow_cases.records.Reads",
            records.MODELS,
            {"model": False},
        ),
        push_destination=destination,
    )
    assert found["model_uri"] == f"{bucket}/first"


def test_a_failures_last_words_come_from_the_store_when_the_pod_is_gone(bucket, tmp_path):
    server = FakeServer()
    try:
        words = "INFO x\nTrainer failed: OSError: disk full\n"
        write(bucket, **{"root__p__run-1__trainer__try__executor-logs-0": words})
        failed_runs.failed_run(server, [failed_runs.detail("trainer", "FAILED", "gone")])
        server.runs["run-1"]["runtime_config"]["pipeline_root"] = f"{bucket}/root"
        (failure,) = failed_runs.explained(Connection(server.url))
    finally:
        server.close()
    assert failure.cause == "Trainer failed: OSError: disk full"
