"""Which span an ExampleGen reads, and a fingerprint of it."""

import json
import os
import subprocess
import sys

import pytest
from kubeflow_cases import steps
from kubeflow_cases.buckets import put_raw, write
from kubeflow_cases.pipelines import CopyExecutor
from kubeflow_cases.steps import config
from tfx.components.example_gen.driver import FileBasedDriver
from tfx.components.example_gen.input_processor import FileBasedInputProcessor
from tfx.proto import example_gen_pb2
from tfx_kubeflow.errors import StepError
from tfx_kubeflow.metadata.artifacts import make_artifact
from tfx_kubeflow.protocol import DriverStep, encode
from tfx_kubeflow.steps import example_gen_driver

SPLIT = example_gen_pb2.Input.Split


def test_the_newest_span_and_version_are_resolved(tmp_path):
    for place in ("span-1/v-1", "span-2/v-1", "span-2/v-3"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "a.csv").write_text(place)
    given = {
        "input_base": str(tmp_path),
        "input_config": config("span-{SPAN}/v-{VERSION}/*"),
        "range_config": '{"rollingRange": {"numSpans": 1}}',
    }
    found = example_gen_driver.resolve(given)
    assert (found["span"], found["version"]) == (2, 3)
    resolved = json.loads(found["resolved_input_config"])
    assert resolved["splits"][0]["pattern"] == "span-2/v-3/*"


class OldestProcessor(FileBasedInputProcessor):
    def resolve_span_and_version(self):
        return 1, None

    def get_pattern_for_span_version(self, pattern, span, version):
        return pattern.replace("{SPAN}", f"{span:04}")


class OldestDriver(FileBasedDriver):
    def get_input_processor(self, splits, range_config=None, input_base_uri=None):
        return OldestProcessor(input_base_uri, splits, range_config)


def test_a_drivers_own_input_processor_resolves(tmp_path):
    (tmp_path / "span-0001").mkdir()
    (tmp_path / "span-0001/a.csv").touch()
    given = {"input_base": str(tmp_path), "input_config": config("span-{SPAN}/*")}
    found = example_gen_driver.run_driver(
        DriverStep(node="x", driver=f"{__name__}.OldestDriver"),
        {"inputs": {"parameterValues": given}},
    )["parameterValues"]
    assert found["span"] == 1
    resolved = json.loads(found["resolved_input_config"])
    assert resolved["splits"][0]["pattern"] == "span-0001/*"


def test_a_fingerprint_is_of_contents_and_names_alone(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("x\n")
    split = SPLIT(name="all", pattern="*")
    first = example_gen_driver.fingerprint(str(tmp_path), split)
    os.utime(file, (1, 1))
    assert example_gen_driver.fingerprint(str(tmp_path), split) == first
    file.write_text("y\n")
    changed = example_gen_driver.fingerprint(str(tmp_path), split)
    assert changed != first
    file.rename(tmp_path / "b.csv")
    assert example_gen_driver.fingerprint(str(tmp_path), split) not in (first, changed)


def test_no_data_says_where_it_was_looked_for(tmp_path):
    with pytest.raises(StepError, match=f"no file matches {tmp_path}/x\\*; check the data"):
        example_gen_driver.matching(str(tmp_path), "x*")


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


@pytest.mark.parametrize("pattern", ["*/*", "span-{SPAN}/*"])
def test_data_of_a_bucket_is_copied_nowhere_else(endpoint, bucket, tmp_path, pattern):
    write(bucket, **{"d__span-1__a.csv": "1"})
    for key in ("d/../evil.py", "evil.py", "d/span-1/.."):
        put_raw(endpoint, bucket, key)
    given = {
        "input_base": f"{bucket}/d",
        "input_config": steps.config(pattern),
        "range_config": '{"rollingRange": {"numSpans": 1}}' if "SPAN" in pattern else None,
    }
    examples = make_artifact(f"{steps.TYPES}Examples", "/x", "examples", {})
    with pytest.raises(StepError, match=r"\.\..*which is no name of a file in a folder here"):
        example_gen_driver.prepare_example_gen(
            given, {"examples": [examples]}, tmp_path / "a/b/data"
        )
    found = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert found <= {"a.csv"}
