"""From a file that nobody has described to its Examples, and to a pushed model."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types import standard_artifacts
from tfx.utils import proto_utils

from tests.support.own_files import FILES, described, settings_of
from tfx_pipeline.components.example_gen.component import PowerExampleGen
from tfx_pipeline.components.example_gen.executor import Executor
from tfx_pipeline.settings import load_settings

PROJECT = Path(__file__).parents[2]
PUSHED = ("half_hours_over_both_clock_changes",)
"""Those that are taken all the way here; benchmarks/own_files.py takes any."""

pytestmark = [pytest.mark.integration, pytest.mark.slow]


def examples_of(made, options, folder):
    """Every record that PowerExampleGen makes of a file."""
    component = PowerExampleGen(str(made.path.parent), made.path.name, options)
    properties = {
        key: proto_utils.proto_to_json(value) if hasattr(value, "DESCRIPTOR") else value
        for key, value in component.exec_properties.items()
    }
    examples = standard_artifacts.Examples()
    examples.uri = str(folder)
    context = BaseBeamExecutor.Context(
        beam_pipeline_args=["--direct_running_mode=in_memory", "--sdk_container_image=none"],
        unique_id="1",
        tmp_dir=str(folder),
    )
    Executor(context).Do({}, {"examples": [examples]}, properties)
    shards = [str(path) for path in sorted(folder.glob("Split-*/*"))]
    return list(tf.data.TFRecordDataset(shards, "GZIP").as_numpy_iterator())


@pytest.mark.parametrize("name", FILES)
def test_examples_hold_what_is_true_of_the_file(name, tmp_path):
    made, description = described(name, tmp_path)
    arguments = [f"--series={description}", f"--data.path={made.path}", *settings_of(name)]
    options = load_settings(arguments).data_options
    target, step = options.series.target.name, options.series.step
    seen = set()
    (tmp_path / "examples").mkdir()
    for record in examples_of(made, options, tmp_path / "examples"):
        features = tf.train.Example.FromString(record).features.feature
        meter = features["meter"].bytes_list.value[0].decode()
        values = np.array(features[target].float_list.value)
        first = features["first_origin"].int64_list.value[0]
        seconds = first + step * (np.arange(values.size) - options.windowing.window + 1)
        true = dict(zip(*made.truth[meter], strict=True))
        expected = np.array([true.get(second, np.nan) for second in seconds.tolist()])
        there = np.isfinite(values)
        assert values[there] == pytest.approx(expected[there], rel=1e-5, abs=1e-5)
        seen |= {(meter, second) for second in seconds[there].tolist()}
    for meter, (seconds, _) in made.truth.items():
        found = sum((meter, second) in seen for second in seconds.tolist())
        assert found > 0.7 * seconds.size  # but for embargo and gaps


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", PUSHED)
def test_a_model_of_a_file_is_pushed(name, tmp_path):
    made, description = described(name, tmp_path)
    outputs = tmp_path / "outputs"
    command = [sys.executable, "runner_local.py", f"--series={description}"]
    command += [f"--data.path={made.path}", f"--outputs={outputs}", *settings_of(name)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    summary = json.loads((outputs / "latest/summary.json").read_text())
    assert summary["blessed"], summary["reasons"]
    pushed = outputs / "serving" / name.replace("_", "-") / summary["pushed_version"]
    assert pushed.is_dir()
