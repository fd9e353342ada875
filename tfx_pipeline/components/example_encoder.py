"""Serializes segments as tf.Examples by the data contract."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from tfx_bsl.coders.example_coder import RecordBatchToExamplesEncoder

from tfx_pipeline.data.contract import (
    FIRST_ORIGIN,
    HOUR,
    MEASUREMENTS,
    METER,
    WEEKDAY,
    WEIGHT,
)
from tfx_pipeline.data.segments import Segments

_HOUR, _DAY = 60, 1440
_THURSDAY = 3  # 1970-01-01


def encode(segments: Segments) -> list[bytes]:
    """Serializes segments, one tf.Example each, with the features of the data contract."""
    origin = segments.first_origin
    features = {
        **dict(zip(MEASUREMENTS, segments.values, strict=True)),
        WEIGHT: segments.weight,
        FIRST_ORIGIN: origin[:, None] * 60,
        HOUR: origin[:, None] // _HOUR % 24,
        WEEKDAY: (origin[:, None] // _DAY + _THURSDAY) % 7,
    }
    columns = {name: _lists(np.ascontiguousarray(values)) for name, values in features.items()}
    meters = pa.array([segments.meter.encode()] * origin.size, pa.large_binary())
    columns[METER] = pa.LargeListArray.from_arrays(np.arange(origin.size + 1), meters)
    return RecordBatchToExamplesEncoder().encode(pa.RecordBatch.from_pydict(columns))


def _lists(values: np.ndarray) -> pa.LargeListArray:
    rows, length = values.shape
    # The encoder takes large lists several times faster than lists.
    return pa.LargeListArray.from_arrays(np.arange(rows + 1) * length, values.reshape(-1))
