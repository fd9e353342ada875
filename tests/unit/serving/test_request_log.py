"""The request log: what it keeps, what it drops, and that no request ever waits for it."""

from __future__ import annotations

import os
import resource
import time
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tfx_pipeline.model_contract import DEFAULT_SIGNATURE, EXAMPLES_SIGNATURE, OUTPUTS, TIMESTAMP
from tfx_pipeline.serving import request_log
from tfx_pipeline.serving.answered import Answered
from tfx_pipeline.serving.request_log import RequestLog, recover, serialized
from tfx_pipeline.serving.request_records import (
    FORECAST,
    OPEN,
    log_files,
    whole_records,
)
from tfx_pipeline.serving.settings import RequestLogSettings

SETTINGS = RequestLogSettings(
    fraction=1.0, folder=None, file_mib=64, files=10, keep=timedelta(days=35)
)


def answered(windows: int = 2, first: int = 0, **values) -> Answered:
    """A request of so many windows, the n-th at second `first` + n."""
    fields = {
        "model": "household-power",
        "at": 1_790_000_000.7,
        "version": "17",
        "label": "stable",
        "signature": DEFAULT_SIGNATURE,
        "inputs": {
            "Voltage": np.array([[240.5, np.nan, 241.0]] * windows, np.float32),
            TIMESTAMP: first + np.arange(windows),
            "meter": np.array([b"one"] * windows, object),
        },
        "outputs": {name: np.full((windows, 2), 0.5, np.float32) for name in OUTPUTS},
        "request_id": "secret-of-a-client",
    }
    return Answered(**fields | values)


def logged(folder: Path) -> list[tf.train.Example]:
    return [
        tf.train.Example.FromString(record)
        for file in log_files(folder)
        for record in whole_records(file)
    ]


def times(folder: Path) -> list[int]:
    return [one.features.feature[TIMESTAMP].int64_list.value[0] for one in logged(folder)]


def test_a_window_is_an_example_with_what_is_needed_and_no_more():
    first, second = serialized(answered())
    features = tf.train.Example.FromString(first).features.feature
    outputs = {FORECAST + name for name in (*OUTPUTS, "model", "version", "label", "at")}
    assert set(features) == {"Voltage", TIMESTAMP, "meter", *outputs}
    voltage = features["Voltage"].float_list.value
    assert voltage[0] == 240.5
    assert np.isnan(voltage[1])
    assert list(features["forecast/mean"].float_list.value) == [0.5, 0.5]
    assert features["forecast/version"].bytes_list.value[0] == b"17"
    assert features["forecast/at"].int64_list.value[0] == 1_790_000_000
    assert b"secret" not in first
    assert tf.train.Example.FromString(second).features.feature[TIMESTAMP].int64_list.value[0] == 1


def test_files_are_private_and_whole(tmp_path):
    folder = tmp_path / "log"
    log = RequestLog(folder, SETTINGS)
    log(answered(2, first=0))
    log(answered(1, first=2))
    log.close()
    [file] = log_files(folder)
    assert file.suffix == ".tfrecord"
    assert file.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert times(folder) == [0, 1, 2]
    assert log.counts == {"written": 3, "dropped": 0, "files": 1}


def test_chance_selects_requests_of_the_default_signature(tmp_path):
    chances = iter([0.1, 0.9, 0.2])
    log = RequestLog(tmp_path, SETTINGS.model_copy(update={"fraction": 0.5}), lambda: next(chances))
    for first in (0, 10, 20):
        log(answered(1, first))
    log(answered(1, 30, signature=EXAMPLES_SIGNATURE))
    log.close()
    assert times(tmp_path) == [0, 20]


def test_nothing_is_logged_unless_asked_for(tmp_path):
    log = RequestLog(tmp_path / "log", SETTINGS.model_copy(update={"fraction": 0.0}))
    log(answered())
    log.close()
    assert not (tmp_path / "log").exists()


def test_what_comes_too_fast_is_dropped_and_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(request_log, "MOST_WAITING", 5)
    log = RequestLog(tmp_path, SETTINGS)
    log(answered(6))
    log(answered(5, first=100))
    log.close()
    assert log.counts["dropped"] == 6
    assert times(tmp_path) == [100, 101, 102, 103, 104]


def test_files_rotate_and_the_oldest_go(tmp_path):
    log = RequestLog(tmp_path, SETTINGS.model_copy(update={"file_mib": 1e-6, "files": 3}))
    for first in range(6):
        log(answered(1, first))
    log.close()
    assert log.counts["files"] == 6
    assert times(tmp_path) == [3, 4, 5]


def test_files_go_at_their_age(tmp_path):
    old = tmp_path / "requests-20200101T000000-00000000.tfrecord"
    old.write_bytes(b"")
    os.utime(old, (0, 0))
    log = RequestLog(tmp_path, SETTINGS)
    log(answered(1))
    log.close()
    assert old not in log_files(tmp_path)


def test_a_full_disk_stops_the_log_and_no_request_and_it_comes_back(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(request_log, "RETRY", 0.0)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    log = RequestLog(tmp_path, SETTINGS)
    log(answered(10))
    while log.counts["written"] < 10:
        time.sleep(0.01)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, limits[1]))
    try:
        for first in range(100, 200, 10):
            log(answered(50, first))
        while log.counts["written"] + log.counts["dropped"] < 510:
            time.sleep(0.01)
        assert log.failing
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    log(answered(1, first=1000))
    log.close()
    assert not log.failing
    assert [record.message.split(": ")[0].split()[-1] for record in caplog.records] == [
        "pauses",
        "on",
    ]
    assert log.counts["dropped"] >= 400
    found = times(tmp_path)
    assert found[:10] == list(range(10))
    assert found[-1] == 1000


def test_a_file_of_a_killed_server_is_closed_after_its_last_whole_record(tmp_path):
    whole = tmp_path / "requests-20260101T000000-00000000.tfrecord"
    with tf.io.TFRecordWriter(str(whole)) as writer:
        for record in serialized(answered(2)):
            writer.write(record)
    part = whole.rename(whole.with_name(whole.name + OPEN))
    with part.open("r+b") as file:
        file.truncate(part.stat().st_size - 3)
    assert times(tmp_path) == [0]
    recover(part)
    assert log_files(tmp_path) == [whole]
    assert len(list(tf.data.TFRecordDataset(str(whole)))) == 1


def test_a_file_that_another_server_writes_is_left_alone(tmp_path):
    log = RequestLog(tmp_path, SETTINGS)
    log(answered(1))
    while not log.counts["written"]:
        time.sleep(0.01)
    [part] = log_files(tmp_path)
    recover(part)
    assert part.exists()
    log.close()
    assert times(tmp_path) == [0]


@pytest.mark.parametrize("content", [b"", b"torn"])
def test_a_file_without_a_whole_record_goes(tmp_path, content):
    part = tmp_path / f"requests-20260101T000000-00000000.tfrecord{OPEN}"
    part.write_bytes(content)
    os.utime(part, (0, 0))
    recover(part)
    assert log_files(tmp_path) == []
