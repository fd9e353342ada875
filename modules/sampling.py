"""Importance sampling: calm segments are drawn more seldom, and weigh more for it.

In most hours next to nothing changes, and a network learns little from one more of them.
"""

import tensorflow as tf

# A segment whose target changes by so many scales of its meter within the horizon is always drawn.
LIVELY = 1.0


def chances(level: tf.Tensor, observed: tf.Tensor, horizon: int, least: float) -> tf.Tensor:
    """The chance of each segment to be drawn: how much its target changes within the horizon.

    Args:
        level: [batch, steps], the target in scales of its meter, from the first origin on.
        observed: [batch, steps], 1 where it was observed, else 0.
        horizon: Steps ahead, fewer than `steps`.
        least: Chance of a segment in which nothing changes.

    Returns:
        [batch], between `least` and 1.
    """
    both = observed[:, horizon:] * observed[:, :-horizon]
    change = (level[:, horizon:] - level[:, :-horizon]) ** 2 * both
    squared = tf.reduce_sum(change, axis=1) / tf.maximum(tf.reduce_sum(both, axis=1), 1.0)
    return tf.clip_by_value(tf.sqrt(squared) / LIVELY, least, 1.0)


def draw(
    examples: tf.Tensor, chance: tf.Tensor, seed: tuple[int, tf.Tensor]
) -> tuple[tf.Tensor, tf.Tensor]:
    """Some of the examples.

    Args:
        examples: [batch].
        chance: [batch], of each to be drawn.
        seed: The same draws the same.

    Returns:
        The drawn ones, [drawn], and their weights, 1 / chance: in the mean over draws, sums of the
        drawn with these weights are the sums of all.
    """
    drawn = tf.random.stateless_uniform(tf.shape(chance), seed) < chance
    return examples[drawn], 1.0 / chance[drawn]
