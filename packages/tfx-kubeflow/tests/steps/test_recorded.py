import json
from pathlib import Path

import pytest
from kubeflow_cases import recordings
from tfx_kubeflow.protocol import DriverStep, ResolverStep, encode
from tfx_kubeflow.steps import entrypoint
from tfx_kubeflow.storage import uris

EXECUTOR = "kubeflow_cases.recordings.Executor"


@pytest.fixture
def mounts(tmp_path, monkeypatch):
    moved = {scheme: f"{tmp_path}{mount}" for scheme, mount in uris.MOUNTS.items()}
    monkeypatch.setattr(uris, "MOUNTS", moved)
    return tmp_path


@pytest.fixture
def run(mounts, monkeypatch):
    def run(path):
        """Runs the entrypoint on a recording whose executor leaves what TFX's left."""
        recording = recordings.read(path, mounts)
        made = recording["output_metadata"]["artifacts"]
        monkeypatch.setattr(
            recordings.Executor,
            "leaves",
            {key: as_an_executor_leaves(group) for key, group in made.items()},
        )
        step = recordings.step(recording, EXECUTOR)
        executor_input = recording["executor_input"]
        if recording["task"] == "csv-example-gen":
            given = executor_input["inputs"]["parameterValues"]
            given["input_base"] = str(data(mounts))
        arguments = ["--step", encode(step), "--executor-input", json.dumps(executor_input)]
        assert entrypoint.main([*arguments, "--direct_num_workers=1"]) == 0
        output = Path(executor_input["outputs"]["outputFile"])
        return recording, json.loads(output.read_text())

    return run


def data(folder):
    (folder / "data").mkdir()
    (folder / "data/penguins.csv").write_text("a,b\n1,2\n")
    return folder / "data"


def as_an_executor_leaves(group):
    """What was accepted, as the executor saw it: local paths, numbers for ids, no version."""
    metadata = dict(group["artifacts"][0]["metadata"])
    metadata.pop("tfx_version")
    for key in [key for key in metadata if key.endswith("_model_id")]:
        metadata[key] = float(metadata[key])
    left = {}
    for key, value in metadata.items():
        if key in ("custom:span", "input_fingerprint"):
            continue  # the driver's
        left[key] = uris.to_local(value) if isinstance(value, str) else value
    return left


@pytest.mark.parametrize("path", recordings.EXECUTED, ids=recordings.name)
def test_kfp_is_told_what_it_accepted(run, path):
    recording, output = run(path)
    expected = recording["output_metadata"]
    if recording["task"] == "csv-example-gen":
        ours = output["artifacts"]["examples"]["artifacts"][0]["metadata"]
        theirs = expected["artifacts"]["examples"]["artifacts"][0]["metadata"]
        if path.parent.name == "penguin":  # resolved here and now, by contents
            assert ours["input_fingerprint"].startswith("split:single_split,num_files:1,")
            assert "sha256:" in ours["input_fingerprint"]
            theirs["input_fingerprint"] = ours["input_fingerprint"]
    assert output == expected


@pytest.mark.parametrize("path", recordings.EXECUTED, ids=recordings.name)
def test_executors_are_called_with_typed_local_artifacts(run, mounts, path):
    recording, _ = run(path)
    inputs, outputs, exec_properties = recordings.Executor.call
    given = recording["executor_input"]["inputs"].get("artifacts", {})
    step = recordings.step(recording, EXECUTOR)
    nothing = {key for key, group in given.items() if "__none__" in group["artifacts"][0]["uri"]}
    assert set(inputs) == set(step.inputs)
    assert {key for key, artifacts in inputs.items() if not artifacts} == nothing & set(inputs)
    assert set(outputs) == set(step.outputs)
    for key in set(inputs) - nothing:
        (artifact,) = inputs[key]
        runtime = given[key]["artifacts"][0]
        assert f"{type(artifact).__module__}.{type(artifact).__qualname__}" == step.inputs[key]
        assert artifact.uri == runtime["uri"].replace("minio://", f"{mounts}/minio/")
        assert artifact.id == int(runtime["name"])
        assert not artifact.has_custom_property("store_session_info")
        assert Path(artifact.uri).is_dir(), "empty folders vanish on the way"
    for (artifact,) in outputs.values():
        assert artifact.uri.startswith(f"{mounts}/minio/")
    for name, kind in step.parameters.items():
        if name in exec_properties and kind == "int" and exec_properties[name] is not None:
            assert type(exec_properties[name]) is int
    assert not any("__" in name for name in exec_properties)


def test_properties_arrive_in_their_own_form(run):
    run(recordings.FOLDER / "penguin/example-validator.json")
    statistics = recordings.Executor.call[0]["statistics"][0]
    assert statistics.split_names == '["train", "eval"]'
    assert statistics.span == 0
    run_examples = recordings.FOLDER / "penguin/evaluator.json"
    run(run_examples)
    examples = recordings.Executor.call[0]["examples"][0]
    assert examples.get_int_custom_property("span") == 0
    assert examples.get_string_custom_property("payload_format") == "FORMAT_TF_EXAMPLE"


def test_a_blessing_reads_as_blessed_and_points_to_the_local_model(run, mounts):
    recording = recordings.read(recordings.FOLDER / "penguin/pusher.json", mounts)
    assert recording["executor_input"]["inputs"]["artifacts"]["model_blessing"]
    run(recordings.FOLDER / "penguin/pusher.json")
    inputs = recordings.Executor.call[0]
    blessing, model = inputs["model_blessing"][0], inputs["model"][0]
    assert blessing.get_int_custom_property("blessed") == 1
    assert blessing.get_string_custom_property("current_model") == model.uri
    assert blessing.get_string_custom_property("current_model_id") == str(model.id)


def test_example_gen_reads_the_span_that_its_own_step_resolved(run):
    recording, _ = run(recordings.FOLDER / "baseline-second/csv-example-gen.json")
    exec_properties = recordings.Executor.call[2]
    given = recording["executor_input"]["inputs"]["parameterValues"]
    assert exec_properties["span"] == 0
    assert exec_properties["version"] is None
    assert exec_properties["input_fingerprint"] == given["input_fingerprint"]
    assert exec_properties["input_config"] == given["resolved_input_config"]
    assert "resolved_input_config" not in exec_properties


def test_the_baseline_reaches_the_evaluator_from_the_second_run_on(run):
    run(recordings.FOLDER / "baseline-first/evaluator.json")
    assert recordings.Executor.call[0]["baseline_model"] == []
    run(recordings.FOLDER / "baseline-second/evaluator.json")
    assert recordings.Executor.call[0]["baseline_model"][0].id == 138


@pytest.mark.parametrize("folder", ["baseline-first", "baseline-second"])
def test_the_span_step_puts_out_what_kfp_accepted(mounts, folder):
    recording = recordings.read(recordings.FOLDER / folder / "csv-example-gen-span.json", mounts)
    executor_input = recording["executor_input"]
    executor_input["inputs"]["parameterValues"]["input_base"] = str(data(mounts))
    step = DriverStep(node="CsvExampleGen")
    arguments = ["--step", encode(step), "--executor-input", json.dumps(executor_input)]
    assert entrypoint.main(arguments) == 0
    output = json.loads(Path(executor_input["outputs"]["outputFile"]).read_text())
    expected = recording["output_metadata"]["parameterValues"]
    assert output["parameterValues"].keys() == expected.keys()
    for name in ("span", "version"):
        assert output["parameterValues"][name] == expected[name]
    config = json.loads(output["parameterValues"]["resolved_input_config"])
    assert config == json.loads(expected["resolved_input_config"])


def test_a_lookup_that_finds_nothing_names_the_recorded_place(mounts, monkeypatch):
    monkeypatch.delenv("METADATA_GRPC_SERVICE_HOST", raising=False)
    recording = recordings.read(
        recordings.FOLDER / "baseline-first/latest-blessed-model-resolver.json", mounts
    )
    model = "tfx.types.standard_artifacts.Model"
    strategies = "tfx.dsl.input_resolution.strategies"
    step = ResolverStep(
        node="latest_blessed_model_resolver",
        pipeline="tfx-penguin-baseline",
        strategy=f"{strategies}.latest_blessed_model_strategy.LatestBlessedModelStrategy",
        config="{}",
        classes={"model": model, "model_blessing": f"{model}Blessing"},
        connected=(),
        required={"model": False},
    )
    executor_input = recording["executor_input"]
    arguments = ["--step", encode(step), "--executor-input", json.dumps(executor_input)]
    assert entrypoint.main(arguments) == 0
    output = json.loads(Path(executor_input["outputs"]["outputFile"]).read_text())
    expected = recording["output_metadata"]["parameterValues"]["model_uri"]
    assert output["parameterValues"] == {"model_uri": expected, "model_metadata": "{}"}
