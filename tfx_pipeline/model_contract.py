"""The contract of a served model: its signatures and the files that travel with it.

The trainer writes by it; gate, serving check, baseline, report, and any client or server read by
it. Nothing heavy is imported here.
"""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, PositiveInt

from tfx_pipeline.data.contract import MEASUREMENTS
from tfx_pipeline.frozen import Frozen

DEFAULT_SIGNATURE = "serving_default"
"""Windows [batch, window] by measurement, NaN where not observed, and `TIMESTAMP` ->
`OUTPUTS` [batch, horizon]."""

EXAMPLES_SIGNATURE = "serving_examples"
"""Serialized segments, string [batch], named `EXAMPLES` -> `OUTPUTS` [batch, origins, horizon]."""

SIGNATURES = (DEFAULT_SIGNATURE, EXAMPLES_SIGNATURE)

TIMESTAMP = "timestamp"
"""Input, int64 [batch]: wall-clock seconds since 1970 of a window's last minute."""

EXAMPLES = "examples"
"""Input, string [batch]: serialized tf.Examples (`tfx_pipeline.data.contract`)."""

INPUTS = (*MEASUREMENTS, TIMESTAMP)
"""Of the default signature."""

MEAN, P10, P50, P90 = "mean", "p10", "p50", "p90"
OUTPUTS = (MEAN, P10, P50, P90)
"""Of both signatures, float, in kW: within the domain of the target in the curated schema; NaN
where nothing of the target was observed in the window."""

QUANTILES = {P10: 0.1, P50: 0.5, P90: 0.9}
"""Output -> its nominal probability."""

EXTRA_ASSETS = "assets.extra"
"""Folder beside saved_model.pb that TensorFlow leaves alone."""

METADATA_FILE = f"{EXTRA_ASSETS}/forecast.json"
"""A `ModelMetadata`."""

REQUESTS_FILE = f"{EXTRA_ASSETS}/recorded_requests.json"
"""Requests to both signatures with the trainer's answers (`tfx_pipeline.serving.requests`)."""

WARM_UP_FILE = f"{EXTRA_ASSETS}/tf_serving_warmup_requests"
"""TFRecord of PredictionLog: what TF Serving asks before it takes a version into service."""

MAX_WARM_UP_REQUESTS = 1000
"""TF Serving refuses to load a model with more."""


class ModelMetadata(Frozen):
    """What a model was made for, and of what: the content of `METADATA_FILE`.

    Fields that a later release adds are ignored; a change that an older reader would misunderstand
    takes a new `schema_version`, which that reader refuses.
    """

    model_config = ConfigDict(extra="ignore")

    schema_version: Literal[1] = 1
    """Of this description; files without it are of version 1."""
    measurements: tuple[str, ...]
    """Inputs of the default signature besides the timestamp, in their order."""
    window: PositiveInt
    """Minutes that a forecast looks back."""
    horizon: PositiveInt
    """Minutes that it looks ahead."""
    origins: PositiveInt
    """Forecasts per segment."""
    family: str
    """Kind of network."""
    hyperparameters: dict[str, bool | int | float | str]
    """Of the network, by name."""

    def comparable_with(self, other: ModelMetadata) -> bool:
        """Whether both models can answer the same examples."""
        fields = {"measurements", "window", "horizon", "origins"}
        return self.model_dump(include=fields) == other.model_dump(include=fields)
