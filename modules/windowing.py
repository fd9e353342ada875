"""Cuts segments into the windows and labels of their origins; the one windowing of the model.

Training, the search and both serving signatures cut here; the gate cuts labels on its own. A
segment's series is [batch, steps]; origin o stands at index `window - 1 + o` (see
`tfx_pipeline.data.contract.Windowing`).
"""

import numpy as np
import tensorflow as tf

from tfx_pipeline.data.contract import Windowing


def origin_indices(windowing: Windowing, phase: tf.Tensor | int = 0, stride: int = 1) -> tf.Tensor:
    """Indices of every `stride`-th origin in a segment's series, starting with origin `phase`.

    Args:
        windowing: Shape of the segments.
        phase: First origin, below `windowing.phases(stride)`.
        stride: Step between origins, at most `windowing.origins`.

    Returns:
        int32 [windowing.count(stride)].
    """
    steps = stride * tf.range(windowing.count(stride))
    return windowing.window - 1 + tf.cast(phase, tf.int32) + steps


def windows(series: tf.Tensor, origins: tf.Tensor, length: int) -> tf.Tensor:
    """The last `length` steps up to and including each origin.

    Args:
        series: [batch, steps, ...].
        origins: Indices of origins, int32 [n].
        length: Steps per window.

    Returns:
        [batch, n, length, ...], oldest step first.
    """
    back = np.arange(1 - length, 1, dtype=np.int32)
    return tf.gather(series, origins[:, None] + back, axis=1)


def labels(series: tf.Tensor, origins: tf.Tensor, horizon: int) -> tf.Tensor:
    """The `horizon` steps after each origin.

    Args:
        series: [batch, steps].
        origins: Indices of origins, int32 [n].
        horizon: Steps ahead.

    Returns:
        [batch, n, horizon].
    """
    ahead = np.arange(1, horizon + 1, dtype=np.int32)
    return tf.gather(series, origins[:, None] + ahead, axis=1)


def segment_of(series: tf.Tensor, length: int) -> tf.Tensor:
    """Puts lone windows where origin 0 of a segment sees them; the rest is not observed.

    Args:
        series: [batch, window], or longer where it is known ahead.
        length: Steps of a segment.

    Returns:
        [batch, length], NaN after the window.
    """
    rest = length - series.shape[1]
    return tf.pad(series, [[0, 0], [0, rest]], constant_values=float("nan"))


def at_origins(series: tf.Tensor, origins: tf.Tensor) -> tf.Tensor:
    """The values of `series` [batch, steps, ...] at the origins: [batch, n, ...]."""
    return tf.gather(series, origins, axis=1)


def last_observed(target: tf.Tensor, origins: tf.Tensor, window: int) -> tf.Tensor:
    """Persistence's forecast: the last observed value at or before each origin, in its window.

    The gate has a persistence and labels of its own, from the raw series and without TensorFlow
    (`tfx_pipeline.evaluation.metrics`): a mistake here must not hide there.

    Args:
        target: [batch, steps], NaN where not observed.
        origins: Indices of origins, int32 [n].
        window: Steps that an origin may look back, itself included.

    Returns:
        [batch, n], NaN where the window holds no observation.
    """
    observed = tf.where(tf.math.is_nan(target), -1, np.arange(target.shape[1], dtype=np.int32))
    last = tf.reduce_max(windows(observed, origins, window), axis=-1)
    return tf.where(last < 0, float("nan"), tf.gather(target, tf.maximum(last, 0), batch_dims=1))
