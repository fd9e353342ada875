"""The source articles' network: two LSTM layers, each followed by dropout."""

from collections.abc import Mapping
from typing import Any

import keras
from keras import layers

from modules.families.family import Family, initializer
from modules.features import NOW


def _body(inputs: Mapping[str, Any], values: Mapping[str, Any], seed: int) -> Any:
    hidden = inputs[NOW]
    for layer, sequences in enumerate((True, False)):
        lstm = layers.LSTM(
            values["units"],
            return_sequences=sequences,
            kernel_initializer=initializer(seed + layer),
            recurrent_initializer=keras.initializers.Orthogonal(seed=seed + layer),
        )
        hidden = layers.Dropout(values["dropout"], seed=seed + layer)(lstm(hidden))
    return hidden


FAMILY = Family(
    body=_body,
    sequence=True,
    xla=False,
    defaults={"units": 40, "dropout": 0.0, "learning_rate": 2e-3},
    grid={"units": [20, 40], "dropout": [0.0, 0.2]},
)
