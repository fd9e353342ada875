"""The contract of a served model: its signatures and the files that travel with it.

The trainer writes by it; gate, serving check, baseline, report, and any client or server read by
it. Nothing heavy is imported here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ConfigDict, PositiveInt, model_validator

from tfx_pipeline.data.contract import METER
from tfx_pipeline.frozen import Frozen
from tfx_pipeline.series.files import UCI_HOUSEHOLD, read_series
from tfx_pipeline.series.spec import SeriesSpec

DEFAULT_SIGNATURE = "serving_default"
"""`ModelMetadata.inputs` [batch, ...] -> `OUTPUTS` [batch, horizon]."""

EXAMPLES_SIGNATURE = "serving_examples"
"""Serialized segments, string [batch], named `EXAMPLES` -> `OUTPUTS` [batch, origins, horizon]."""

SIGNATURES = (DEFAULT_SIGNATURE, EXAMPLES_SIGNATURE)

TIMESTAMP = "timestamp"
"""Input, int64 [batch]: seconds since 1970 at which a window's last step begins, UTC; of the wall
clock where the series has no zone."""

EXAMPLES = "examples"
"""Input, string [batch]: serialized tf.Examples (`tfx_pipeline.data.contract`)."""

MEAN, P10, P50, P90 = "mean", "p10", "p50", "p90"
OUTPUTS = (MEAN, P10, P50, P90)
"""Of both signatures, float, in the target's unit: within the domain of the target in the curated
schema; NaN where nothing of the target was observed in the window."""

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


@dataclass(frozen=True)
class Input:
    """One input of the default signature.

    Attributes:
        shape: Besides the batch; of a measurement its steps, oldest first, NaN where not observed.
        dtype: float32, int64 or string.
    """

    shape: tuple[int, ...]
    dtype: str

    def __str__(self) -> str:
        return f"{self.dtype} [{', '.join(('batch', *map(str, self.shape)))}]"


class ModelMetadata(Frozen):
    """What a model was made for, and of what: the content of `METADATA_FILE`.

    Fields that a later release adds are ignored; a change that an older reader would misunderstand
    takes a new `schema_version`, which that reader refuses. Version 1, which knew the UCI household
    alone, is read as that.
    """

    model_config = ConfigDict(extra="ignore")

    schema_version: Literal[2] = 2
    """Of this description."""
    series: SeriesSpec
    """What it forecasts and from which measurements, with their units."""
    window: PositiveInt
    """Steps that a forecast looks back."""
    horizon: PositiveInt
    """Steps that it looks ahead."""
    origins: PositiveInt
    """Forecasts per segment."""
    meters: PositiveInt = 1
    """Meters that it was trained on; where they are several, requests name theirs."""
    family: str
    """Kind of network."""
    hyperparameters: dict[str, bool | int | float | str]
    """Of the network, by name."""

    @model_validator(mode="before")
    @classmethod
    def _of_version_1(cls, values: Any) -> Any:
        if not isinstance(values, dict) or "series" in values:
            return values
        if values.get("schema_version", 1) != 1:
            return values
        series = read_series(UCI_HOUSEHOLD)
        if tuple(values.get("measurements", ())) != series.names:
            raise ValueError(f"measurements: of version 1 they are {', '.join(series.names)}")
        return values | {"schema_version": 2, "series": series}

    @property
    def inputs(self) -> dict[str, Input]:
        """Of the default signature, by name: the measurements, the time, and maybe the meter."""
        ahead = {one.name for one in self.series.known_ahead}
        steps = {
            name: self.window + (self.horizon if name in ahead else 0) for name in self.series.names
        }
        inputs = {name: Input((length,), "float32") for name, length in steps.items()}
        inputs[TIMESTAMP] = Input((), "int64")
        if self.meters > 1:
            inputs[METER] = Input((), "string")
        return inputs

    def differences(self, other: ModelMetadata) -> tuple[str, ...]:
        """Why another model cannot be asked about this one's examples, in words.

        Layouts of files, bounds and the like do not matter: they say how examples are made.

        Returns:
            A phrase per difference; empty where both models can answer the same examples.
        """
        mine, theirs = self._asked_with(), other._asked_with()
        return tuple(
            f"{name} {theirs[name]}, not {value}"
            for name, value in mine.items()
            if theirs[name] != value
        )

    def _asked_with(self) -> dict[str, str]:
        """What an example must agree with, in words."""
        series = self.series
        groups = {"target": (series.target,), "covariates": series.covariates}
        groups["known ahead"] = series.known_ahead
        words = {
            name: ", ".join(f"{one.name} ({one.unit})" for one in group) or "none"
            for name, group in groups.items()
        }
        words |= {"cadence": str(series.cadence), "zone": series.zone or "none"}
        return words | {name: str(getattr(self, name)) for name in ("window", "horizon", "origins")}
