"""Asks a SavedModel its recorded requests: `python -m tfx_pipeline.serving.answer MODEL REPORT`.

Runs in a process of its own, as a server would: nothing but TensorFlow is loaded, so a model that
needs the code it was trained with fails here and not in production; it is loaded both as Python
does and as TensorFlow Serving does. The report is a `tfx_pipeline.serving.report.ServingReport` in
JSON.
"""

from __future__ import annotations

import argparse
import functools
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from tfx_kubeflow.imports import quick_imports

from tfx_pipeline.model_contract import (
    DEFAULT_SIGNATURE,
    METADATA_FILE,
    REQUESTS_FILE,
    SIGNATURES,
    WARM_UP_FILE,
    Input,
    ModelMetadata,
)
from tfx_pipeline.serving.report import ServingReport
from tfx_pipeline.serving.requests import RecordedRequest, read_requests

with quick_imports():
    import tensorflow as tf

    from tfx_pipeline.serving.graph import GraphModel
    from tfx_pipeline.serving.warm_up import read_warm_up

# Batches of another size take other code paths on the CPU, which round differently. Of the value,
# and of what such values amount to.
RELATIVE = 1e-4
TIMED_REQUESTS = 50
AS_SERVED = "loaded as TensorFlow Serving does"

Signatures = Mapping[str, Any]
Answer = Callable[[RecordedRequest], Mapping[str, np.ndarray]]


def check(model: Path) -> ServingReport:
    """Loads a SavedModel and finds what is wrong with its answers.

    Args:
      model: Folder of the SavedModel, with the recorded requests and the warm-up file in it.
    """
    try:
        signatures = tf.saved_model.load(str(model)).signatures
        metadata = ModelMetadata.model_validate_json((model / METADATA_FILE).read_bytes())
        requests = read_requests(model / REQUESTS_FILE)
        warm_up = read_warm_up(model / WARM_UP_FILE)
    except Exception as error:  # what a broken model raises cannot be foreseen; all are reasons
        return ServingReport(reasons=(f"cannot be asked: {type(error).__name__}: {error}",))
    reasons = [
        f"{name} has no recorded request"
        for name in SIGNATURES
        if name not in {request.signature_name for request in requests}
    ]
    reasons += _described_otherwise(signatures, metadata)
    asked = [
        *((f"recorded request {n} ({one.signature_name})", one) for n, one in enumerate(requests)),
        *((f"warm-up request {n} ({one.signature_name})", one) for n, one in enumerate(warm_up)),
    ]

    def faults(answer: Answer, loaded: str = "") -> Iterator[str]:
        for where, request in asked:
            yield from (f"{loaded}{where}: {one}" for one in _faults(answer, request, metadata))

    reasons += faults(functools.partial(ask, signatures))
    if not reasons:
        try:
            with GraphModel(model) as graph:
                reasons += faults(graph.ask, f"{AS_SERVED}, ")
        except Exception as error:  # as above
            reasons.append(f"{AS_SERVED}: {type(error).__name__}: {error}")
    return ServingReport(
        reasons=tuple(reasons),
        requests=len(requests),
        warm_up_requests=len(warm_up),
        latency_ms=None if reasons else _latency(signatures, requests),
    )


def _described_otherwise(signatures: Signatures, metadata: ModelMetadata) -> Iterator[str]:
    """Inputs of the default signature that are not those that the description tells clients of."""
    if DEFAULT_SIGNATURE not in signatures:
        return
    takes = {
        name: Input(tuple(spec.shape.as_list()[1:]), spec.dtype.name)
        for name, spec in signatures[DEFAULT_SIGNATURE].structured_input_signature[1].items()
    }
    for name in sorted(takes.keys() | metadata.inputs.keys()):
        found, told = takes.get(name), metadata.inputs.get(name)
        if found != told:
            yield (
                f"{DEFAULT_SIGNATURE}: input {name!r} is {found or 'not there'}, by "
                f"{METADATA_FILE} {told or 'not there'}"
            )


def _faults(ask_model: Answer, request: RecordedRequest, metadata: ModelMetadata) -> Iterator[str]:
    """What is wrong with one answer; recorded outputs are compared where there are any."""
    try:
        answer = ask_model(request)
    except Exception as error:  # as above
        yield f"failed: {error}"
        return
    usual = _usual(request.outputs) if request.outputs else 0.0
    for name in sorted(set(request.outputs) - set(answer)):
        yield f"no output {name!r}, only {sorted(answer)}"
    for name, value in sorted(answer.items()):
        finite = np.isfinite(value)
        # Segments may hold windows in which nothing was observed, whose forecast is NaN.
        if not (finite.all() if request.signature_name == DEFAULT_SIGNATURE else finite.any()):
            yield f"output {name!r} is not a number everywhere"
        if name in request.outputs:
            expected = request.outputs[name]
            yield from _difference(name, value, expected, usual, metadata.series.target.unit)


def _usual(outputs: Mapping[str, np.ndarray]) -> float:
    """What forecasts amount to: the median, over a batch, of the largest value of each."""
    values = [np.abs(value).reshape(len(value), -1) for value in outputs.values()]
    largest = np.nanmax(np.concatenate(values, axis=1), axis=1, initial=0.0)
    return float(np.median(largest))


def _difference(
    name: str, value: np.ndarray, expected: np.ndarray, usual: float, unit: str
) -> Iterator[str]:
    if value.shape != expected.shape:
        yield f"output {name!r} has shape {value.shape}, recorded was {expected.shape}"
    elif (np.isnan(value) != np.isnan(expected)).any():
        yield f"output {name!r} is not a number where the recorded one is, or the other way round"
    elif not np.allclose(value, expected, rtol=RELATIVE, atol=RELATIVE * usual, equal_nan=True):
        worst = np.nanmax(np.abs(value - expected), initial=0.0)
        yield f"output {name!r} differs from the recorded one by up to {worst:.3g} {unit}"


def ask(signatures: Signatures, request: RecordedRequest) -> dict[str, np.ndarray]:
    """Calls the signature of a request.

    Raises:
      KeyError: The model has no such signature or the signature no such input.
    """
    if request.signature_name not in signatures:
        raise KeyError(f"no such signature, only {sorted(signatures)}")
    signature = signatures[request.signature_name]
    return {
        name: value.numpy() for name, value in signature(**_tensors(signature, request)).items()
    }


def _tensors(signature: Any, request: RecordedRequest) -> dict[str, tf.Tensor]:
    required = signature.structured_input_signature[1]
    if set(required) != set(request.inputs):
        raise KeyError(f"takes {sorted(required)}, was asked with {sorted(request.inputs)}")
    return {
        name: tf.constant(value.tolist(), required[name].dtype)
        for name, value in request.inputs.items()
    }


def _latency(signatures: Signatures, requests: list[RecordedRequest]) -> float:
    """Median milliseconds of a request with a single window, once warm."""
    signature = signatures[DEFAULT_SIGNATURE]
    recorded = next(r for r in requests if r.signature_name == DEFAULT_SIGNATURE)
    window = {name: value[:1] for name, value in _tensors(signature, recorded).items()}
    signature(**window)
    times = []
    for _ in range(TIMED_REQUESTS):
        start = time.perf_counter()
        signature(**window)
        times.append(time.perf_counter() - start)
    return round(statistics.median(times) * 1000, 3)


def main() -> None:
    """Writes the report; the exit status is 0 whatever it says."""
    parser = argparse.ArgumentParser(description="Ask a SavedModel its recorded requests.")
    parser.add_argument("model", type=Path, help="folder of the SavedModel")
    parser.add_argument("report", type=Path, help="JSON file to write")
    arguments = parser.parse_args()
    arguments.report.write_text(check(arguments.model).model_dump_json(indent=2))


if __name__ == "__main__":
    main()
