"""Requests as clients make them: from the request log, or those that travel with the models."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tfx_kubeflow.errors import StepError

from tfx_pipeline.data.contract import METER
from tfx_pipeline.model_contract import (
    DEFAULT_SIGNATURE,
    REQUESTS_FILE,
    TIMESTAMP,
    Input,
    ModelMetadata,
)
from tfx_pipeline.serving.request_records import log_files, whole_records
from tfx_pipeline.serving.requests import read_requests


@dataclass(frozen=True)
class Windows:
    """Windows to forecast from.

    Attributes:
        inputs: Of the default signature, the batch first.
        truth: Values of the target at the steps ahead, [batch, horizon]; NaN where not known.
    """

    inputs: Mapping[str, np.ndarray]
    truth: np.ndarray

    def __len__(self) -> int:
        return len(self.truth)

    def rows(self, rows: slice) -> dict[str, np.ndarray]:
        """Returns the inputs of some of them."""
        return {name: values[rows] for name, values in self.inputs.items()}


def logged(folder: Path, model: ModelMetadata, most: int) -> Windows:
    """Reads the newest windows of a request log, and what was measured after them.

    A step ahead of a window is known from a later window of the same meter that looks back on it.

    Args:
        folder: Of the log.
        model: What the model takes; windows of another shape are passed by.
        most: Windows.

    Raises:
        StepError: There are none.
    """
    found: list[dict[str, np.ndarray]] = []
    for path in reversed(log_files(folder)):
        rows = (_row(record, model.inputs) for record in whole_records(path))
        found = [*filter(None, rows), *found]
        if len(found) >= most:
            break
    if not found:
        raise StepError(f"{folder}: no request is logged there that this model takes")
    truth = _truth(found, model)
    newest = found[-most:]
    inputs = {name: np.stack([row[name] for row in newest]) for name in model.inputs}
    return Windows(inputs, truth[-most:])


def recorded(models: Iterable[Path], model: ModelMetadata) -> Windows:
    """Reads the requests that travel with models; nothing is known of what came after.

    Args:
        models: Folders of SavedModels.
        model: What they take.

    Raises:
        StepError: One has none, or not of this shape.
    """
    found = []
    for folder in models:
        try:
            requests = read_requests(folder / REQUESTS_FILE)
        except (OSError, ValueError) as error:
            raise StepError(f"{folder}: no requests travel with it: {error}") from error
        found += [one.inputs for one in requests if one.signature_name == DEFAULT_SIGNATURE]
    inputs = {name: np.concatenate([one[name] for one in found]) for name in model.inputs}
    count = len(next(iter(inputs.values())))
    return Windows(inputs, np.full((count, model.horizon), np.nan))


def _row(record: bytes, inputs: Mapping[str, Input]) -> dict[str, np.ndarray] | None:
    features = tf.train.Example.FromString(record).features.feature
    row = {}
    for name, one in inputs.items():
        values: Any = getattr(features[name], _KINDS[one.dtype]).value
        array = np.array(values, dtype=_DTYPES[one.dtype])
        if array.size != np.prod(one.shape, dtype=int):
            return None
        row[name] = array.reshape(one.shape)
    return row


_KINDS = {"float32": "float_list", "int64": "int64_list", "string": "bytes_list"}
_DTYPES: dict[str, Any] = {"float32": np.float32, "int64": np.int64, "string": object}


def _truth(rows: list[dict[str, np.ndarray]], model: ModelMetadata) -> np.ndarray:
    """Values of the target after each window, [rows, horizon]."""
    cadence = int(model.series.cadence.total_seconds())
    target = model.series.target.name
    measured: dict[tuple[Any, int], float] = {}
    for row in rows:
        meter, last = _meter(row), int(row[TIMESTAMP])
        for back, value in enumerate(row[target][::-1].tolist()):
            if not math.isnan(value):
                measured[meter, last - back * cadence] = value
    ahead = range(1, model.horizon + 1)
    return np.array(
        [
            [measured.get((_meter(row), int(row[TIMESTAMP]) + h * cadence), np.nan) for h in ahead]
            for row in rows
        ],
        dtype=np.float64,
    )


def _meter(row: Mapping[str, np.ndarray]) -> Any:
    return row[METER].item() if METER in row else None
