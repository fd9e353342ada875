"""The recorded requests that travel with a model: what was asked of it, and what it answered.

The trainer writes them beside the SavedModel (`tfx_pipeline.model_contract.REQUESTS_FILE`), and the
serving check asks again before a push. The file is a JSON list of calls, each a TF Serving REST
request in its columnar form next to the expected outputs:

    [{"signature_name": "serving_default",
      "inputs": {"Global_active_power": [[0.31, null, ...], ...], ..., "timestamp": [1266000000]},
      "outputs": {"mean": [[0.33, ...], ...], "p10": ..., "p50": ..., "p90": ...}},
     {"signature_name": "serving_examples",
      "inputs": {"examples": [{"b64": "CrgC..."}, ...]},
      "outputs": {"mean": [[[0.33, ...], ...], ...], ...}}]

`null` stands for NaN (a step that was not observed) and `{"b64": ...}` for bytes. On reading,
numbers become float32 (float) or int64 (all integers) arrays and bytes an object array.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class RecordedRequest:
    """One call of one signature and the outputs it gave, as arrays with the batch first."""

    signature_name: str
    inputs: Mapping[str, np.ndarray]
    outputs: Mapping[str, np.ndarray]


def write_requests(path: str | Path, requests: Iterable[RecordedRequest]) -> None:
    """Writes `requests` to the JSON file `path`; its folder must exist."""
    calls = [
        {
            "signature_name": request.signature_name,
            "inputs": {name: _to_json(value) for name, value in request.inputs.items()},
            "outputs": {name: _to_json(value) for name, value in request.outputs.items()},
        }
        for request in requests
    ]
    Path(path).write_text(json.dumps(calls, allow_nan=False), encoding="utf-8")


def read_requests(path: str | Path) -> list[RecordedRequest]:
    """Reads what `write_requests` wrote.

    Raises:
      ValueError: the file is not a list of calls of the shape above, or it is empty.
    """
    try:
        requests = [
            RecordedRequest(
                signature_name=call["signature_name"],
                inputs={name: _from_json(value) for name, value in call["inputs"].items()},
                outputs={name: _from_json(value) for name, value in call["outputs"].items()},
            )
            for call in json.loads(Path(path).read_text(encoding="utf-8"))
        ]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: not a file of recorded requests ({error!r})") from error
    if not requests:
        raise ValueError(f"{path}: holds no recorded request; at least one is needed to check")
    return requests


def _to_json(value: Any) -> Any:
    array = np.asarray(value)
    if array.dtype.kind == "f":
        # repr of a float32 as float64 is exact, so the reader gets back the very same float32.
        exact = array.astype(np.float64).astype(object)
        exact[np.isnan(array)] = None
        return exact.tolist()
    if array.dtype.kind in "SO":
        encoded = [{"b64": base64.b64encode(item).decode("ascii")} for item in array.ravel()]
        return np.array(encoded, dtype=object).reshape(array.shape).tolist()
    return array.astype(np.int64).tolist()


def _from_json(value: Any) -> np.ndarray:
    leaves = np.array(value, dtype=object)
    flat = leaves.ravel()
    if any(isinstance(leaf, dict) for leaf in flat):
        decoded = np.array([base64.b64decode(leaf["b64"]) for leaf in flat], dtype=object)
        return decoded.reshape(leaves.shape)
    if flat.size and all(isinstance(leaf, int) for leaf in flat):
        return leaves.astype(np.int64)
    # None becomes NaN here; a ragged list leaves lists in place of numbers and raises.
    return leaves.astype(np.float32)
