"""The settings of training and search, as the Tuner and the Trainer get them."""

import math
from typing import Literal

from pydantic import Field

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
        """Batches to train on, given the windows to learn from and those of a batch."""
        return min(self.steps, math.ceil(self.epochs * windows / batch))

    def enough(self, batch: int) -> int:
        """Windows to learn from that give `steps` batches: more make no difference."""
        return math.ceil(self.steps * batch / self.epochs)


class ModelSettings(Budget):
    """The network and its training."""

    family: FamilyName
    """mlp, cnn, or lstm (the articles' two-layer LSTM)."""
    batch: int = Field(ge=1)
    """Windows per batch, at most: as many as whole segments give."""
    stride: int = Field(ge=1)
    """A batch takes every so many-th window of its segments, for neighbours are much alike; of
    longer segments fewer, so that a batch holds those of one."""
    least_sampled: float = Field(gt=0.0, le=1.0)
    """Chance that a calm segment of the training split is drawn; what is drawn seldom weighs more.
    Livelier ones have a greater chance, up to 1; passes count what is drawn. 1: all are drawn
    alike."""
    dropout: float | None = Field(ge=0.0, lt=1.0)
    """Fraction of the units that a batch leaves out, more where windows are few; null: the
    family's."""
    refit: bool
    """Whether the final fit learns from the evaluation split as well, which is newer, now that the
    search has chosen by it. false: from the training split alone, and its progress is scored on the
    evaluation split."""
    strategy: Literal["single", "mirrored"]
    """Devices of the final fit: one, or all GPUs of the machine, each with its part of every
    batch (`tf.distribute.MirroredStrategy`)."""

    @property
    def hyperparameters(self) -> dict[str, float]:
        """Those that are set, by name: they win over a search's and the family's."""
        return {} if self.dropout is None else {"dropout": self.dropout}


class TunerSettings(Budget):
    """The search for hyperparameters."""

    enabled: bool
    """false: the last best hyperparameters in ML Metadata are used, or else the defaults."""
    parallel_trials: int = Field(ge=1, le=64)
    """Trials at a time, where one process makes them all."""
    tasks: bool
    """true: each trial is a task of the run, with its own resources and its own place in the cache;
    false: one task makes them all."""


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
    trial: dict[str, bool | int | float | str] = {}
    """Hyperparameters of the one trial that a task makes; empty: it makes all of the grid."""

    @property
    def stride(self) -> int:
        """Origins from one window of a segment to the next."""
        origins = self.windowing.origins
        return min(origins, max(self.model.stride, math.ceil(origins / self.model.batch)))

    @property
    def segments(self) -> int:
        """Segments per batch."""
        return self.model.batch // self.windowing.count(self.stride)

    @property
    def batch(self) -> int:
        """Windows per batch."""
        return self.segments * self.windowing.count(self.stride)
