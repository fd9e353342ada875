"""Dense layers on the vector of features; each after the first adds to the one before."""

from collections.abc import Mapping
from typing import Any

from keras import layers

from modules.families.family import Family, initializer


def _body(inputs: Any, values: Mapping[str, Any], seed: int) -> Any:
    hidden = None
    for layer in range(values["layers"]):
        dense = layers.Dense(values["units"], "gelu", kernel_initializer=initializer(seed + layer))
        dropout = layers.Dropout(values["dropout"], seed=seed + layer)
        hidden = dropout(dense(inputs)) if hidden is None else hidden + dropout(dense(hidden))
    return hidden


FAMILY = Family(
    body=_body,
    sequence=False,
    xla=True,
    defaults={"units": 256, "layers": 2, "dropout": 0.05, "learning_rate": 4e-3},
    grid={"learning_rate": [2e-3, 4e-3]},
)
