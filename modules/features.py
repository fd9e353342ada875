"""What a network sees of an origin: its window, rolling statistics, events and the calendar.

Amplitudes are differences to the last observation, because the networks forecast differences from
it (deltas). Times are one-hot in bins, narrow near the origin and wide away from it.
"""

import math
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from modules import events, windowing
from tfx_pipeline.data.contract import Windowing

# Minutes over which minimum, maximum, mean and deviation are taken.
ROLLING = (3, 5, 10, 20, 50)
# The last minutes of which the covariates and the steps are shown one by one.
RECENT = 10
# Lower edges of the bins of times, in minutes; the last bin is "longer or never".
TIME_BINS = (*range(15), 17, 19, 21, 24, 27, 30, 33, 37, 41, 45)
# Range of the one-hot time that remains in a phase, in minutes; beyond it is clipped.
REMAINING = (-12, 24)
# Edges of one-hot amplitudes: kW of the target, kW of its steps, Wh per minute of sub-meters. Dense
# where the base load and single appliances (1, 18, 38 Wh per minute) have their levels.
LEVEL_BINS = (
    *(0.1, 0.15, 0.2, 0.22, 0.25, 0.28, 0.3, 0.32, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8),
    *(1.0, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2.0, 2.2, 2.5, 3.0, 3.5, 4.0, 5.0),
)
STEP_BINS = (
    *(-2.0, -1.3, -1.0, -0.6, -0.3, -0.15, -0.1, -0.05, -0.02, -0.005),
    *(0.005, 0.02, 0.05, 0.1, 0.15, 0.3, 0.6, 1.0, 1.3, 2.0),
)
METER_BINS = (
    *(0.5, 1.5, 2.5, 5.0, 10.0, 15.0, 16.5, 17.5, 18.5, 19.5, 25.0, 30.0, 35.0),
    *(36.5, 37.5, 38.5, 39.5, 45.0, 60.0),
)
# The last minutes of which steps and sub-meters are shown one-hot.
BINNED = 3
# Usual sizes of steps of the six covariates, in their units.
COVARIATE_STEPS = (0.1, 1.0, 4.0, 10.0, 10.0, 10.0)


class Origins(NamedTuple):
    """Origins of a batch of segments, flattened: N = batch * n.

    Attributes:
        inputs: What the network takes, [N, size] or [N, window, channels].
        last_observed: [N] kW, persistence's forecast; NaN where nothing was observed.
        scored: bool [N], whether it has weight: a forecast is trained on and scored.
        labels: [N, horizon] kW, NaN where not observed.
    """

    inputs: tf.Tensor
    last_observed: tf.Tensor
    scored: tf.Tensor
    labels: tf.Tensor


def origins_of(
    segments: dict[str, tf.Tensor],
    shape: Windowing,
    sequence: bool,
    phase: tf.Tensor | int = 0,
    stride: int = 1,
) -> Origins:
    """The windows of every `stride`-th origin of transformed segments.

    Args:
        segments: Output of `modules.transform.preprocessing_fn`.
        shape: How segments are cut into windows.
        sequence: Whether the network reads a sequence (LSTM, CNN) or one vector (MLP).
        phase: First origin, 0 .. stride - 1.
        stride: Step between origins.

    Returns:
        The origins, segment by segment.
    """
    at = windowing.origin_indices(shape, phase, stride)
    last_observed = windowing.last_observed(segments["target"], at, shape.window)
    # Inputs are finite even where nothing was observed: the training mean stands in.
    mean = windowing.at_origins(segments["filled"][..., 0], at)
    last = tf.where(tf.math.is_nan(last_observed), mean, last_observed)
    windows = window_sequence(segments, at, shape.window, last)
    inputs = windows if sequence else event_vector(segments, at, shape.window, last, windows)
    weight = windowing.at_origins(segments["weight"], at - (shape.window - 1))
    labels = windowing.labels(segments["target"], at, shape.horizon)
    return Origins(
        inputs=_flatten(inputs),
        last_observed=tf.reshape(last_observed, [-1]),
        scored=tf.reshape(weight > 0.0, [-1]),
        labels=_flatten(labels),
    )


def window_sequence(
    segments: dict[str, tf.Tensor], at: tf.Tensor, window: int, last: tf.Tensor
) -> tf.Tensor:
    """The window of each origin, minute by minute.

    Args:
        segments: Output of `modules.transform.preprocessing_fn`.
        at: Indices of origins, int32 [n].
        window: Minutes per window.
        last: [batch, n] kW, the last observation.

    Returns:
        [batch, n, window, 10]: target minus the last observation (0 where not observed), the
        same compressed, whether it was observed, and the z-scores of the seven measurements.
    """
    target = windowing.windows(segments["filled"][..., :1], at, window)
    observed = windowing.windows(segments["observed"][..., :1], at, window)
    scaled = windowing.windows(segments["scaled"], at, window)
    delta = (target - last[..., None, None]) * observed
    return tf.concat([delta, compress(delta), observed, scaled], axis=-1)


def event_vector(
    segments: dict[str, tf.Tensor],
    at: tf.Tensor,
    window: int,
    last: tf.Tensor,
    windows: tf.Tensor,
) -> tf.Tensor:
    """Everything known about each origin in one vector.

    Args:
        segments: Output of `modules.transform.preprocessing_fn`.
        at: Indices of origins, int32 [n].
        window: Minutes per window.
        last: [batch, n] kW, the last observation.
        windows: Output of `window_sequence`.

    Returns:
        [batch, n, size].
    """
    filled, observed = segments["filled"], segments["observed"]
    found = events.find_events(filled, observed, at, window, last)
    recent = min(RECENT, window)
    steps = windowing.windows(events.steps(filled, observed), at, recent)
    unmetered = windowing.windows(events.unmetered(filled)[..., 0], at, recent)
    amplitudes = [
        rolling_statistics(windows[..., 0], windows[..., 2]),
        found.size,
        found.level - last[..., None],
        steps[..., 0],
        unmetered - unmetered[..., -1:],
    ]
    groups = [
        _merge(windows[..., :3]),
        _merge(windows[:, :, -recent:, 4:]),
        *amplitudes,
        *(compress(amplitude) for amplitude in amplitudes),
        unmetered,
        _merge(tf.asinh(steps[..., 1:] / COVARIATE_STEPS)),
        _merge(tf.asinh(found.covariates / COVARIATE_STEPS)),
        last[..., None],
        compress(last)[..., None],
        windowing.at_origins(segments["calendar"], at - (window - 1)),
        one_hot_time(found.age, window),
        one_hot_time(found.gap, window),
        one_hot_remaining(found),
        one_hot_bins(last[..., None], LEVEL_BINS),
        one_hot_bins(steps[..., -BINNED:, 0], STEP_BINS),
        one_hot_bins(_merge(windowing.windows(filled[..., -3:], at, BINNED)), METER_BINS),
    ]
    return tf.concat(groups, axis=-1)


def rolling_statistics(delta: tf.Tensor, observed: tf.Tensor) -> tf.Tensor:
    """Minimum, maximum, mean and deviation over the last minutes, of those observed.

    Args:
        delta: [batch, n, window] kW from the last observation, 0 where not observed.
        observed: [batch, n, window] 1 where observed, else 0.

    Returns:
        [batch, n, 4 * spans], spans longer than the window left out.
    """
    statistics = []
    for span in (span for span in ROLLING if span <= delta.shape[-1]):
        values = delta[..., -span:]
        count = tf.maximum(tf.reduce_sum(observed[..., -span:], axis=-1), 1.0)
        mean = tf.reduce_sum(values, axis=-1) / count
        variance = tf.reduce_sum(values**2, axis=-1) / count - mean**2
        deviation = tf.sqrt(tf.maximum(variance, 0.0))
        # The unobserved zeros stand for the last observation, which is in the window itself.
        lowest, highest = tf.reduce_min(values, axis=-1), tf.reduce_max(values, axis=-1)
        statistics += [lowest, highest, mean, deviation]
    return tf.stack(statistics, axis=-1)


def compress(amplitude: tf.Tensor) -> tf.Tensor:
    """Amplitudes in kW on a scale that is linear below 0.2 kW and logarithmic above."""
    return tf.asinh(5.0 * amplitude) / 2.0


def one_hot_bins(values: tf.Tensor, edges: tuple[float, ...]) -> tf.Tensor:
    """One-hot bins between ascending edges: [batch, n, k] -> [batch, n, k * (edges + 1)]."""
    bins = tf.reduce_sum(tf.cast(values[..., None] >= edges, tf.int32), axis=-1)
    return _merge(tf.one_hot(bins, len(edges) + 1))


def one_hot_time(minutes: tf.Tensor, window: int) -> tf.Tensor:
    """One-hot bins of times of 0 .. window - 1 minutes: [batch, n, k] -> [batch, n, k * bins]."""
    bin_of = np.searchsorted(TIME_BINS, np.arange(window - 1), side="right") - 1
    # "None in the window" has a bin of its own.
    bins = np.append(bin_of, bin_of[-1] + 1)
    return _merge(tf.one_hot(tf.gather(bins, minutes), int(bins[-1]) + 1))


def one_hot_remaining(found: events.Events) -> tf.Tensor:
    """One-hot minutes that remain in a phase, or not known: [batch, n, k * codes]."""
    low, high = REMAINING
    code = tf.clip_by_value(found.remaining, low, high) - low
    unknown = high - low + 1
    return _merge(tf.one_hot(tf.where(found.has_remaining, code, unknown), unknown + 1))


def _merge(values: tf.Tensor) -> tf.Tensor:
    """[batch, n, ...] -> [batch, n, size]."""
    return tf.reshape(values, [-1, values.shape[1], math.prod(values.shape[2:])])


def _flatten(values: tf.Tensor) -> tf.Tensor:
    """[batch, n, ...] -> [batch * n, ...]."""
    return tf.reshape(values, [-1, *values.shape[2:]])
