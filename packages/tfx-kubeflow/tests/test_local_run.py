import json
import os

import pytest
from kubeflow_cases import penguins, pipelines
from tfx import v1
from tfx_kubeflow.compiler import ir
from tfx_kubeflow.local import runner, step
from tfx_kubeflow.runner import KubeflowRunner
from tfx_kubeflow.settings import KubeflowSettings

CONDITION = "(inputs.artifacts['_E.b'].artifacts[0].metadata['blessed'] == 1.0)"


def executor_input(**metadata):
    artifact = {"uri": "/m", "metadata": metadata}
    return {"inputs": {"artifacts": {"_E.b": {"artifacts": [artifact]}}}}


@pytest.mark.parametrize(
    ("condition", "metadata", "expected"),
    [
        (CONDITION, {"blessed": 1}, True),
        (CONDITION, {"blessed": 0.0}, False),
        (f"!({CONDITION})", {"blessed": 0}, True),
        (
            f"({CONDITION} && (inputs.artifacts['_E.b'].artifacts[0].uri == '/m'))",
            {"blessed": 1},
            True,
        ),
        (f"({CONDITION} || ('a' == 'b'))", {"blessed": 0}, False),
    ],
)
def test_conditions_are_evaluated(condition, metadata, expected):
    assert step.holds(condition, executor_input(**metadata)) is expected


def test_a_property_that_is_missing_fails():
    with pytest.raises(KeyError):
        step.holds(CONDITION, executor_input())


def test_a_step_whose_condition_is_false_does_nothing():
    given = json.dumps(executor_input(blessed=0))
    assert step.main(["--condition", CONDITION, "--executor-input", given]) == 0


def test_a_step_without_condition_is_the_entrypoint_alone(monkeypatch):
    monkeypatch.setattr(step, "entrypoint", lambda arguments: arguments)
    assert step.main(["--step", "{}"]) == ["--step", "{}"]
    arguments = ["--executor-input", json.dumps(executor_input(blessed=1))]
    assert step.main(["--condition", CONDITION, *arguments]) == arguments


def test_the_package_is_what_kfps_local_runner_takes(tmp_path):
    write = pipelines.Write(number=1, name="a", share=0.5)
    with v1.dsl.Cond(write.outputs["report"].future()[0].property("lines") == 1):
        read = pipelines.Read(report=write.outputs["report"])
    spec, _ = KubeflowRunner(KubeflowSettings(image="python")).compile(
        pipelines.pipeline(write, read)
    )
    found = runner.for_local_runner(spec, "python")
    commands = {task.id: container for task, container in ir.containers(found)}
    assert commands["write"]["command"] == ["python", *runner.STEP]
    assert commands["read"]["command"] == ["python", *runner.STEP]
    assert commands["read"]["args"][-2] == "--condition"
    assert "triggerPolicy" in ir.task(spec, "read").body, "the package itself is not changed"


def compiled(folder, *nodes):
    runner = KubeflowRunner(KubeflowSettings(image="python"), str(folder))
    runner.run(pipelines.pipeline(*nodes))
    return runner.package_path("small")


def test_a_run_needs_no_more_than_kfp_wherever_its_files_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    package = compiled(tmp_path, pipelines.Count(start=3))
    # KFP's own handler writes another Python over this word.
    runner.run_locally(package, tmp_path / "lib/python3.11/root")
    (value,) = (tmp_path / "lib/python3.11/root").glob("*/count/number")
    assert value.read_text() == "4"


def test_a_step_gets_an_artifact_under_each_of_its_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write = pipelines.Write(number=1, name="a", share=0.5)
    compare = pipelines.Compare(first=write.outputs["report"], second=write.outputs["report"])
    package = compiled(tmp_path, write, compare)
    runner.run_locally(package, tmp_path / "root")
    (value,) = (tmp_path / "root").glob("*/compare/number")
    assert value.read_text() == "1"


def test_a_step_that_fails_ends_the_run(tmp_path):
    package = compiled(tmp_path, pipelines.Count(start=3))
    with pytest.raises(RuntimeError, match="count"):
        runner.run_locally(package, tmp_path, start=lambda command: 1)


def test_a_container_is_no_subprocess(tmp_path):
    greet = v1.dsl.experimental.create_container_component("Greet", image="i", command=["true"])
    with pytest.raises(RuntimeError, match="DockerRunner"):
        runner.run_locally(compiled(tmp_path, greet()), tmp_path)


def test_a_clusters_metadata_are_none_of_a_local_steps(monkeypatch):
    monkeypatch.setenv("METADATA_GRPC_SERVICE_HOST", "cluster")
    monkeypatch.setattr(step, "entrypoint", lambda arguments: None)
    step.main([])
    assert "METADATA_GRPC_SERVICE_HOST" not in os.environ


@pytest.mark.slow
@pytest.mark.integration
def test_tfx_penguin_runs_from_data_to_a_pushed_model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    serving = tmp_path / "serving"
    # The example's tuner_fn builds tf_keras models, which keras-tuner on Keras 3 refuses.
    pipeline = pipelines.penguin(
        penguins.write_penguins(tmp_path / "data"), serving, enable_tuning=False
    )
    KubeflowRunner(KubeflowSettings(image="python"), str(tmp_path)).run(pipeline)
    runner.run_locally(tmp_path / "penguin.yaml", tmp_path / "root")
    (version,) = serving.iterdir()
    assert version.name.isdigit()
    assert (version / "saved_model.pb").exists()
    (run,) = (tmp_path / "root").iterdir()
    pushed = json.loads((run / "pusher/executor_output.json").read_text())
    metadata = pushed["artifacts"]["pushed_model"]["artifacts"][0]["metadata"]
    assert metadata["pushed"] == 1
    assert metadata["pushed_destination"] == str(version)
    blessing = json.loads((run / "evaluator/executor_output.json").read_text())
    assert blessing["artifacts"]["blessing"]["artifacts"][0]["metadata"]["blessed"] == 1
