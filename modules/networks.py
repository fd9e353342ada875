"""Builds the network of a family, from `modules.features` to `modules.distribution`."""

from collections.abc import Mapping
from typing import Any

import keras
from keras import layers

from modules.distribution import BINS
from modules.families import FamilyName, load_family
from modules.families.family import initializer
from modules.features import AHEAD, CODES

# Units of the layers that a step ahead shares with all others.
STEP_UNITS = 96
# Numbers that the origin tells each step ahead of its own.
STEP_SHARE = 24


def build_network(
    family: FamilyName,
    shapes: Mapping[str, tuple[int, ...]],
    horizon: int,
    hyperparameters: Mapping[str, Any],
    seed: int,
) -> keras.Model:
    """Builds an untrained network.

    Args:
        family: Its name.
        shapes: Of its inputs, by name, without the batch (see `modules.features.Origins`).
        horizon: Steps ahead.
        hyperparameters: By name; the family's defaults for those left out.
        seed: Of weights and dropout.

    Returns:
        Inputs by name -> [batch, horizon, BINS] logits.
    """
    chosen = load_family(family)
    values = {**chosen.defaults, **hyperparameters}
    inputs = {
        name: keras.Input(shape, name=name, dtype="int32" if name == CODES else "float32")
        for name, shape in shapes.items()
    }
    hidden = chosen.body(inputs, values, seed)
    if AHEAD in inputs:
        logits = _of_each_step(hidden, inputs[AHEAD], horizon, values["dropout"], seed)
    else:
        logits = layers.Dense(horizon * BINS, kernel_initializer="zeros")(hidden)
        logits = layers.Reshape((horizon, BINS))(logits)
    return keras.Model(inputs, logits, name=family)


def _of_each_step(hidden: Any, ahead: Any, horizon: int, dropout: float, seed: int) -> Any:
    """Logits from what is known at the origin and of each step ahead, by layers all steps share."""
    own = layers.Dense(horizon * STEP_SHARE, kernel_initializer=initializer(seed))(hidden)
    own = layers.Reshape((horizon, STEP_SHARE))(own)
    origin = layers.Dense(STEP_UNITS, kernel_initializer=initializer(seed + 1))(hidden)
    step = layers.Dense(STEP_UNITS, kernel_initializer=initializer(seed + 2))
    mixed = step(layers.Concatenate()([ahead, own])) + layers.Reshape((1, STEP_UNITS))(origin)
    mixed = layers.Activation("gelu")(mixed)
    dense = layers.Dense(STEP_UNITS, "gelu", kernel_initializer=initializer(seed + 3))
    mixed = mixed + layers.Dropout(dropout, seed=seed)(dense(mixed))
    return layers.Dense(BINS, kernel_initializer="zeros")(mixed)
