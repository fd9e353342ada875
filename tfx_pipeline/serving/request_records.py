"""The format of the request log: its records, and its files' names.

A file is a TFRecord of tf.Examples, one for each window that a forecast was asked for. The inputs
have the names and raw units of the training Examples, NaN where not observed, so that their
statistics compare; what the model answered stands beside them under `forecast/`. Nothing tells who
asked: no address, no header, no request id.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

FORECAST = "forecast/"
"""Before the name of an output. Measurements' names have no slash."""

MODEL = f"{FORECAST}model"
"""Bytes [1]: name of the model that answered."""

VERSION = f"{FORECAST}version"
"""Bytes [1]: the version that answered."""

LABEL = f"{FORECAST}label"
"""Bytes [1]: its label, `stable` or `canary`; empty where it has none."""

AT = f"{FORECAST}at"
"""Int64 [1]: seconds since 1970 when it was answered, UTC."""

FILE = "requests-*.tfrecord"
"""Pattern of the files."""

OPEN = ".part"
"""Ends the name of a file that is being written, or whose server was killed: its last record may
be cut off."""


def log_files(folder: Path) -> list[Path]:
    """The files of all servers that log below a folder, oldest first by their name."""
    found = [*folder.rglob(FILE), *folder.rglob(FILE + OPEN)]
    return sorted(found, key=lambda path: path.name)


def whole_records(path: Path) -> Iterator[bytes]:
    """The records of a file up to its end, or to where it is cut off or damaged."""
    import tensorflow as tf

    try:
        yield from tf.data.TFRecordDataset(str(path)).as_numpy_iterator()
    except tf.errors.DataLossError:
        return
