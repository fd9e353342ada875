"""The request log: keeps a sample of what a server answered, for `household-power monitor`.

An observer of the data plane that never blocks or fails a request: what it cannot keep up with, or
cannot write, it drops and counts. Several servers may write to one folder.
"""

from __future__ import annotations

import fcntl
import logging
import os
import random
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue

import numpy as np
import tensorflow as tf

from tfx_pipeline.model_contract import DEFAULT_SIGNATURE
from tfx_pipeline.serving.answered import Answered
from tfx_pipeline.serving.request_records import (
    AT,
    FILE,
    FORECAST,
    LABEL,
    MODEL,
    OPEN,
    VERSION,
    whole_records,
)
from tfx_pipeline.serving.settings import RequestLogSettings

LOG = logging.getLogger(__name__)

MOST_WAITING = 20_000
"""Windows between the data plane and the disk; 30 MB of the default model's."""
RETRY = 60.0
"""Seconds without a further attempt when a file cannot be written."""
TIDY = 600.0
"""Seconds after which files are looked after where nothing is written."""
DAY = timedelta(days=1).total_seconds()
MIB = 2**20
FRAME = 16
"""Bytes of a TFRecord around each record."""


class RequestLog:
    """Writes the requests of the default signature that chance selects.

    Args:
        folder: Where to; it is made where it is not there.
        settings: Which requests, and how much of them is kept.
        chance: Gives a number from 0 up to 1 for each request.

    Attributes:
        counts: `written` windows; those `dropped` because they came too fast, or because a file
            could not be written; `files` that were closed.
        failing: Whether the last attempt to write failed.
    """

    def __init__(
        self,
        folder: Path,
        settings: RequestLogSettings,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.counts: Counter[str] = Counter(written=0, dropped=0, files=0)
        self.failing = False
        self._settings = settings
        self._folder = folder
        self._chance = chance
        self._queue: SimpleQueue[Answered | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._waiting = 0
        self._retry_at = 0.0
        self._file: _File | None = None
        self._thread = threading.Thread(target=self._run, name="request-log", daemon=True)
        self._thread.start()

    def __call__(self, answered: Answered) -> None:
        """Takes note of an answered request, or not; returns at once."""
        if answered.signature != DEFAULT_SIGNATURE or self._chance() >= self._settings.fraction:
            return
        windows = _windows(answered)
        with self._lock:
            if self._waiting + windows > MOST_WAITING:
                self.counts["dropped"] += windows
                return
            self._waiting += windows
        self._queue.put(answered)

    def close(self, timeout: float = 10.0) -> None:
        """Writes what waits and closes the file.

        Args:
            timeout: Seconds after which the rest is given up.
        """
        self._queue.put(None)
        self._thread.join(timeout)

    def _run(self) -> None:
        self._guarded(self._tidy)
        while True:
            try:
                answered = self._queue.get(timeout=TIDY)
            except Empty:
                self._guarded(self._look_after)
                continue
            if answered is None:
                self._guarded(self._finish)
                return
            windows = _windows(answered)
            written = self._guarded(partial(self._write, answered))
            with self._lock:
                self._waiting -= windows
                self.counts["written" if written else "dropped"] += windows

    def _guarded(self, action: Callable[[], None]) -> bool:
        """Does something with files; whatever goes wrong is a pause, and told once."""
        if time.monotonic() < self._retry_at:
            return False
        try:
            action()
        except (OSError, tf.errors.OpError) as error:
            self._retry_at = time.monotonic() + RETRY
            if not self.failing:
                LOG.warning("the request log in %s pauses: %s", self._folder, error)
            self.failing = True
            if self._file is not None:
                self._file.abandon()
                self._file = None
            return False
        if self.failing:
            LOG.warning("the request log in %s goes on", self._folder)
        self.failing = False
        return True

    def _write(self, answered: Answered) -> None:
        if self._file is None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = _File(self._folder)
        for record in serialized(answered):
            self._file.write(record)
        self._file.flush()
        self._look_after()

    def _look_after(self) -> None:
        """Closes the file when it is large or old enough, and deletes others that are."""
        if self._file is None:
            self._tidy()
        elif self._file.size >= self._settings.file_mib * MIB or self._file.age >= DAY:
            self._finish()
            self._tidy()

    def _finish(self) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            file.finish()
            self.counts["files"] += 1

    def _tidy(self) -> None:
        """Closes what killed servers left open, and deletes what is too old or too much."""
        for path in self._folder.glob(FILE + OPEN):
            recover(path)
        closed = sorted(self._folder.glob(FILE), key=lambda path: path.name)
        oldest = time.time() - self._settings.keep.total_seconds()
        for number, path in enumerate(reversed(closed)):
            if number >= self._settings.files or _modified(path) < oldest:
                path.unlink(missing_ok=True)


class _File:
    """A file that is being written: its name ends in `OPEN`, and it is locked.

    Args:
        folder: It lies here.
    """

    def __init__(self, folder: Path) -> None:
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{secrets.token_hex(4)}"
        self._path = folder / (FILE.replace("*", name) + OPEN)
        self._lock = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._writer = tf.io.TFRecordWriter(str(self._path))
        self._begun = time.monotonic()
        self.size = 0

    @property
    def age(self) -> float:
        """Seconds since it was begun, by a clock that does not jump."""
        return time.monotonic() - self._begun

    def write(self, record: bytes) -> None:
        self._writer.write(record)
        self.size += FRAME + len(record)

    def flush(self) -> None:
        self._writer.flush()

    def finish(self) -> None:
        """Closes it under its final name."""
        self._writer.close()
        self._path.rename(_closed(self._path))
        os.close(self._lock)

    def abandon(self) -> None:
        """Closes it after an error: whole records stay, the rest is cut off."""
        try:
            self._writer.close()
        except tf.errors.OpError:
            LOG.debug("%s: not closed", self._path, exc_info=True)
        _cut(self._path)
        os.close(self._lock)


def recover(path: Path) -> None:
    """Closes the file of a server that was killed.

    Args:
        path: Ends in `OPEN`; left as it is while a server writes it, or is about to.
    """
    try:
        file = path.open("r+b")
    except FileNotFoundError:  # another server was faster
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        if _modified(path) < time.time() - DAY or path.stat().st_size:
            _cut(path)


def _cut(path: Path) -> None:
    """Gives an open file its final name, without what follows its last whole record."""
    size = sum(FRAME + len(record) for record in whole_records(path))
    if size:
        os.truncate(path, size)
        path.rename(_closed(path))
    else:
        path.unlink()


def serialized(answered: Answered) -> Iterator[bytes]:
    """A tf.Example for each window of a request, as `request_records` describes it."""
    columns = {
        **answered.inputs,
        **{FORECAST + name: values for name, values in answered.outputs.items()},
    }
    once = {
        MODEL: np.array([answered.model.encode()], object),
        VERSION: np.array([answered.version.encode()], object),
        LABEL: np.array([(answered.label or "").encode()], object),
        AT: np.array([int(answered.at)]),
    }
    for row in range(_windows(answered)):
        own = {name: np.atleast_1d(values[row]) for name, values in columns.items()}
        yield _example({**own, **once}).SerializeToString()


def _example(values: Mapping[str, np.ndarray]) -> tf.train.Example:
    example = tf.train.Example()
    features = example.features.feature
    for name, array in values.items():
        if array.dtype.kind == "f":
            features[name].float_list.value.extend(array)
        elif array.dtype.kind in "iu":
            features[name].int64_list.value.extend(array)
        else:
            features[name].bytes_list.value.extend(array.tolist())
    return example


def _windows(answered: Answered) -> int:
    return len(next(iter(answered.outputs.values())))


def _closed(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(OPEN))


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
