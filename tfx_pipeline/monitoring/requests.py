"""Reads the request log, a batch of windows at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tfx_pipeline.data.contract import METER
from tfx_pipeline.data.segments.splits import Interval
from tfx_pipeline.model_contract import OUTPUTS, TIMESTAMP
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec
from tfx_pipeline.serving.request_records import AT, FORECAST, LABEL, MODEL, VERSION, whole_records

BATCH = 4096
"""Records that are looked at together."""


@dataclass(frozen=True)
class Windows:
    """Windows of one meter that one version answered under one label.

    Attributes:
        meter: Empty where the log names none.
        version: That answered.
        label: Its label; empty where it had none.
        origins: int64 [n], the last step of each window.
        at: int64 [n], seconds since 1970 at which they were answered.
        inputs: Measurement -> float32 [n, window], or longer where it is known ahead.
        outputs: Output -> float32 [n, horizon].
    """

    meter: str
    version: str
    label: str
    origins: npt.NDArray[np.int64]
    at: npt.NDArray[np.int64]
    inputs: dict[str, npt.NDArray[np.float32]]
    outputs: dict[str, npt.NDArray[np.float32]]

    def where(self, kept: npt.NDArray[np.bool_]) -> Windows:
        """Some of them."""
        return Windows(
            self.meter,
            self.version,
            self.label,
            self.origins[kept],
            self.at[kept],
            {name: values[kept] for name, values in self.inputs.items()},
            {name: values[kept] for name, values in self.outputs.items()},
        )


def read_windows(
    files: Iterable[Path], model: str, spec: SeriesSpec, span: Interval
) -> Iterator[Windows]:
    """Reads the windows that end in a time span, in the order of the log.

    Args:
        files: Of the log.
        model: Name of the served model; another's records are left out.
        spec: The series; a record without one of its measurements is another's, and left out.
        span: Steps.
    """
    from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

    decoder, grid = ExamplesToRecordBatchDecoder(), Grid(spec)
    needed = [*spec.names, TIMESTAMP, MODEL, VERSION, AT, *(FORECAST + name for name in OUTPUTS)]
    for file in files:
        records = whole_records(file)
        while batch := list(islice(records, BATCH)):
            table = decoder.DecodeBatch(batch)
            if set(needed) <= set(table.schema.names):
                yield from _windows(_of_model(table, model, needed), spec, grid, span)


def _of_model(table: pa.RecordBatch, model: str, needed: Sequence[str]) -> pa.RecordBatch:
    valid = [table.column(name).is_valid().to_numpy(zero_copy_only=False) for name in needed]
    own = np.array(_texts(table, MODEL)) == model
    return table.filter(pa.array(np.all([*valid, own], axis=0)))


def _windows(
    table: pa.RecordBatch, spec: SeriesSpec, grid: Grid, span: Interval
) -> Iterator[Windows]:
    origins = grid.index(_flat(table, TIMESTAMP))
    inside = (origins >= span.start) & (origins < span.stop)
    table, origins = table.filter(pa.array(inside)), origins[inside]
    arrays = [*spec.names, *(FORECAST + name for name in OUTPUTS)]
    keys = [_texts(table, name) for name in (METER, VERSION, LABEL)]
    sizes = np.stack([_lengths(table, name) for name in arrays], axis=1)
    alike: dict[tuple[Any, ...], list[int]] = {}
    for record, key in enumerate(zip(*keys, map(tuple, sizes.tolist()), strict=True)):
        alike.setdefault(key, []).append(record)
    for (meter, version, label, _), own in alike.items():
        part = table.take(pa.array(own))
        yield Windows(
            meter,
            version,
            label,
            origins=origins[own],
            at=_flat(part, AT),
            inputs={name: _matrix(part, name) for name in spec.names},
            outputs={name: _matrix(part, FORECAST + name) for name in OUTPUTS},
        )


def _flat(table: pa.RecordBatch, name: str) -> npt.NDArray[np.int64]:
    return table.column(name).flatten().to_numpy(zero_copy_only=False).astype(np.int64)


def _matrix(table: pa.RecordBatch, name: str) -> npt.NDArray[np.float32]:
    return table.column(name).flatten().to_numpy(zero_copy_only=False).reshape(len(table), -1)


def _lengths(table: pa.RecordBatch, name: str) -> npt.NDArray[np.int64]:
    return table.column(name).value_lengths().to_numpy(zero_copy_only=False).astype(np.int64)


def _texts(table: pa.RecordBatch, name: str) -> list[str]:
    """The only text of each record; empty where there is none."""
    if name not in table.schema.names:
        return [""] * len(table)
    return [(values or [b""])[0].decode() for values in table.column(name).to_pylist()]
