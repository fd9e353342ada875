"""Serializes segments as tf.Examples by the data contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import tensorflow as tf
from tfx_bsl.coders.example_coder import RecordBatchToExamplesEncoder

from tfx_pipeline.data.contract import (
    FIRST_ORIGIN,
    GROUP,
    HOUR,
    METER,
    SAME_TIME_LAST_WEEK,
    SAME_TIME_YESTERDAY,
    WEEKDAY,
    WEEKEND,
    WEIGHT,
)
from tfx_pipeline.data.segments.cutter import Segments
from tfx_pipeline.series import clock
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec


class Encoder:
    """Serializes segments of one series.

    Args:
        spec: The series.
        groups: Meter -> its group; used where the series has groups.
    """

    def __init__(self, spec: SeriesSpec, groups: Mapping[str, str]) -> None:
        self._names = spec.names
        self._groups = groups if spec.group else None
        self._grid = Grid(spec)
        self._encoder = RecordBatchToExamplesEncoder()

    def encode(self, batch: Sequence[Segments]) -> list[bytes]:
        """Serializes segments in their order, one tf.Example each, by the data contract."""
        instants = self._grid.seconds(np.concatenate([part.first_origin for part in batch]))
        local = self._grid.local(instants)[:, None]
        values = np.concatenate([part.values for part in batch], axis=1)
        weekday = clock.weekday(local)
        features = {
            **dict(zip(self._names, values, strict=True)),
            WEIGHT: np.concatenate([part.weight for part in batch]),
            SAME_TIME_YESTERDAY: np.concatenate([part.yesterday for part in batch]),
            SAME_TIME_LAST_WEEK: np.concatenate([part.last_week for part in batch]),
            FIRST_ORIGIN: instants[:, None],
            HOUR: local % clock.DAY // clock.HOUR,
            WEEKDAY: weekday,
            WEEKEND: (weekday >= clock.SATURDAY).astype(np.int64),
        }
        columns = {name: _lists(feature) for name, feature in features.items()}
        columns[METER] = _texts([(part.meter, part.first_origin.size) for part in batch])
        if self._groups is not None:
            groups = [(self._groups[part.meter], part.first_origin.size) for part in batch]
            columns[GROUP] = _texts(groups)
        return [_sorted(one) for one in self._encoder.encode(pa.RecordBatch.from_pydict(columns))]


def _sorted(record: bytes) -> bytes:
    """The same Example with its features in order.

    The encoder writes them in another order each time. The same data shall give the same bytes, and
    files of the same size: the Trainer draws of each split by the size of its files.
    """
    ordered: bytes = tf.train.Example.FromString(record).SerializeToString(deterministic=True)
    return ordered


def _texts(counts: Sequence[tuple[str, int]]) -> pa.LargeListArray:
    """One text an Example, each of so many in a row."""
    texts = [text for one, count in counts for text in [one.encode()] * count]
    return pa.LargeListArray.from_arrays(
        np.arange(len(texts) + 1), pa.array(texts, pa.large_binary())
    )


def _lists(values: np.ndarray) -> pa.LargeListArray:
    rows, length = values.shape
    # The encoder takes large lists several times faster than lists.
    return pa.LargeListArray.from_arrays(np.arange(rows + 1) * length, values.reshape(-1))
