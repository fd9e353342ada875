"""StatisticsGen's executor: what TFX's computes, split by split."""

import re
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_metadata.proto.v0 import statistics_pb2
from tfx.components.statistics_gen import executor as stock
from tfx.components.util import examples_utils
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.proto import example_gen_pb2
from tfx.types import standard_artifacts

from tests.support.settings import defaults
from tfx_pipeline.components.statistics_gen.executor import Executor

SPLITS = {"train": (300, 7), "test": (4,)}
"""Examples in each file of a split."""


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> standard_artifacts.Examples:
    folder = tmp_path_factory.mktemp("examples")
    random = np.random.default_rng(1)
    for split, files in SPLITS.items():
        (folder / f"Split-{split}").mkdir()
        for number, count in enumerate(files):
            path = folder / f"Split-{split}" / f"data_tfrecord-{number:05d}-of-00002.gz"
            with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
                for _ in range(count):
                    writer.write(example(random, split).SerializeToString())
    artifact = standard_artifacts.Examples()
    artifact.uri = str(folder)
    artifact.span = 3
    artifact.split_names = '["train", "test"]'
    examples_utils.set_payload_format(artifact, example_gen_pb2.FORMAT_TF_EXAMPLE)
    examples_utils.set_file_format(artifact, "tfrecords_gzip")
    return artifact


def example(random: np.random.Generator, split: str) -> tf.train.Example:
    found = tf.train.Example()
    values = random.normal(size=5)
    values[random.random(5) < 0.2] = np.nan
    found.features.feature["power"].float_list.value.extend(values)
    found.features.feature["hour"].int64_list.value.append(random.integers(24))
    found.features.feature["meter"].bytes_list.value.append(
        f"{split} {random.integers(9)}".encode()
    )
    return found


def computed(
    kind: type[BaseBeamExecutor], examples: standard_artifacts.Examples, folder: Path
) -> standard_artifacts.ExampleStatistics:
    artifact = standard_artifacts.ExampleStatistics()
    artifact.uri = str(folder)
    context = BaseBeamExecutor.Context(
        beam_pipeline_args=defaults().beam.node_arguments("StatisticsGen", run=""),
        tmp_dir=str(folder / "temporary"),
        unique_id="1",
    )
    kind(context).Do({"examples": [examples]}, {"statistics": [artifact]}, {})
    return artifact


def read(artifact: standard_artifacts.ExampleStatistics, split: str) -> str:
    path = Path(artifact.uri) / f"Split-{split}/FeatureStats.pb"
    found = statistics_pb2.DatasetFeatureStatisticsList.FromString(path.read_bytes())
    [dataset] = found.datasets
    features = sorted(dataset.features, key=lambda feature: feature.path.step[0])
    del dataset.features[:]
    dataset.features.extend(features)
    return str(found)


def assert_alike(found: str, expected: str) -> None:
    """Equal but for the last digits of floats: sums are in the order that files come in."""
    real = re.compile(r"-?\d+\.\d+(?:e[+-]\d+)?")
    assert real.sub("", found) == real.sub("", expected)
    numbers, known = (np.array(real.findall(text), float) for text in (found, expected))
    np.testing.assert_allclose(numbers, known, rtol=1e-12)


def test_it_writes_what_tfx_writes(examples: standard_artifacts.Examples, tmp_path: Path):
    ours = computed(Executor, examples, tmp_path / "ours")
    theirs = computed(stock.Executor, examples, tmp_path / "theirs")
    for split, files in SPLITS.items():
        found = read(ours, split)
        assert f"num_examples: {sum(files)}" in found
        assert_alike(found, read(theirs, split))
    assert ours.mlmd_artifact.properties == theirs.mlmd_artifact.properties
    assert ours.mlmd_artifact.custom_properties == theirs.mlmd_artifact.custom_properties
