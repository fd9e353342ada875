"""The request log with real parts: a server that is killed, and TFDV."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_data_validation as tfdv
from tensorflow_data_validation.statistics.stats_impl import generate_statistics_in_memory
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from tests.support.monitoring import house, log_of
from tests.support.settings import SERIES
from tfx_pipeline.serving.request_log import recover
from tfx_pipeline.serving.request_records import FILE, OPEN, log_files, whole_records

pytestmark = pytest.mark.integration

WRITER = """
import sys
from pathlib import Path
import numpy as np
from tests.unit.serving.test_request_log import SETTINGS, answered
from tfx_pipeline.serving.request_log import RequestLog
log = RequestLog(Path(sys.argv[1]), SETTINGS)
first = 0
while True:
    log(answered(16, first))
    first += 16
"""
"""Writes without end."""


def test_what_a_killed_server_wrote_is_read(tmp_path):
    with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)]) as server:
        deadline = time.monotonic() + 60
        while not any(path.stat().st_size > 1 << 20 for path in log_files(tmp_path)):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        server.send_signal(signal.SIGKILL)
    [part] = log_files(tmp_path)
    assert part.name.endswith(OPEN)
    found = [tf.train.Example.FromString(record) for record in whole_records(part)]
    numbers = [one.features.feature["timestamp"].int64_list.value[0] for one in found]
    assert len(numbers) > 1000
    assert numbers == sorted(set(numbers))
    recover(part)
    [whole] = log_files(tmp_path)
    assert len(list(tf.data.TFRecordDataset(str(whole)))) == len(numbers)


def statistics(folder: Path):
    """Statistics of a log's records, in memory: Beam would take ten seconds."""
    records = [record for file in log_files(folder) for record in whole_records(file)]
    return generate_statistics_in_memory(ExamplesToRecordBatchDecoder().DecodeBatch(records))


@pytest.fixture(scope="module")
def logs(tmp_path_factory) -> dict[str, Path]:
    """Logs of one house in two fortnights, and of one whose meter shows twice as much."""
    folder, one = tmp_path_factory.mktemp("logs"), house(30)
    scaled = house(30)
    scaled.values[0] *= 2
    log_of(folder / "before", [one], 1, 14, every=50)
    log_of(folder / "after", [one], 15, 14, every=50)
    log_of(folder / "scaled", [scaled], 15, 14, every=50)
    return {name: folder / name for name in ("before", "after", "scaled")}


def test_tfdv_reads_it_and_finds_what_changed(logs):
    before = tfdv.generate_statistics_from_tfrecord(str(logs["before"] / FILE))
    after, scaled = statistics(logs["after"]), statistics(logs["scaled"])
    schema: schema_pb2.Schema = tfdv.infer_schema(before)
    names = {feature.name for feature in schema.feature}
    assert set(SERIES.names) < names
    comparator = tfdv.get_feature(schema, SERIES.target.name).drift_comparator
    comparator.jensen_shannon_divergence.threshold = 0.1
    quiet = tfdv.validate_statistics(after, schema, previous_statistics=before)
    assert list(quiet.anomaly_info) == []
    loud = tfdv.validate_statistics(scaled, schema, previous_statistics=before)
    assert list(loud.anomaly_info) == [SERIES.target.name]


def test_values_are_those_of_the_training_examples(logs):
    [file] = log_files(logs["before"])
    first = tf.train.Example.FromString(next(whole_records(file))).features.feature
    one = house(30)
    for row, name in enumerate(SERIES.names):
        expected = one.values[row, 1440 - 49 : 1441].astype(np.float32)
        np.testing.assert_array_equal(first[name].float_list.value, expected)
