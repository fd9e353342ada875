"""The families of networks, each with its default hyperparameters and the grid it is searched on.

All take what `modules.features` makes of an origin and give the logits of `modules.distribution`
for each minute ahead.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

from modules.distribution import BINS


@dataclass(frozen=True)
class Family:
    """One kind of network.

    Attributes:
        body: (inputs, hyperparameters, seed) -> the last hidden layer.
        sequence: Whether it reads windows minute by minute, or one vector of features.
        xla: Whether XLA compiles its training step; it triples the time of a recurrent one.
        defaults: Hyperparameters.
        grid: Values to search by hyperparameter.
    """

    body: Callable[[Any, Mapping[str, Any], int], Any]
    sequence: bool
    xla: bool
    defaults: Mapping[str, Any]
    grid: Mapping[str, list[Any]]


def build_network(
    family: str,
    input_shape: tuple[int, ...],
    horizon: int,
    hyperparameters: Mapping[str, Any],
    seed: int,
) -> keras.Model:
    """Builds an untrained network.

    Args:
        family: One of `FAMILIES`.
        input_shape: Of one origin, without the batch.
        horizon: Minutes ahead.
        hyperparameters: By name; the family's defaults for those left out.
        seed: Of weights and dropout.

    Returns:
        [batch, *input_shape] -> [batch, horizon, BINS].
    """
    chosen = FAMILIES[family]
    inputs = keras.Input(input_shape)
    hidden = chosen.body(inputs, {**chosen.defaults, **hyperparameters}, seed)
    logits = layers.Dense(horizon * BINS, kernel_initializer="zeros")(hidden)
    return keras.Model(inputs, layers.Reshape((horizon, BINS))(logits), name=family)


def _mlp(inputs: Any, values: Mapping[str, Any], seed: int) -> Any:
    """Dense layers; each after the first adds to the one before (a residual network)."""
    hidden = None
    for layer in range(values["layers"]):
        dense = layers.Dense(values["units"], "gelu", kernel_initializer=_init(seed + layer))
        dropout = layers.Dropout(values["dropout"], seed=seed + layer)
        hidden = dropout(dense(inputs)) if hidden is None else hidden + dropout(dense(hidden))
    return hidden


def _cnn(inputs: Any, values: Mapping[str, Any], seed: int) -> Any:
    """Causal convolutions whose reach doubles (Bai et al., "TCN", 2018), read at the origin."""
    hidden = layers.Conv1D(values["units"], 1, kernel_initializer=_init(seed))(inputs)
    for layer in range(values["layers"]):
        convolution = layers.Conv1D(
            values["units"],
            3,
            padding="causal",
            dilation_rate=2**layer,
            activation="relu",
            kernel_initializer=_init(seed + 1 + layer),
        )
        hidden = hidden + layers.Dropout(values["dropout"], seed=seed + layer)(convolution(hidden))
    return layers.Dense(4 * values["units"], "relu", kernel_initializer=_init(seed))(hidden[:, -1])


def _lstm(inputs: Any, values: Mapping[str, Any], seed: int) -> Any:
    """The source articles' network: two LSTM layers, each followed by dropout."""
    hidden = inputs
    for layer, sequences in enumerate((True, False)):
        lstm = layers.LSTM(
            values["units"],
            return_sequences=sequences,
            kernel_initializer=_init(seed + layer),
            recurrent_initializer=keras.initializers.Orthogonal(seed=seed + layer),
        )
        hidden = layers.Dropout(values["dropout"], seed=seed + layer)(lstm(hidden))
    return hidden


def _init(seed: int) -> keras.Initializer:
    return keras.initializers.GlorotUniform(seed=seed)


FAMILIES: Mapping[str, Family] = {
    "mlp": Family(
        body=_mlp,
        sequence=False,
        xla=True,
        defaults={"units": 256, "layers": 2, "dropout": 0.05, "learning_rate": 4e-3},
        grid={"learning_rate": [2e-3, 4e-3]},
    ),
    "cnn": Family(
        body=_cnn,
        sequence=True,
        xla=True,
        defaults={"units": 32, "layers": 5, "dropout": 0.1, "learning_rate": 2e-3},
        grid={"units": [32, 64]},
    ),
    "lstm": Family(
        body=_lstm,
        sequence=True,
        xla=False,
        defaults={"units": 40, "dropout": 0.0, "learning_rate": 2e-3},
        grid={"units": [20, 40], "dropout": [0.0, 0.2]},
    ),
}
