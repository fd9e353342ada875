"""What makes a family of networks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras


@dataclass(frozen=True)
class Family:
    """One kind of network.

    Attributes:
        body: (inputs by name, hyperparameters, seed) -> the last hidden layer.
        sequence: Whether it reads windows minute by minute, or vectors of features.
        xla: Whether XLA compiles its training step; it triples the time of a recurrent one, and
            has no sum of codes.
        defaults: Hyperparameters; `learning_rate` is one of them.
        grid: Values to search by hyperparameter.
    """

    body: Callable[[Mapping[str, Any], Mapping[str, Any], int], Any]
    sequence: bool
    xla: bool
    defaults: Mapping[str, Any]
    grid: Mapping[str, list[Any]]


def initializer(seed: int) -> keras.Initializer:
    """The same weights for the same seed."""
    return keras.initializers.GlorotUniform(seed=seed)
