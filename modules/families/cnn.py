"""Causal convolutions whose reach doubles (Bai et al., "TCN", 2018), read at the origin."""

from collections.abc import Mapping
from typing import Any

from keras import layers

from modules.families.family import Family, initializer
from modules.features import NOW


def _body(inputs: Mapping[str, Any], values: Mapping[str, Any], seed: int) -> Any:
    units = values["units"]
    hidden = layers.Conv1D(units, 1, kernel_initializer=initializer(seed))(inputs[NOW])
    for layer in range(values["layers"]):
        convolution = layers.Conv1D(
            units,
            3,
            padding="causal",
            dilation_rate=2**layer,
            activation="relu",
            kernel_initializer=initializer(seed + 1 + layer),
        )
        hidden = hidden + layers.Dropout(values["dropout"], seed=seed + layer)(convolution(hidden))
    return layers.Dense(4 * units, "relu", kernel_initializer=initializer(seed))(hidden[:, -1])


FAMILY = Family(
    body=_body,
    sequence=True,
    xla=True,
    defaults={"units": 32, "layers": 5, "dropout": 0.1, "learning_rate": 2e-3},
    grid={"units": [32, 64]},
)
