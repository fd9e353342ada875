"""The request log as the monitor reads it."""

import numpy as np
import tensorflow as tf

from tests.support.monitoring import MODEL, house, log_of, span_of
from tests.support.settings import SERIES
from tfx_pipeline.monitoring.requests import read_windows
from tfx_pipeline.serving.request_records import log_files


def test_what_was_logged_is_read(tmp_path):
    one = house(3)
    log_of(tmp_path, [one], first_day=1, days=2)
    found = list(read_windows(log_files(tmp_path), MODEL, SERIES, span_of(one, 1, 2)))
    origins = np.concatenate([windows.origins for windows in found])
    assert origins.tolist() == one.minutes[1440 : 3 * 1440 - 5 : 10].tolist()
    first = found[0]
    assert (first.meter, first.version, first.label) == ("", "17", "stable")
    assert set(first.at.tolist()) == {1}
    np.testing.assert_array_equal(
        first.inputs["Voltage"][1], one.values[2, 1440 + 10 - 49 : 1440 + 11].astype(np.float32)
    )
    assert first.outputs["p10"].shape == (origins.size, 5)


def test_only_the_span_is_read(tmp_path):
    one = house(3)
    log_of(tmp_path, [one], first_day=1, days=2)
    span = span_of(one, 2, 1)
    [found] = read_windows(log_files(tmp_path), MODEL, SERIES, span)
    assert found.origins.min() == span.start
    assert found.origins.max() < span.stop


def test_meters_are_told_apart(tmp_path):
    log_of(tmp_path, [house(2, meter="one"), house(2, 1, "two")], first_day=1, days=1)
    found = list(read_windows(log_files(tmp_path), MODEL, SERIES, span_of(house(1), 0, 9)))
    assert [windows.meter for windows in found] == ["one", "two"]
    assert len({windows.origins.size for windows in found}) == 1


def test_records_of_another_model_are_left_out(tmp_path):
    log_of(tmp_path, [house(2)], first_day=1, days=1)
    other = tf.train.Example()
    other.features.feature["x"].float_list.value.append(1)
    with tf.io.TFRecordWriter(str(tmp_path / "requests-20000101T000000.0-0.tfrecord")) as writer:
        writer.write(other.SerializeToString())
    found = list(read_windows(log_files(tmp_path), MODEL, SERIES, span_of(house(1), 0, 9)))
    assert [windows.version for windows in found] == ["17"]
    assert list(read_windows(log_files(tmp_path), "other", SERIES, span_of(house(1), 0, 9))) == []
