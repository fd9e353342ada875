"""Reads what the Beam steps computed: `python -c THIS '{"examples": URI, "statistics": URI, ...}'`.

Prints one line, `E2E` and JSON:
    examples: split -> how many, and a digest of all of them, parsed
    statistics: split -> feature -> counts and moments
    evaluation: forecasts and errors
"""

import hashlib
import json
import sys
import tempfile
from pathlib import Path

import tensorflow as tf
from google.protobuf.json_format import MessageToDict
from tensorflow_metadata.proto.v0 import statistics_pb2
from tfx_kubeflow.storage import object_store
from tfx_kubeflow.storage.files import copy_below, names_below

from tfx_pipeline.evaluation.decision import read_evaluation

SPLITS = ("train", "eval", "test")


def examples(folder: Path, split: str) -> list[dict]:
    """Those of a split, parsed, as the order of a map's keys in the bytes is free."""
    files = (folder / f"Split-{split}").glob("*.gz")
    records = tf.data.TFRecordDataset(sorted(map(str, files)), "GZIP")
    return [MessageToDict(tf.train.Example.FromString(item.numpy())) for item in records]


def statistics(folder: Path, split: str) -> dict[str, list[float]]:
    """Of each feature of a split: counts, mean, deviation, least, greatest, median, zeros."""
    path = folder / f"Split-{split}/FeatureStats.pb"
    found = statistics_pb2.DatasetFeatureStatisticsList.FromString(path.read_bytes())
    [dataset] = found.datasets
    numbers = {}
    for feature in dataset.features:
        stats = feature.num_stats
        counts = stats.common_stats or feature.string_stats.common_stats
        values = [stats.mean, stats.std_dev, stats.min, stats.max, stats.median, stats.num_zeros]
        name = feature.name or ".".join(feature.path.step)
        numbers[name] = [dataset.num_examples, counts.num_non_missing, *values]
    return numbers


def summary(examples_of: Path, statistics_of: Path, evaluation_of: Path) -> dict:
    """What two runs have in common that computed the same."""
    found = {split: examples(examples_of, split) for split in SPLITS}
    evaluation = read_evaluation(evaluation_of)
    return {
        "examples": {split: [len(found[split]), digest(found[split])] for split in SPLITS},
        "statistics": {split: statistics(statistics_of, split) for split in SPLITS},
        "evaluation": {
            name: getattr(evaluation, name)
            for name in ("forecasts", "mse", "mae", "mse_ratio", "mae_ratio")
        },
    }


def digest(records: list[dict]) -> str:
    """Of records in their order."""
    return hashlib.sha256(json.dumps(records, sort_keys=True).encode()).hexdigest()


def copied(uri: str, folder: Path) -> Path:
    """A folder of the store as one of this machine."""
    copy_below(uri, names_below(uri), folder)
    return folder


def main(examples: str, statistics: str, evaluation: str) -> None:
    object_store.register()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = summary(
            copied(examples, folder / "examples"),
            copied(statistics, folder / "statistics"),
            copied(evaluation, folder / "evaluation"),
        )
    print("E2E", json.dumps(found))


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
