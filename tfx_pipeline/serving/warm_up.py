"""The requests that servers ask a version before they take it into service."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from tfx_pipeline.model_contract import DEFAULT_SIGNATURE, MAX_WARM_UP_REQUESTS
from tfx_pipeline.serving.requests import RecordedRequest


def read_warm_up(path: Path) -> list[RecordedRequest]:
    """Returns the requests of a TF Serving warm-up file; it records no outputs.

    Args:
      path: TFRecord file of PredictionLog.

    Raises:
      FileNotFoundError: There is no such file.
      ValueError: It holds something else, nothing, or too much.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no warm-up file")
    requests: list[RecordedRequest] = []
    for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
        log = prediction_log_pb2.PredictionLog.FromString(record)
        if not log.HasField("predict_log"):
            raise ValueError(f"{path}: record {len(requests)} is not a predict request")
        asked = log.predict_log.request
        inputs = {name: tf.make_ndarray(tensor) for name, tensor in asked.inputs.items()}
        name = asked.model_spec.signature_name or DEFAULT_SIGNATURE
        requests.append(RecordedRequest(name, inputs, {}))
    if not 0 < len(requests) <= MAX_WARM_UP_REQUESTS:
        raise ValueError(f"{path}: {len(requests)} requests, must be 1 to {MAX_WARM_UP_REQUESTS}")
    return requests
