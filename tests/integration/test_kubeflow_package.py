"""Our own pipeline, compiled by the literal stock command from any folder, activated or not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from kfp import components
from tfx_kubeflow.protocol import decode

from tfx_pipeline.beam.settings import DIRECT_RUNNER

PROJECT = Path(__file__).parent.parent.parent


def compiled(folder, **environment):
    done = subprocess.run(
        [
            Path(sys.executable).parent / "tfx",
            *("pipeline", "compile", "--engine=kubeflow"),
            f"--pipeline-path={PROJECT / 'runner_kubeflow.py'}",
        ],
        cwd=folder,
        # Without this environment's folder: TFX then finds another pip, or none.
        env={**os.environ, "POWER_PROFILE": "sample", "PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    [file] = folder.glob("*.yaml")
    assert str(file) in done.stdout
    return file.read_text()


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return compiled(tmp_path_factory.mktemp("elsewhere"))


def test_it_holds_what_runs_on_open_source_kubeflow(package):
    spec, *_ = yaml.safe_load_all(package)
    assert spec["schemaVersion"] == "2.1.0"
    assert spec["pipelineInfo"]["name"] == "household-power-sample"
    assert "preCacheCheck" not in package
    executors = spec["deploymentSpec"]["executors"].values()
    assert not [executor for executor in executors if "resolver" in executor]
    assert components.load_component_from_text(package)


def test_the_code_of_a_step_is_part_of_its_cache_key(package):
    spec, *_ = yaml.safe_load_all(package)
    arguments = {
        name: " ".join(executor.get("container", {}).get("args", ()))
        for name, executor in spec["deploymentSpec"]["executors"].items()
    }
    versioned = {name for name, text in arguments.items() if "--code=" in text}
    assert {"exec-trainer", "exec-power-example-gen"} <= versioned
    assert "exec-schema-gen" not in versioned


def test_the_span_step_finds_files_as_a_local_run_does(package):
    spec, *_ = yaml.safe_load_all(package)
    container = spec["deploymentSpec"]["executors"]["exec-power-example-gen-span"]["container"]
    step = decode(container["args"][container["args"].index("--step") + 1])
    assert step.driver == "tfx_pipeline.components.example_gen.driver.Driver"


def test_paths_of_this_machine_and_secrets_stay_out(package):
    assert str(PROJECT) not in package
    assert "elsewhere" not in package, "the folder that it was compiled in"
    platform = list(yaml.safe_load_all(package))[1]
    # Credentials are references to a Kubernetes secret.
    assert "secretName" in yaml.safe_dump(platform)
    assert "minio123" not in package


def test_each_trial_is_a_task_that_waits_for_no_other(tmp_path):
    package = compiled(
        tmp_path,
        POWER_MODEL__FAMILY="lstm",
        POWER_TUNER__TASKS="true",
        POWER_KUBEFLOW__NODES='{"Trial*": {"cpu_request": "2"}, "Trial4": {"cpu_request": "4"}}',
    )
    spec, *_ = yaml.safe_load_all(package)
    tasks = spec["components"]["comp-tfx-dag"]["dag"]["tasks"]  # the report waits for all of it
    executors = spec["deploymentSpec"]["executors"]
    trials = [f"trial{number}" for number in range(1, 5)]
    before = {task: set(tasks[task]["dependentTasks"]) for task in [*trials, "tuner", "trainer"]}
    assert before["trial1"] == {"curated-schema", "power-example-gen", "transform"}
    assert all(before[trial] == before["trial1"] for trial in trials)
    assert before["tuner"] == set(trials)
    assert before["trainer"] == {*before["trial1"], "tuner"}
    assert all(tasks[task]["cachingOptions"] == {"enableCache": True} for task in before)
    cores = [
        executors[f"exec-{trial}"]["container"]["resources"]["resourceCpuRequest"]
        for trial in trials
    ]
    assert cores == ["2", "2", "2", "4"]
    assert components.load_component_from_text(package)


def test_it_carries_the_engine_of_the_beam_steps(tmp_path):
    package = compiled(
        tmp_path,
        POWER_BEAM__ENGINE="flink",
        POWER_BEAM__ADDRESS="power-jobs:8099",
        POWER_BEAM__WORKER_POOL="localhost:50000",
        POWER_BEAM__WORKERS="16",
        POWER_BEAM__SHARED='["/minio/mlpipeline", "/opt/venv"]',
        POWER_BEAM__TEMP="/minio/mlpipeline/beam",
        POWER_BEAM__NODES='{"Evaluator": {"engine": "direct"}}',
    )
    spec, *_ = yaml.safe_load_all(package)
    arguments = {
        name: executor["container"]["args"]
        for name, executor in spec["deploymentSpec"]["executors"].items()
        if "args" in executor.get("container", {})
    }
    on_flink = {name for name, given in arguments.items() if "--parallelism=16" in given}
    assert on_flink == {"exec-power-example-gen", "exec-statistics-gen", "exec-transform"}
    assert f"--runner={DIRECT_RUNNER}" in arguments["exec-evaluator"]
    assert not [argument for argument in arguments["exec-trainer"] if "runner" in argument]
    # Runs of a pipeline may overlap there: the runner completes these names to unique ones.
    names = {one for given in arguments.values() for one in given if one.startswith("--job_name")}
    assert "--job_name=transform-" in names
    assert all(name.endswith("-") for name in names)
