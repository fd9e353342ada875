"""What Flink is told by `make flink`, and by deploy/flink/flink.yaml."""

import re

import pytest
import yaml

from tests.support.flink import MANIFEST
from tools.flink.cluster import _CONFIGURATION


@pytest.fixture(scope="module")
def documents() -> list[dict]:
    return list(yaml.safe_load_all(MANIFEST.read_text()))


@pytest.fixture(scope="module")
def properties(documents: list[dict]) -> list[str]:
    """Lines that the image's start script takes apart, each at its first colon."""
    [config] = [one for one in documents if one["kind"] == "ConfigMap"]
    return config["data"]["properties"].splitlines()


def test_the_image_takes_values_as_they_stand(properties: list[str]):
    # It would keep quotes, with which `true` is no boolean, and make a key of a comment.
    assert [
        line for line in properties if not re.fullmatch(r"[a-zA-Z.-]+: [\w:=-]+( s)?", line)
    ] == []


@pytest.mark.parametrize(
    "key",
    [
        "taskmanager.jvm-exit-on-oom",
        "cluster.uncaught-exception-handling",
        "taskmanager.network.sort-shuffle.min-buffers",
        "taskmanager.memory.network.max",
        "taskmanager.memory.managed.size",
        "taskmanager.numberOfTaskSlots",
    ],
)
def test_what_no_cluster_does_without_is_the_same_on_both(properties: list[str], key: str):
    assert dict(line.split(": ") for line in properties)[key] == str(_CONFIGURATION[key])


def test_the_containers_limit_is_met_before_javas(properties: list[str]):
    # Where Java refuses Beam's gRPC direct memory, the job waits for ever.
    told = dict(line.split(": ") for line in properties)
    assert told["env.java.opts.taskmanager"] == "-XX:MaxDirectMemorySize=1t"


def test_a_container_may_take_what_flink_takes(documents: list[dict], properties: list[str]):
    told = dict(line.split(": ") for line in properties)
    for name, key in (("power-flink", "jobmanager"), ("power-flink-tasks", "taskmanager")):
        [deployment] = [
            one
            for one in documents
            if one["kind"] == "Deployment" and one["metadata"]["name"] == name
        ]
        [container] = deployment["spec"]["template"]["spec"]["containers"]
        limit = container["resources"]["limits"]["memory"]
        assert limit == told[f"{key}.memory.process.size"].replace("m", "Mi")
