"""AdamW by TensorFlow's kernel beside Keras's."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.optimizers.schedules import CosineDecay

from modules.adamw import FusedAdamW

GRADIENTS = np.random.default_rng(1).normal(size=(40, 2, 3)).astype(np.float32)
UNTRAINED = ([[1.0, -2.0, 3.0]], [0.5, 0.0, -4.0])


def trained(optimizer: keras.optimizers.Optimizer, compiled: bool) -> np.ndarray:
    """Two weights after a step for each gradient, in one row."""
    weights = [keras.Variable(weight) for weight in UNTRAINED]
    optimizer.build(weights)

    @tf.function(autograph=False, jit_compile=compiled)
    def step(gradient: tf.Tensor) -> None:
        optimizer.apply([gradient[:1], gradient[1]], weights)

    for gradient in tf.constant(GRADIENTS):
        step(gradient)
    return np.concatenate([np.ravel(weight) for weight in weights])


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("rate", [1e-2, CosineDecay(0.0, 30, warmup_target=1e-2, warmup_steps=10)])
def test_weights_after_some_steps_are_those_of_kerass_adamw(rate, compiled):
    found, expected = (
        trained(adamw(rate, weight_decay=0.05, global_clipnorm=1.0), compiled)
        for adamw in (FusedAdamW, keras.optimizers.AdamW)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert not np.allclose(found, np.concatenate([np.ravel(one) for one in UNTRAINED]), atol=1e-2)
