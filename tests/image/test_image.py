"""What is in the image and what is not, looked at from inside a container that may do little."""

import json
import os

import pytest
from tfx.proto import example_gen_pb2
from tfx_kubeflow.protocol import DriverStep, encode
from tfx_kubeflow.steps import example_gen_driver

from tests.image import engine
from tests.image.engine import AS_IN_A_POD, docker
from tfx_pipeline.data.raw.location import locate, split_pattern
from tfx_pipeline.settings import load_settings

pytestmark = [pytest.mark.image, pytest.mark.slow]

SIZE_LIMIT = 2.2e9
"""Bytes, unpacked; docs/image.md states what it is."""
USER = """
import getpass, os, pathlib, tempfile
home = pathlib.Path.home()
(home / "file").write_text("")
tempfile.TemporaryFile().close()
print(os.getuid(), getpass.getuser(), home, os.getcwd(), os.access("/opt/venv", os.W_OK))
"""
LEFT_OVERS = r"""
for tool in cc gcc g++ ld strip make git uv; do command -v $tool; done
find / -xdev \( -name '*.whl' -o -name '*.a' -o -path /build -o -path /root/.cache \
    -o -path '/var/lib/apt/lists/*_Packages*' -o -path /run/secrets \) -print
"""
IMPORTS = """
import tensorflow_data_validation, tensorflow_transform, tensorflow_model_analysis, ml_metadata
import keras_tuner, tfx.components, tfx.v1
import tfx.examples.penguin.penguin_pipeline_local, tfx.extensions.google_cloud_ai_platform
import tfx.examples.chicago_taxi_pipeline.taxi_pipeline_native_keras
import apache_beam.io.gcp.gcsio, pyarrow.flight, pyarrow.substrait, fastavro, zstandard
import tensorflow as tf
from pyarrow.fs import GcsFileSystem, S3FileSystem
S3FileSystem(region="eu-west-1", anonymous=True), GcsFileSystem(anonymous=True)
assert "gs" in tf.io.gfile.get_registered_schemes()
tf.lite.TFLiteConverter.from_keras_model(
    tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(2)])
).convert()
print(tfx.v1.__version__, tf.__version__)
"""


def python(image, code, *options):
    return docker("run", "--rm", *AS_IN_A_POD, *options, image, "python", "-c", code)


@pytest.mark.parametrize(
    ("options", "uid"),
    [
        ((), 10001),
        (("--read-only", "--tmpfs=/tmp", "--tmpfs=/home/pipeline"), 10001),
        (("--user=4242:0",), 4242),  # a user that only the cluster knows
    ],
)
def test_the_user_is_not_root_and_has_a_home(image, options, uid):
    answer = python(image, USER, *options)
    assert answer == f"{uid} pipeline /home/pipeline /home/pipeline False"
    assert engine.inspect(image)["Config"]["User"] == "10001:10001"


def test_nothing_is_left_of_building_it(image):
    # As root with root's rights, who may look everywhere.
    found = docker("run", "--rm", "--network=none", "--user=0", image, "sh", "-c", LEFT_OVERS)
    assert found == ""


def test_no_address_of_an_index_is_told(image):
    index = os.environ.get("UV_DEFAULT_INDEX", engine.INDEX)
    told = docker("history", "--no-trunc", image) + json.dumps(engine.inspect(image))
    assert index not in told
    assert "http" not in told
    look = f"! grep -rF '{index}' /etc /home /opt/venv/lib/python3.11/site-packages/*.dist-info"
    docker("run", "--rm", "--network=none", "--user=0", image, "sh", "-c", look)


def test_it_is_small(image):
    assert engine.inspect(image)["Size"] < SIZE_LIMIT


def test_libraries_and_clients_of_object_stores_load(image):
    assert python(image, IMPORTS) == "1.21.0 2.21.0"


def test_the_projects_plug_and_commands_are_there(image):
    assert "tfx_kubeflow" in python(
        image, "import os, site; print(os.listdir(site.getsitepackages()[0]))"
    )
    assert "--executor-input" in docker("run", "--rm", *AS_IN_A_POD, image)
    assert "usage: household-power" in docker(
        "run", "--rm", *AS_IN_A_POD, image, "household-power", "--help"
    )


DRIVER = "tfx_pipeline.components.example_gen.driver.Driver"


def test_the_span_step_reads_the_embedded_data(image, tmp_path):
    """A whole step by KFP's command: what is told is what this machine finds in its own copy."""
    there = split_pattern(load_settings([]).kubeflow.data)
    config = json.dumps({"splits": [{"name": "raw", "pattern": there.pattern}]})
    tmp_path.chmod(0o777)
    executor_input = {
        "inputs": {"parameterValues": {"input_base": there.base, "input_config": config}},
        "outputs": {"outputFile": f"{tmp_path}/executor_output.json"},
    }
    docker(
        *("run", "--rm", "--read-only", "--tmpfs=/tmp", *AS_IN_A_POD),
        *(f"--volume={tmp_path}:{tmp_path}", image),
        *("python", "-m", "tfx_kubeflow.steps.entrypoint"),
        *("--step", encode(DriverStep(node="power-example-gen", driver=DRIVER))),
        *("--executor-input", json.dumps(executor_input)),
    )
    told = json.loads((tmp_path / "executor_output.json").read_text())["parameterValues"]
    split = example_gen_pb2.Input.Split(name="raw", pattern=there.pattern)
    assert told["input_fingerprint"] == example_gen_driver.fingerprint(locate(None).base, split)
