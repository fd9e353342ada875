"""What a network sees of an origin: its window, rolling statistics, events, and what is ahead.

Amplitudes are in scales of the meter, and differences to the last observation. What a network would
have to learn a threshold for is a code as well, the number of a bin: levels and changes, and times,
in bins narrow near the origin and wide away from it.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from modules import events, local_time, windowing
from modules.learning import season
from tfx_pipeline.data.contract import Windowing
from tfx_pipeline.series.clock import weekday
from tfx_pipeline.series.spec import SeriesSpec

# Steps over which minimum, maximum, mean and deviation are taken.
ROLLING = (3, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)
# The last steps of which the covariates and the changes are shown one by one.
RECENT = 10
# The last steps of which the target is shown in full; those before them in at most so many means.
SHOWN, MEANS = 20, 1024
# Lower edges of the bins of times, in steps; the last bin is "longer or never".
TIME_BINS = (*range(15), 17, 19, 21, 24, 27, 30, 34, 39, 45, 52, 60, 70, 80, 92, 105)
# Range of the code of the time that remains in a phase, in steps; beyond it is clipped.
REMAINING = (-6, 24)
# Values that a code may have, at most: 0 .. CODED - 1.
CODED = 32
# The last steps of which changes and watched parts are coded.
BINNED = 3
# Seconds of a step up to which switching shows: longer ones average it away.
SWITCHING = 600
# Waves of the day that a step ahead is placed by.
HARMONICS = 4

NOW, CODES, AHEAD = "now", "codes", "ahead"
"""Names of a network's inputs."""


class Origins(NamedTuple):
    """Origins of a batch of segments, flattened: N = batch * n.

    Attributes:
        inputs: What the network takes: `NOW`, [N, window, channels] of a sequence, or [N, size]
            with `CODES`, int32 [N, codes] below `CODED`; and where something is known of each step
            ahead, `AHEAD`, [N, horizon, channels].
        last_observed: [N] in the target's unit, persistence's forecast; NaN where nothing was
            observed.
        base: [N, horizon] in the target's unit, what a forecast starts from; NaN likewise.
        scale: [N], what an amplitude of 1 means in the target's unit.
        scored: bool [N], whether it has weight: a forecast is trained on and scored.
        labels: [N, horizon] in the target's unit, NaN where not observed.
    """

    inputs: dict[str, tf.Tensor]
    last_observed: tf.Tensor
    base: tf.Tensor
    scale: tf.Tensor
    scored: tf.Tensor
    labels: tf.Tensor


def origins_of(
    segments: Mapping[str, tf.Tensor],
    spec: SeriesSpec,
    shape: Windowing,
    sequence: bool,
    phase: tf.Tensor | int = 0,
    stride: int = 1,
) -> Origins:
    """The windows of every `stride`-th origin of transformed segments.

    Args:
        segments: Output of `modules.transform.preprocessing_fn`.
        spec: The series.
        shape: How segments are cut into windows.
        sequence: Whether the network reads a sequence (LSTM, CNN) or vectors (MLP).
        phase: First origin, below `shape.phases(stride)`.
        stride: Step between origins.

    Returns:
        The origins, segment by segment.
    """
    at = windowing.origin_indices(shape, phase, stride)
    last_observed = windowing.last_observed(segments["target"], at, shape.window)
    seasons = seasons_of(segments["target"], at, season(spec, shape))
    base = base_of(last_observed, seasons, segments["seasonal"][0])
    scale = tf.broadcast_to(segments["scale"], tf.shape(last_observed))
    # Inputs are finite even where nothing was observed: the training mean stands in.
    mean = windowing.at_origins(segments["level"], at)
    last = tf.where(tf.math.is_nan(last_observed), mean, last_observed / scale)
    if sequence:
        inputs = {NOW: window_sequence(segments, at, shape.window, last)}
    else:
        inputs = origin_vectors(segments, spec, at, shape.window, last)
    if seasons.shape[-1] or spec.known_ahead:
        inputs[AHEAD] = steps_ahead(segments, spec, at, last, scale, base, seasons)
    weight = windowing.at_origins(segments["weight"], at - (shape.window - 1))
    labels = windowing.labels(segments["target"], at, shape.horizon)
    return Origins(
        inputs={name: _flatten(values) for name, values in inputs.items()},
        last_observed=tf.reshape(last_observed, [-1]),
        base=_flatten(base),
        scale=tf.reshape(scale, [-1]),
        scored=tf.reshape(weight > 0.0, [-1]),
        labels=_flatten(labels),
    )


def seasons_of(target: tf.Tensor, at: tf.Tensor, back: np.ndarray) -> tf.Tensor:
    """The target at the time of day of each step ahead, on the days that the window holds.

    Args:
        target: [batch, steps], NaN where not observed.
        at: Indices of origins, int32 [n].
        back: Output of `modules.learning.season`.

    Returns:
        [batch, n, horizon, days], the last day first, NaN where not observed.
    """
    return tf.gather(target, at[:, None, None] + back.astype(np.int32), axis=1)


def base_of(last_observed: tf.Tensor, seasons: tf.Tensor, seasonal: tf.Tensor) -> tf.Tensor:
    """What a forecast starts from: the last observation, or the mean of the days at that time.

    Which of the two is the training split's choice, for each step ahead.

    Args:
        last_observed: [batch, n].
        seasons: Output of `seasons_of`.
        seasonal: [horizon], 1 where the mean of the days is the base.

    Returns:
        [batch, n, horizon], NaN where the window holds no observation.
    """
    seen = tf.math.is_finite(seasons)
    count = tf.reduce_sum(tf.cast(seen, tf.float32), axis=-1)
    mean = tf.reduce_sum(tf.where(seen, seasons, 0.0), axis=-1) / tf.maximum(count, 1.0)
    return tf.where((seasonal > 0.0) & (count > 0.0), mean, last_observed[..., None])


def steps_ahead(
    segments: Mapping[str, tf.Tensor],
    spec: SeriesSpec,
    at: tf.Tensor,
    last: tf.Tensor,
    scale: tf.Tensor,
    base: tf.Tensor,
    seasons: tf.Tensor,
) -> tf.Tensor:
    """What is known of each step ahead: the days before, its clock, and what is known ahead.

    Args:
        segments: Output of `modules.transform.preprocessing_fn`.
        spec: The series.
        at: Indices of origins, int32 [n].
        last: [batch, n], the last observation in scales.
        scale: [batch, n].
        base: [batch, n, horizon], what the forecast starts from.
        seasons: Output of `seasons_of`.

    Returns:
        [batch, n, horizon, channels].
    """
    horizon = base.shape[-1]
    level = base / scale[..., None]
    level = tf.where(tf.math.is_finite(level), level, last[..., None])
    days = seasons / scale[..., None, None] - level[..., None]
    days = tf.where(tf.math.is_finite(days), days, 0.0)
    clock = windowing.labels(segments["clock"], at, horizon)
    holiday = windowing.labels(segments["holiday"], at, horizon)
    known = windowing.labels(
        segments["scaled"][..., len(spec.names) - len(spec.known_ahead) :], at, horizon
    )
    delta = level - last[..., None]
    return tf.concat(
        [
            compress(days),
            level[..., None],
            compress(level)[..., None],
            compress(delta)[..., None],
            local_time.circles(clock, HARMONICS),
            tf.one_hot(weekday(clock), 7),
            holiday[..., None],
            known,
        ],
        axis=-1,
    )


def target_windows(
    segments: Mapping[str, tf.Tensor], at: tf.Tensor, window: int, last: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """The target in the window of each origin, step by step.

    Args:
        segments: Output of `modules.transform.preprocessing_fn`.
        at: Indices of origins, int32 [n].
        window: Steps per window.
        last: [batch, n], the last observation in scales.

    Returns:
        The difference to the last observation (0 where not observed), the same compressed, and
        whether it was observed, each [batch, n, window].
    """
    target = windowing.windows(segments["level"], at, window)
    observed = windowing.windows(segments["observed"][..., 0], at, window)
    delta = (target - last[..., None]) * observed
    return delta, compress(delta), observed


def window_sequence(
    segments: Mapping[str, tf.Tensor], at: tf.Tensor, window: int, last: tf.Tensor
) -> tf.Tensor:
    """The window of each origin, step by step.

    Args:
        segments: Output of `modules.transform.preprocessing_fn`.
        at: Indices of origins, int32 [n].
        window: Steps per window.
        last: [batch, n], the last observation in scales.

    Returns:
        [batch, n, window, 3 + M]: output of `target_windows`, and the z-scores of all measurements.
    """
    scaled = windowing.windows(segments["scaled"], at, window)
    target = tf.stack(target_windows(segments, at, window, last), axis=-1)
    return tf.concat([target, scaled], axis=-1)


def origin_vectors(
    segments: Mapping[str, tf.Tensor],
    spec: SeriesSpec,
    at: tf.Tensor,
    window: int,
    last: tf.Tensor,
) -> dict[str, tf.Tensor]:
    """Everything known at each origin, as numbers and as codes.

    Args:
        segments: Output of `modules.transform.preprocessing_fn`.
        spec: The series.
        at: Indices of origins, int32 [n].
        window: Steps per window.
        last: [batch, n], the last observation in scales.

    Returns:
        `NOW`, [batch, n, size], and `CODES`, int32 [batch, n, codes].
    """
    recent = min(RECENT, window)
    windows = target_windows(segments, at, window, last)
    delta, compressed, seen = windows
    changes = events.changes_of(segments)
    target = windowing.windows(changes[..., 0], at, recent)
    others = windowing.windows(changes[..., 1:], at, recent)
    amplitudes = [rolling_statistics(delta, seen), target]
    clock = windowing.at_origins(segments["clock"], at)
    edges = segments["steps"][0]
    groups = [
        _merge(tf.stack([values[..., -SHOWN:] for values in windows], axis=-1)),
        older(compressed, seen),
        _merge(windowing.windows(segments["scaled"][..., 1:], at, recent)),
        _merge(tf.asinh(others)),
        last[..., None],
        compress(last)[..., None],
        local_time.circles(clock),
        windowing.at_origins(segments["holiday"], at)[..., None],
    ]
    codes = [
        bins(last[..., None], segments["levels"][0]),
        bins(target[..., -BINNED:], tf.concat([-edges[::-1], edges], axis=0)),
    ]
    if spec.step <= SWITCHING:
        found = events.find_events(segments, changes, at, window, last)
        amplitudes += [found.size, found.level - last[..., None]]
        groups.append(_merge(tf.asinh(found.covariates)))
        codes += [time_bins(found.age, window), time_bins(found.gap, window), remaining_code(found)]
    watched = segments["watched"][0]
    if watched.shape[0]:
        rest = windowing.windows(segments["rest"], at, recent)
        parts = windowing.windows(tf.gather(segments["filled"], watched, axis=-1), at, BINNED)
        amplitudes.append(rest - rest[..., -1:])
        groups.append(rest)
        codes.append(bins(parts, segments["part_levels"][0]))
    groups += amplitudes + [compress(amplitude) for amplitude in amplitudes]
    return {NOW: tf.concat(groups, axis=-1), CODES: tf.concat(codes, axis=-1)}


def older(compressed: tf.Tensor, observed: tf.Tensor) -> tf.Tensor:
    """The compressed target before the last `SHOWN` steps, in means where there are many.

    Args:
        compressed: [batch, n, window], 0 where not observed.
        observed: [batch, n, window], 1 where observed, else 0.

    Returns:
        [batch, n, size].
    """
    length = max(0, compressed.shape[2] - SHOWN)
    block = max(1, -(-length // MEANS))
    blocks = length // block
    shape = [tf.shape(compressed)[0], compressed.shape[1], blocks, block]
    total, count = (
        tf.reduce_sum(tf.reshape(values[..., length - blocks * block : length], shape), axis=-1)
        for values in (compressed, observed)
    )
    return total / tf.maximum(count, 1.0)


def rolling_statistics(delta: tf.Tensor, observed: tf.Tensor) -> tf.Tensor:
    """Minimum, maximum, mean and deviation over the last steps, of those observed.

    Args:
        delta: [batch, n, window] from the last observation, 0 where not observed.
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
    """Amplitudes in scales made linear below 0.2 and logarithmic above."""
    return tf.asinh(5.0 * amplitude) / 2.0


def bins(values: tf.Tensor, edges: tf.Tensor) -> tf.Tensor:
    """Numbers of the bins between ascending edges, from 0.

    Args:
        values: [batch, n, ..., k].
        edges: [edges], of all values, or [k, edges], of each.

    Returns:
        int32 [batch, n, size].
    """
    return _merge(tf.reduce_sum(tf.cast(values[..., None] >= edges, tf.int32), axis=-1))


def time_bins(times: tf.Tensor, window: int) -> tf.Tensor:
    """Numbers of the bins of times of 0 .. window - 1 steps: [batch, n, k] -> the same, int32."""
    bin_of = np.searchsorted(TIME_BINS, np.arange(window - 1), side="right") - 1
    # "None in the window" has a bin of its own.
    return tf.gather(np.append(bin_of, bin_of[-1] + 1).astype(np.int32), times)


def remaining_code(found: events.Events) -> tf.Tensor:
    """Steps that remain in a phase, from 0, or not known: int32 [batch, n, k]."""
    low, high = REMAINING
    code = tf.clip_by_value(found.remaining, low, high) - low
    return tf.where(found.has_remaining, code, high - low + 1)


def _merge(values: tf.Tensor) -> tf.Tensor:
    """[batch, n, ...] -> [batch, n, size]."""
    # -1 is anything where a group is empty, as the covariates of a target alone are.
    origins, size = values.shape[1], math.prod(values.shape[2:])
    return tf.reshape(values, [-1 if size else tf.shape(values)[0], origins, size])


def _flatten(values: tf.Tensor) -> tf.Tensor:
    """[batch, n, ...] -> [batch * n, ...]."""
    return tf.reshape(values, [-1, *values.shape[2:]])
