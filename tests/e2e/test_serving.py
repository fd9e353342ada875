"""Serving on Kubernetes: versions in an object store, tried, promoted and rolled back under load.

kubectl reaches a cluster whose nodes have IMAGE; SERVING_STORE is an s3:// URI where anything may
be written, which pods reach as this machine does, by AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and
AWS_SECRET_ACCESS_KEY. What KServe serves is tested where its resources are known.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import uuid
from pathlib import Path
from statistics import NormalDist

import pytest
import yaml
from tfx_kubeflow.storage import object_store
from tfx_kubeflow.storage.served_versions import publish

from tests.support.kubernetes import Namespace, given, until
from tests.support.model import UCI, save_model
from tests.support.saved_models import WINDOWING

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(1800)]

PROJECT = Path(__file__).parents[2]
NAME = "household-power"
VERSIONS = {"101": 0.0, "102": 10.0, "103": 20.0}
"""Of the pushed models, each of which answers "the last value + offset"; kW."""
PERCENT, ASKED = 20, 1000
CHANCE = 1e-4
"""That the canary's part of the requests is further from what it should be, all being well."""
LOAD = 4
"""Clients that ask all the time."""
LEVEL = 1.5
"""The last value of the requests, kW."""
STEPS = [[LEVEL] * WINDOWING.window]
REQUEST = {"inputs": dict.fromkeys(UCI.names, STEPS) | {"timestamp": [1266000000]}}
"""One window, in TensorFlow Serving's columns."""


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, Path]:
    """A model for each version."""
    given("IMAGE", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "SERVING_STORE")
    if shutil.which("kubectl") is None:
        pytest.skip("no kubectl on PATH")
    folder = tmp_path_factory.mktemp("models")
    return {
        version: save_model(folder / version, WINDOWING, offset=offset)
        for version, offset in VERSIONS.items()
    }


@pytest.fixture
def base(models) -> str:
    """Where three versions were pushed, the first of which is stable."""
    object_store.register()
    base = f"{os.environ['SERVING_STORE']}/{uuid.uuid4().hex[:8]}/{NAME}"
    for version, model in models.items():
        assert publish(model, base, clock=lambda v=version: float(v)).version == version
    versions("promote", "101", f"--base={base}")
    return base


def versions(*arguments: str) -> None:
    command = [sys.executable, "-m", "tfx_pipeline.cli", "versions", *arguments]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr


def secret(**annotations: str) -> dict:
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "household-power-store", "annotations": annotations},
        "stringData": {name: os.environ[name] for name in names},
    }


def overlay(folder: Path, of: str, **parts) -> Path:
    """A user's kustomization on one of the project's."""
    image, tag = os.environ["IMAGE"].rsplit(":", 1)
    kustomization = {
        "resources": [os.path.relpath(PROJECT / "deploy" / of, folder.resolve())],
        "images": [{"name": NAME, "newName": image, "newTag": tag}],
        **parts,
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    return folder


def replaced(kind: str, values: list[tuple[str, str]]) -> dict:
    """A patch of a kustomization."""
    changes = [{"op": "replace", "path": path, "value": value} for path, value in values]
    return {"target": {"kind": kind}, "patch": yaml.safe_dump(changes)}


def is_part(count: int, fraction: float) -> bool:
    """Whether so many of the requests may be a canary's part of them, by chance."""
    deviation = (ASKED * fraction * (1 - fraction)) ** 0.5
    return abs(count - ASKED * fraction) <= -NormalDist().inv_cdf(CHANCE / 2) * deviation


def check_load(asked: list[dict]) -> None:
    """No request failed, and each answer was all of the version that it names."""
    print("under load:", [one["answers"] for one in asked])
    assert [one["failures"] for one in asked] == [[]] * LOAD
    assert set().union(*(one["answers"] for one in asked)) == set(VERSIONS)
    for one in asked:
        for version, values in one["values"].items():
            assert values == [LEVEL + VERSIONS[version]]


def check_part(found: dict, canary: str, fraction: float) -> None:
    """The canary answered its part of the requests, and stable the others."""
    print("the canary's part:", found["answers"])
    assert found["failures"] == []
    assert found["answers"].keys() == {"101", canary}
    assert is_part(found["answers"][canary], fraction)


def test_a_deployment_follows_the_labels_in_the_store(base, tmp_path):
    namespace = Namespace("e2e-serving", os.environ["IMAGE"])
    namespace.apply(secret())
    literals = [f"MODELS={base}", f"AWS_ENDPOINT_URL={os.environ['AWS_ENDPOINT_URL']}"]
    settings = {"name": "household-power-store", "behavior": "merge", "literals": literals}
    namespace.apply_folder(
        overlay(tmp_path, "serving/household-power", configMapGenerator=[settings])
    )
    namespace.kubectl("rollout", "status", "deployment/household-power", "--timeout=600s")
    url = f"http://{namespace.address(NAME)}:8501/v1/models/{NAME}:predict"

    def have(label: str, version: str):
        pods = namespace.pods(f"app.kubernetes.io/name={NAME}")
        path = f"/v1/models/{NAME}/labels/{label}/metadata"
        found = [namespace.of_pod(pod, 8501, path) for pod in pods]
        return all(one and one["model_spec"]["version"] == version for one in found)

    def follow(label: str, version: str):
        until(lambda: have(label, version), f"{version} is {label} in every pod")

    assert namespace.ask(url, REQUEST, 20)["answers"] == {"101": 20}
    versions("canary", "102", f"--percent={PERCENT}", f"--base={base}")
    follow("canary", "102")
    check_part(namespace.ask(url, REQUEST, ASKED), "102", PERCENT / 100)
    asked: list[dict] = []
    with namespace.asked(url, REQUEST, asked, LOAD):
        versions("promote", f"--base={base}")
        follow("stable", "102")
        versions("promote", "103", f"--base={base}")
        follow("stable", "103")
        versions("rollback", f"--base={base}")
        follow("stable", "102")
    check_load(asked)
    assert namespace.ask(url, REQUEST, 20)["answers"] == {"102": 20}


def test_an_inference_service_follows_the_labels(base, tmp_path):
    known = ["kubectl", "get", "customresourcedefinition", "inferenceservices.serving.kserve.io"]
    if subprocess.run(known, capture_output=True, check=False).returncode:
        pytest.skip("no KServe in this cluster")
    namespace = Namespace("e2e-kserve", os.environ["IMAGE"])
    scheme, host = os.environ["AWS_ENDPOINT_URL"].split("://")
    namespace.apply(
        secret(
            **{
                "serving.kserve.io/s3-endpoint": host,
                "serving.kserve.io/s3-usehttps": str(int(scheme == "https")),
            }
        )
    )
    first = [("/spec/predictor/name", "v101"), ("/spec/predictor/model/storageUri", f"{base}/101/")]
    # Five pods at a time: a test's cluster is small.
    little = [("/spec/containers/0/resources/requests/cpu", "20m")]
    patches = [replaced("InferenceService", first), replaced("ServingRuntime", little)]
    namespace.apply_folder(overlay(tmp_path, "kserve/household-power", patches=patches))
    ready = f"--for=condition=Ready=True inferenceservice/{NAME} --timeout=900s"
    namespace.kubectl("wait", *ready.split())
    url = f"http://{namespace.address('household-power-serving')}:8501/v1/models/{NAME}:predict"
    on_kserve = (f"--base={base}", f"--kserve={namespace.name}/{NAME}", "--patience=900")

    assert namespace.ask(url, REQUEST, 20)["answers"] == {"101": 20}
    # One of the four pods of deploy/kserve.
    versions("canary", "102", "--percent=25", *on_kserve)
    check_part(namespace.ask(url, REQUEST, ASKED), "102", 1 / 4)
    asked: list[dict] = []
    with namespace.asked(url, REQUEST, asked, LOAD):
        versions("promote", *on_kserve)
        versions("promote", "103", *on_kserve)
        versions("rollback", *on_kserve)
    check_load(asked)
    assert namespace.ask(url, REQUEST, 20)["answers"] == {"102": 20}
