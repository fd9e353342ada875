"""Codes in the first layer of the MLP."""

import numpy as np
import tensorflow as tf

from modules.families.mlp import CodeSum, sum_of_rows
from modules.features import CODED

CODES = np.random.default_rng(0).integers(0, CODED, (7, 3), np.int32)
ONE_HOT = np.eye(CODED, dtype=np.float32)[CODES].reshape(7, -1)


def test_codes_give_what_a_dense_layer_gives_on_them_one_hot():
    layer = CodeSum(5, seed=1)
    found = layer(tf.constant(CODES))
    (table,) = layer.get_weights()
    assert table.shape == (3 * CODED, 5)
    np.testing.assert_allclose(found, ONE_HOT @ table, atol=1e-6)


def test_the_gradient_is_that_of_the_dense_layer():
    rng = np.random.default_rng(1)
    table = tf.constant(rng.normal(size=(3 * CODED, 5)).astype(np.float32))
    wanted = rng.normal(size=(7, 5)).astype(np.float32)
    with tf.GradientTape() as tape:
        tape.watch(table)
        total = sum_of_rows(table, tf.constant(CODES + CODED * np.arange(3, dtype=np.int32)))
        loss = tf.reduce_sum(total * wanted)
    np.testing.assert_allclose(tape.gradient(loss, table), ONE_HOT.T @ wanted, atol=1e-5)
