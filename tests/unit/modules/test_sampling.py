"""Which segments are trained on, and with what weight."""

import numpy as np
import pytest
import tensorflow as tf

from modules import sampling

HORIZON, LEAST = 2, 0.25


def chances(level, observed=None):
    level = np.asarray(level, np.float32)
    seen = np.ones_like(level) if observed is None else np.asarray(observed, np.float32)
    return sampling.chances(tf.constant(level), tf.constant(seen), HORIZON, LEAST).numpy()


def test_the_more_a_segment_changes_the_greater_its_chance():
    calm, some, much = [1.0] * 6, [0.0, 0.0, 0.5, 0.5, 1.0, 1.0], [0.0, 0.0, 9.0, 9.0, 0.0, 0.0]
    np.testing.assert_allclose(chances([calm, some, much]), [LEAST, 0.5, 1.0])


def test_steps_that_were_not_observed_change_nothing():
    level = [0.0, 0.0, 9.0, 0.0, 0.0, 0.0]
    assert chances([level], [[1, 1, 0, 1, 1, 1]]) == LEAST
    assert chances([level], [[0] * 6]) == LEAST
    assert chances([level], [[1] * 6]) == 1.0


def test_weights_make_up_for_what_is_not_drawn():
    generator = np.random.default_rng(7)
    chance = generator.uniform(LEAST, 1.0, 20_000).astype(np.float32)
    values = chance + generator.normal(size=chance.size).astype(np.float32)
    names = tf.constant([str(number) for number in range(chance.size)])
    drawn, weights = sampling.draw(names, tf.constant(chance), (1, tf.constant(2, tf.int64)))
    which = drawn.numpy().astype(int)
    assert len(which) == pytest.approx(chance.sum(), rel=0.03)
    assert (values[which] * weights.numpy()).sum() == pytest.approx(values.sum(), rel=0.03)
    assert weights.numpy().sum() == pytest.approx(chance.size, rel=0.03)


def test_the_same_seed_draws_the_same():
    def drawn(random: int) -> tf.Tensor:
        names = tf.constant([str(number) for number in range(100)])
        return sampling.draw(names, tf.fill([100], 0.5), (1, tf.constant(random, tf.int64)))[0]

    assert drawn(2).numpy().tolist() == drawn(2).numpy().tolist()
    assert drawn(2).numpy().tolist() != drawn(3).numpy().tolist()
