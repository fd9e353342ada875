"""Beam's settings: what they refuse, and the arguments that they become."""

import subprocess
import sys
from typing import Any

import pytest
from apache_beam.options import pipeline_options as options
from pydantic import ValidationError
from pydantic_settings import SettingsError

from tests.support import flink as manifest
from tests.support.settings import defaults
from tfx_pipeline.beam.settings import DIRECT_RUNNER, BeamSettings
from tfx_pipeline.settings import load_settings

FLINK = {"engine": "flink", "address": "jobs:8099", "worker_pool": "localhost:50000"}
DATAFLOW = {
    "engine": "dataflow",
    "image": "eu.pkg.dev/p/power:1",
    "temp": "gs://power-temp/beam",
    "options": ("--project=my-project", "--region=europe-west1"),
}


def beam_settings(**changes: Any) -> BeamSettings:
    return BeamSettings.model_validate(defaults().beam.model_dump() | changes)


def parsed(settings: BeamSettings, node: Any, view: Any) -> Any:
    return options.PipelineOptions(settings.node_arguments(node, run="a")).view_as(view)


def test_by_default_all_runs_in_this_process():
    direct = parsed(beam_settings(), "Transform", options.DirectOptions)
    assert direct.direct_running_mode == "in_memory"
    assert direct.direct_num_workers == 1


def test_several_workers_of_this_machine_are_processes():
    direct = parsed(beam_settings(workers=3), "Transform", options.DirectOptions)
    assert direct.direct_running_mode == "multi_processing"
    assert direct.direct_num_workers == 3
    threads = beam_settings(workers=3, options=("--direct_running_mode=multi_threading",))
    mode = parsed(threads, "Transform", options.DirectOptions).direct_running_mode
    assert mode == "multi_threading"


def test_flink_is_reached_through_its_job_server():
    flink = beam_settings(**FLINK, workers=16)
    portable = parsed(flink, "Evaluator", options.PortableOptions)
    assert portable.job_endpoint == "jobs:8099"
    assert (portable.environment_type, portable.environment_config) == (
        "EXTERNAL",
        "localhost:50000",
    )
    assert parsed(flink, "Evaluator", options.FlinkRunnerOptions).parallelism == 16


def test_an_image_starts_workers_with_docker():
    flink = beam_settings(**FLINK | {"worker_pool": None, "image": "power:1"})
    portable = parsed(flink, "Evaluator", options.PortableOptions)
    assert (portable.environment_type, portable.environment_config) == ("DOCKER", "power:1")


def test_dataflow_has_its_machines_and_image():
    workers = parsed(beam_settings(**DATAFLOW, workers=4), "Transform", options.WorkerOptions)
    assert (workers.num_workers, workers.max_num_workers) == (4, 4)
    assert workers.sdk_container_image == "eu.pkg.dev/p/power:1"


def test_jobs_of_one_node_and_run_have_one_name():
    flink = beam_settings(**FLINK)

    def name(node: Any, run: str) -> str:
        arguments = options.PipelineOptions(flink.node_arguments(node, run))
        return arguments.view_as(options.GoogleCloudOptions).job_name

    assert name("Transform", "a") == name("Transform", "a")
    assert len({name("Transform", "a"), name("Transform", "b"), name("Evaluator", "a")}) == 3
    assert name("Transform", run="") == "transform-"


def test_a_node_may_differ():
    settings = beam_settings(**FLINK, workers=8, nodes={"Evaluator": {"workers": 2}})
    assert settings.of("Transform").workers == 8
    evaluator = settings.of("Evaluator")
    assert (evaluator.workers, evaluator.address) == (2, "jobs:8099")


def test_a_node_may_have_an_image_instead_of_the_pool():
    settings = beam_settings(**FLINK, nodes={"Evaluator": {"image": "power:1"}})
    assert settings.of("Evaluator").worker_pool is None
    assert settings.of("Transform").worker_pool == "localhost:50000"


def test_a_node_of_another_engine_takes_nothing_of_the_first():
    flink = beam_settings(
        **FLINK, options=("--max_parallelism=64",), nodes={"Evaluator": {"engine": "direct"}}
    )
    arguments = flink.node_arguments("Evaluator", run="a")
    assert f"--runner={DIRECT_RUNNER}" in arguments
    assert not any("jobs:8099" in item or "max_parallelism" in item for item in arguments)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"engine": "flink"}, "flink needs `address`, host:port of Beam's job server"),
        ({"address": "jobs:8099"}, "direct has no `address`; set it to null"),
        ({"image": "power:1"}, "direct has no `image`"),
        (FLINK | {"worker_pool": None}, "either `worker_pool`"),
        (FLINK | {"image": "power:1"}, "either `worker_pool`"),
        (FLINK | {"address": "http://jobs:8099"}, "address"),
        ({"options": ("--num_workers=2",)}, "--num_workers is given by beam.workers"),
        ({"options": ("--streaming",)}, "the pipeline's data have an end"),
        ({"options": ("parallelism=2",)}, "write it as --name=value"),
        ({"options": ("--direct_running_mode=fast",)}, "invalid choice: 'fast'"),
        (
            FLINK | {"options": ("--sdk_worker_paralelism=2",)},
            "flink has no option --sdk_worker_paralelism; did you mean --sdk_worker_parallelism?",
        ),
        (FLINK | {"options": ("--project=p",)}, "flink has no option --project"),
        (DATAFLOW | {"options": ("--project=my-project",)}, "Missing required option: region"),
        (DATAFLOW | {"options": ("--region=eu",)}, "Missing required option: project"),
        (DATAFLOW | {"temp": None}, "Missing GCS path option: temp_location"),
        (DATAFLOW | {"temp": "/mnt/temp"}, "Invalid GCS path (/mnt/temp)"),
        (DATAFLOW | {"image": None}, "dataflow needs `image`"),
        ({"nodes": {"Evaluator": {"engine": "spark"}}}, "nodes.Evaluator: spark needs `address`"),
        ({"nodes": {"Trainer": {"workers": 2}}}, "nodes.Trainer"),
    ],
)
def test_what_an_engine_cannot_do_is_refused(changes, words):
    with pytest.raises(ValidationError) as refusal:
        beam_settings(**changes)
    assert words in str(refusal.value)


def test_folders_of_this_machine_are_refused_for_others():
    flink = beam_settings(**FLINK, shared=("/mnt/power",))
    flink.check_reach({"outputs": "/mnt/power/outputs", "beam.temp": ""})
    with pytest.raises(SettingsError, match=r"outputs: /mnt/power2 is a folder of one machine.*be"):
        flink.check_reach({"outputs": "/mnt/power2"})
    with pytest.raises(SettingsError, match="not on Google Cloud Storage"):
        beam_settings(**DATAFLOW, shared=("/mnt",)).check_reach({"outputs": "/mnt/outputs"})


def test_folders_are_compared_not_their_names(tmp_path):
    shared, private = tmp_path / "shared", tmp_path / "private"
    shared.mkdir()
    private.mkdir()
    (shared / "link").symlink_to(private)
    for written in (str(shared), f"{tmp_path}//shared/.", f"{shared}/"):
        flink = beam_settings(**FLINK, shared=(written, "x", "s3://bucket/a"))
        flink.check_reach({"outputs": f"{shared}/out", "data.path": "s3://bucket/a/b"})
        for path in (f"{shared}/../private/out", f"{shared}/link/out", "x/y", "s3://bucket/ab"):
            with pytest.raises(SettingsError, match=r"beam\.temp: "):
                flink.check_reach({"beam.temp": path})


def test_one_nodes_engine_needs_the_same():
    mixed = beam_settings(nodes={"Evaluator": FLINK})
    with pytest.raises(SettingsError, match=r"data\.path: /data"):
        mixed.check_reach({"data.path": "/data"})
    beam_settings().check_reach({"data.path": "/data"})


def test_beam_is_imported_only_where_it_is_asked():
    program = (
        "import sys; from tfx_pipeline.settings import load_settings; load_settings([]); "
        "print('apache_beam' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert found.stdout.strip() == "False", found.stderr


def test_the_settings_in_the_manifest_of_kubernetes_are_right(monkeypatch):
    for name, value in manifest.environment().items():
        monkeypatch.setenv(name, value)
    settings = load_settings([], read=lambda settings: settings.read_in_pods)
    assert settings.beam.engine == "flink"
    [volume] = settings.kubeflow.nodes["Evaluator"].volumes
    assert volume.mount_path in settings.beam.shared
