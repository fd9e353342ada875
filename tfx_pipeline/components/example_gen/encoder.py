"""Serializes segments as tf.Examples by the data contract."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from tfx_bsl.coders.example_coder import RecordBatchToExamplesEncoder

from tfx_pipeline.data.contract import (
    FIRST_ORIGIN,
    HOUR,
    MEASUREMENTS,
    METER,
    WEEKDAY,
    WEEKEND,
    WEIGHT,
)
from tfx_pipeline.data.segments.cutter import Segments

_HOUR, _DAY = 60, 1440
_THURSDAY, _SATURDAY = 3, 5  # 1970-01-01 was a Thursday; 0 = Monday


def encode(batch: Sequence[Segments]) -> list[bytes]:
    """Serializes segments in their order, one tf.Example each, by the data contract."""
    origin = np.concatenate([part.first_origin for part in batch])[:, None]
    values = np.concatenate([part.values for part in batch], axis=1)
    weekday = (origin // _DAY + _THURSDAY) % 7
    features = {
        **dict(zip(MEASUREMENTS, values, strict=True)),
        WEIGHT: np.concatenate([part.weight for part in batch]),
        FIRST_ORIGIN: origin * 60,
        HOUR: origin // _HOUR % 24,
        WEEKDAY: weekday,
        WEEKEND: (weekday >= _SATURDAY).astype(np.int64),
    }
    columns = {name: _lists(feature) for name, feature in features.items()}
    meters = [part.meter.encode() for part in batch for _ in part.first_origin]
    columns[METER] = pa.LargeListArray.from_arrays(
        np.arange(len(meters) + 1), pa.array(meters, pa.large_binary())
    )
    return RecordBatchToExamplesEncoder().encode(pa.RecordBatch.from_pydict(columns))


def _lists(values: np.ndarray) -> pa.LargeListArray:
    rows, length = values.shape
    # The encoder takes large lists several times faster than lists.
    return pa.LargeListArray.from_arrays(np.arange(rows + 1) * length, values.reshape(-1))
