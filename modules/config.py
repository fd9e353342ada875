"""The settings of training and search, as the Tuner and the Trainer get them."""

import math
from typing import Self

from pydantic import Field, model_validator

from modules.families import FamilyName
from tfx_pipeline.data.contract import Windowing
from tfx_pipeline.frozen import Frozen
from tfx_pipeline.series.spec import SeriesSpec


class Budget(Frozen):
    """How long to train: until `steps` or `epochs` are done, whichever comes first.

    Both are fixed numbers, not times, so that the same seed repeats a run.
    """

    steps: int = Field(ge=1)
    """Batches, at most."""
    epochs: int = Field(ge=1)
    """Passes over the windows of the training split, at most; more than three overfit."""

    def batches(self, windows: int, batch: int) -> int:
        """Batches to train on, given the windows of the training split and of a batch."""
        return min(self.steps, math.ceil(self.epochs * windows / batch))


class ModelSettings(Budget):
    """The network and its training."""

    family: FamilyName
    """mlp, cnn, or lstm (the articles' two-layer LSTM)."""
    batch: int = Field(ge=1)
    """Windows per batch; a multiple of those that a segment gives, windowing.origins / stride."""
    stride: int = Field(ge=1)
    """A batch takes every so many-th window of its segments, for neighbours are much alike."""

    def check(self, windowing: Windowing) -> None:
        """Refuses what segments cannot give.

        Raises:
            ValueError: `stride` does not divide the origins, or whole segments do not fill a batch.
        """
        if self.stride not in windowing.strides:
            raise ValueError(
                f"model.stride ({self.stride}) must divide windowing.origins "
                f"({windowing.origins}): {', '.join(map(str, windowing.strides))}"
            )
        windows = windowing.origins // self.stride
        if self.batch % windows:
            raise ValueError(
                f"model.batch ({self.batch}) must be a multiple of {windows}, the windows of a "
                f"segment (windowing.origins / model.stride)"
            )


class TunerSettings(Budget):
    """The search for hyperparameters."""

    enabled: bool
    """false: the last best hyperparameters in ML Metadata are used, or else the defaults."""
    parallel_trials: int = Field(ge=1, le=64)
    """Trials at a time."""


class TransformConfig(Frozen):
    """What the Transform component gets as `custom_config`."""

    series: SeriesSpec
    """What the segments hold."""
    windowing: Windowing
    """How segments are cut into windows."""


class TrainerConfig(TransformConfig):
    """What the Tuner and the Trainer component get as `custom_config`."""

    seed: int
    """Of weights, dropout and the order of the data."""
    model: ModelSettings
    tuner: TunerSettings
    search_dir: str = ""
    """Folder where an interrupted search waits to be resumed; empty: it is not kept."""

    @model_validator(mode="after")
    def _fits_the_windowing(self) -> Self:
        self.model.check(self.windowing)
        return self

    @property
    def segments(self) -> int:
        """Segments per batch."""
        return self.model.batch * self.model.stride // self.windowing.origins
