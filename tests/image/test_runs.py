"""Whole pipelines in the image, run locally: a container for each step."""

import pytest
from kubeflow_cases import penguins, pipelines
from tfx_kubeflow.local.process import Docker
from tfx_kubeflow.local.runner import run_locally
from tfx_kubeflow.runner import KubeflowRunner
from tfx_kubeflow.settings import KubeflowSettings

from tfx_pipeline.data.raw.location import split_pattern
from tfx_pipeline.pipeline import create_pipeline
from tfx_pipeline.settings import load_settings

pytestmark = [pytest.mark.image, pytest.mark.slow, pytest.mark.integration]

HOME = "/home/pipeline"


@pytest.fixture
def root(tmp_path):
    """The only folder that the containers share with this machine."""
    folder = tmp_path / "root"
    folder.mkdir()
    # pytest's folders are its user's alone; the containers run as the image's own user.
    for place in (folder, *folder.parents):
        if place.owner() == folder.owner():
            place.chmod(place.stat().st_mode | 0o755)
    folder.chmod(0o777)
    return folder


def run(package, root):
    """Runs a package with as few rights as a pod can have, and no network."""
    rights = ("--user=10001", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--read-only")
    places = ("--tmpfs=/tmp", f"--tmpfs={HOME}:mode=1777")
    return run_locally(package, root, launch=Docker(("--network=none", *rights, *places)))


def test_our_pipeline_runs_from_its_data_to_a_pushed_model(image, root, tmp_path):
    serving = root / "serving"
    settings = load_settings(
        ["--profile=sample", f"--kubeflow.image={image}", f"--kubeflow.serving_base={serving}"]
    )
    runner = KubeflowRunner(settings.kubeflow, str(tmp_path))
    runner.run(
        create_pipeline(
            settings,
            data=split_pattern(settings.kubeflow.data),
            pipeline_root=settings.kubeflow.pipeline_root,
            serving_dir=f"{serving}/{settings.name}",
        )
    )
    record = run(runner.package_path(settings.name), root)
    (version,) = (serving / settings.name).glob("[0-9]*")
    assert (version / "saved_model.pb").exists()
    assert version.stat().st_uid == 10001
    pushed = record.step("pusher").artifacts["pushed_model"].metadata
    assert pushed["pushed_destination"] == str(version)


def test_tfx_penguin_runs_from_data_to_a_pushed_model(image, root, tmp_path):
    serving = root / "serving"
    # The example's tuner_fn builds tf_keras models, which keras-tuner on Keras 3 refuses.
    pipeline = pipelines.penguin(
        penguins.write_penguins(root / "data"), serving, enable_tuning=False
    )
    KubeflowRunner(KubeflowSettings(image=image), str(tmp_path)).run(pipeline)
    run(tmp_path / "penguin.yaml", root)
    (version,) = serving.glob("[0-9]*")
    assert (version / "saved_model.pb").exists()
