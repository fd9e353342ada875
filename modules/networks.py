"""Builds the network of a family, from `modules.features` to `modules.distribution`."""

from collections.abc import Mapping
from typing import Any

import keras
from keras import layers

from modules.distribution import BINS
from modules.families import FamilyName, load_family


def build_network(
    family: FamilyName,
    input_shape: tuple[int, ...],
    horizon: int,
    hyperparameters: Mapping[str, Any],
    seed: int,
) -> keras.Model:
    """Builds an untrained network.

    Args:
        family: Its name.
        input_shape: Of one origin, without the batch.
        horizon: Minutes ahead.
        hyperparameters: By name; the family's defaults for those left out.
        seed: Of weights and dropout.

    Returns:
        [batch, *input_shape] -> [batch, horizon, BINS] logits.
    """
    chosen = load_family(family)
    inputs = keras.Input(input_shape)
    hidden = chosen.body(inputs, {**chosen.defaults, **hyperparameters}, seed)
    logits = layers.Dense(horizon * BINS, kernel_initializer="zeros")(hidden)
    return keras.Model(inputs, layers.Reshape((horizon, BINS))(logits), name=family)
