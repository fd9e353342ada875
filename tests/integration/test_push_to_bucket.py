"""Our own Pusher in its pod, with a bucket as the destination."""

import json
from pathlib import Path

import pytest
from kubeflow_cases import pushes, steps
from kubeflow_cases.buckets import bucket, endpoint, write  # noqa: F401, fixtures
from tfx import v1
from tfx.dsl.io import fileio
from tfx_kubeflow.compiler.nodes import artifact_classes, executor_class
from tfx_kubeflow.protocol import ExecutorStep, encode
from tfx_kubeflow.steps import entrypoint
from tfx_kubeflow.storage import files, served_versions

from tfx_pipeline.components.pusher.component import Pusher

pytestmark = pytest.mark.integration


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


def test_our_own_pusher_pushes_to_a_bucket_as_to_a_folder(
    bucket,  # noqa: F811
    tmp_path,
    monkeypatch,
):
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
