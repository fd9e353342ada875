"""The knobs of training and search, with their defaults; the pipeline passes `custom_config`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from tfx_pipeline.data.contract import Windowing

FAMILIES = ("cnn", "lstm", "mlp")


@dataclass(frozen=True)
class Budget:
    """How long to train: until `steps` or `epochs` are done, whichever comes first.

    Both are fixed numbers, not times, so that the same seed repeats a run.

    Attributes:
        steps: Batches.
        epochs: Passes over all windows of the training split.
    """

    steps: int
    epochs: int

    def batches(self, windows: int, batch: int) -> int:
        """Batches to train on, given the windows of the training split and of a batch."""
        return min(self.steps, math.ceil(self.epochs * windows / batch))


@dataclass(frozen=True)
class TunerConfig:
    """The search.

    Attributes:
        steps: Batches per trial, at most.
        epochs: Passes over the windows per trial, at most.
        parallel_trials: Trials at a time.
        directory: Folder where an interrupted search waits to be resumed; empty: not kept.
        grid: Values to try by hyperparameter; empty: the grid of the family.
    """

    steps: int = 150
    epochs: int = 3
    parallel_trials: int = 1
    directory: str = ""
    grid: Mapping[str, list[Any]] = field(default_factory=dict)

    @property
    def budget(self) -> Budget:
        """How long a trial trains."""
        return Budget(self.steps, self.epochs)


@dataclass(frozen=True)
class TrainerConfig:
    """Training, and what it trains.

    Attributes:
        windowing: How segments are framed.
        family: Kind of network, one of `FAMILIES`.
        seed: Of weights, dropout and the order of the data.
        steps: Batches of the final fit, at most.
        epochs: Passes over the windows in the final fit, at most; more than three overfit.
        batch: Windows per batch.
        stride: A batch takes every `stride`-th window of its segments, from a random first one,
            because neighbouring windows tell much the same. Lowered to a divisor of the origins.
        tuner: The search.
    """

    windowing: Windowing = field(default_factory=Windowing)
    family: str = "mlp"
    seed: int = 0
    steps: int = 1500
    epochs: int = 3
    batch: int = 480
    stride: int = 4
    tuner: TunerConfig = TunerConfig()

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise ValueError(f"family: no {self.family!r}; there are {', '.join(FAMILIES)}")
        for name in ("steps", "epochs", "batch", "stride"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")

    @property
    def budget(self) -> Budget:
        """How long the final fit trains."""
        return Budget(self.steps, self.epochs)

    @property
    def phase_stride(self) -> int:
        """`stride`, lowered to a divisor of the origins."""
        return math.gcd(self.stride, self.windowing.origins)

    @property
    def segments(self) -> int:
        """Segments per batch."""
        return max(1, self.batch * self.phase_stride // self.windowing.origins)

    @classmethod
    def from_custom_config(cls, custom_config: Mapping[str, Any] | None) -> TrainerConfig:
        """Reads the dictionary that the Tuner and the Trainer component were given.

        Args:
            custom_config: Values by attribute, with `windowing` and `tuner` as dictionaries.

        Returns:
            The knobs, with defaults for what is left out.

        Raises:
            ValueError: A key is unknown or a value is out of range.
        """
        values = dict(custom_config or {})
        for name, section in (("windowing", Windowing), ("tuner", TunerConfig)):
            if name in values:
                values[name] = _build(section, values[name], f"custom_config[{name!r}]")
        return _build(cls, values, "custom_config")


def _build(section: type, values: Mapping[str, Any], where: str) -> Any:
    known = [item.name for item in fields(section)]
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise ValueError(f"{where}: unknown {', '.join(unknown)}; there are {', '.join(known)}")
    return section(**values)
