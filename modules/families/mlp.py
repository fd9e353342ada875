"""Dense layers on what is known at the origin; each after the first adds to the one before."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf
from keras import layers

from modules.families.family import Family, initializer
from modules.features import CODED, CODES, NOW

# Length of the vector of a code. The table of them is the largest part of the network's weights.
CODE_UNITS = 128


class CodeSum(layers.Layer):
    """The sum of a vector for each code: a dense layer on codes one-hot, without their zeros.

    Args:
        units: Length of the vectors.
        seed: Of the vectors before they are trained.
    """

    def __init__(self, units: int, seed: int) -> None:
        super().__init__()
        self._units = units
        self._initializer = initializer(seed)

    def build(self, shape: tuple[int | None, int]) -> None:
        """One table for all codes: [codes * CODED, units]."""
        self._table = self.add_weight((shape[-1] * CODED, self._units), self._initializer)

    def call(self, codes: tf.Tensor) -> tf.Tensor:
        """Int32 [batch, codes] -> [batch, units]."""
        rows = codes + CODED * tf.range(codes.shape[-1])
        return sum_of_rows(tf.convert_to_tensor(self._table), rows)

    def compute_output_shape(self, shape: tuple[int | None, int]) -> tuple[int | None, int]:
        """[batch, codes] -> [batch, units]."""
        return shape[0], self._units


def sum_of_rows(table: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
    """Sums rows of a table.

    TensorFlow's own gradient jumps about in the table; here its rows are taken in order, each once,
    which takes a third of the time, the sorting included.

    Args:
        table: [size, units].
        rows: int32 [batch, k]; those in column i + 1 are greater than those in column i.

    Returns:
        [batch, units].
    """
    batch, columns = tf.shape(rows)[0], rows.shape[1]

    @tf.custom_gradient
    def total(table: tf.Tensor) -> tuple[tf.Tensor, Any]:
        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            by_column = tf.transpose(rows)
            order = tf.argsort(by_column, axis=-1)
            ascending = tf.gather(by_column, order, batch_dims=1)
            return _segment_sum(upstream, order, ascending, table.shape[0])

        return _segment_sum(table, rows, tf.repeat(tf.range(batch), columns), batch), gradient

    return total(table)


def _segment_sum(values: tf.Tensor, rows: tf.Tensor, ids: tf.Tensor, size: Any) -> tf.Tensor:
    return tf.sparse.segment_sum(
        values, tf.reshape(rows, [-1]), tf.reshape(ids, [-1]), num_segments=size
    )


def _body(inputs: Mapping[str, Any], values: Mapping[str, Any], seed: int) -> Any:
    units = values["units"]
    numbers = layers.Dense(units, kernel_initializer=initializer(seed))(inputs[NOW])
    widen = layers.Dense(units, use_bias=False, kernel_initializer=initializer(seed + 7))
    coded = widen(CodeSum(CODE_UNITS, seed)(inputs[CODES]))
    hidden = layers.Activation("gelu")(numbers + coded)
    hidden = layers.Dropout(values["dropout"], seed=seed)(hidden)
    for layer in range(1, values["layers"]):
        dense = layers.Dense(units, "gelu", kernel_initializer=initializer(seed + layer))
        hidden = hidden + layers.Dropout(values["dropout"], seed=seed + layer)(dense(hidden))
    return hidden


FAMILY = Family(
    body=_body,
    sequence=False,
    xla=False,
    defaults={"units": 256, "layers": 2, "dropout": 0.05, "learning_rate": 4e-3},
    grid={"learning_rate": [2e-3, 4e-3]},
)
