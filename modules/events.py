"""Switching events in segments: when appliances went on and off, as seen from each origin.

Events are found once along the segment; an origin then looks up the last ones at or before it. One
that began before the origin's window counts as none, so that what an origin sees depends on its
own window alone.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import tensorflow as tf


class Events(NamedTuple):
    """The last events seen from each origin; times in steps, `window - 1` stands for none.

    S kinds of switches: jumps of the target of J sizes, and where parts of it are measured, jumps
    of the rest, and W watched parts that go on at all or in earnest. Where both directions are
    given, "goes on" (or up) comes first. Amplitudes are in scales of the meter.

    Attributes:
        age: int32 [batch, n, 2S + W], since the last switch of each kind and change of each
            watched part.
        gap: int32 [batch, n, 2S], from the last switch back to the one of its kind before it.
        remaining: int32 [batch, n, S], until the present phase, on or off, is as old as the same
            phase was the last time; negative when it has outlived it.
        has_remaining: bool [batch, n, S], whether the window holds that last time.
        size: [batch, n, 2J], of the target's last jumps; 0 for none.
        level: [batch, n, 2J], before the last jumps; that of the origin for none.
        covariates: [batch, n, 2J, M - 1], how the z-scores of the other measurements changed with
            the last jumps: they tell which appliance it was; 0 for none.
    """

    age: tf.Tensor
    gap: tf.Tensor
    remaining: tf.Tensor
    has_remaining: tf.Tensor
    size: tf.Tensor
    level: tf.Tensor
    covariates: tf.Tensor


def find_events(
    segments: Mapping[str, tf.Tensor],
    changes: tf.Tensor,
    origins: tf.Tensor,
    window: int,
    last: tf.Tensor,
) -> Events:
    """Finds the last events at or before each origin.

    Args:
        segments: Output of `modules.transform.preprocessing_fn`.
        changes: Output of `changes_of`.
        origins: Indices of origins, int32 [n].
        window: Steps that an origin may look back, itself included.
        last: [batch, n], the last observation at each origin.

    Returns:
        The events.
    """
    level = segments["level"]
    on, off, turns = event_flags(segments, changes[..., 0])
    kinds, jumps = on.shape[1], segments["jumps"].shape[-1]
    latest, earlier, opposite = last_switches(
        tf.concat([on, off, turns], axis=1), origins, 2 * kinds
    )
    now = origins[:, None]
    # A switch into step i needs step i - 1: both must lie in the window.
    oldest = now - (window - 2)
    switches = latest[..., : 2 * kinds]
    at = tf.concat([latest[..., :jumps], _swap(switches)[..., :jumps]], axis=-1)
    seen = at >= oldest
    at = tf.where(seen, at, 1)
    at_jump = tf.gather(changes, at, batch_dims=1)
    at_jump = tf.where(seen[..., None], at_jump, 0.0)
    before = tf.gather(level, at - 1, batch_dims=1)
    remaining, began = _phase(now, switches, opposite)
    return Events(
        age=tf.where(latest >= oldest, now - latest, window - 1),
        gap=tf.where(earlier >= oldest, switches - earlier, window - 1),
        remaining=remaining,
        has_remaining=began >= oldest,
        size=at_jump[..., 0],
        level=tf.where(seen, before, last[..., None]),
        covariates=at_jump[..., 1:],
    )


def last_switches(
    happens: tf.Tensor, origins: tf.Tensor, switches: int
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """The last events at or before each origin, and what there was before each.

    All events are listed once, kind by kind; how many there are up to a step is the place of the
    last of them in the list. Events are few: nothing runs along the segment, which would take
    several times as long.

    Args:
        happens: bool [batch, kinds, steps]; the first `switches` are half "goes on", half "goes
            off".
        origins: Indices of origins, int32 [n].
        switches: How many of the kinds have an opposite.

    Returns:
        Steps, int32, -1 for none: of the last event, [batch, n, kinds]; of the one of its kind
        before it, [batch, n, switches]; and of the last of the opposite kind before it, likewise.
    """
    batch, kinds, length = tf.shape(happens)[0], happens.shape[1], happens.shape[2]
    listed = tf.cast(tf.where(tf.reshape(happens, [-1]))[:, 0], tf.int32)
    # Where a kind begins: what is listed before it is another kind's, or another segment's.
    begin = length * tf.reshape(tf.range(batch * kinds), [-1, 1, kinds])
    opposites = np.roll(np.arange(switches), switches // 2)
    # How many of the opposite kind each of the list comes after: what they are listed before.
    away = length * np.append(opposites - np.arange(switches), [0] * (kinds - switches))
    across = listed + tf.gather(away.astype(np.int32), listed // length % kinds)
    before = tf.concat([[0], tf.searchsorted(listed, across)], axis=0)
    listed = tf.concat([[-1], listed], axis=0)

    def step(place: tf.Tensor, begin: tf.Tensor) -> tf.Tensor:
        return tf.maximum(tf.gather(listed, place) - begin, -1)

    place = _counts(happens, origins)
    latest = step(place, begin)
    place, switched = place[..., :switches], latest[..., :switches]
    return (
        latest,
        tf.where(switched < 0, -1, step(tf.maximum(place - 1, 0), begin[..., :switches])),
        tf.where(switched < 0, -1, step(tf.gather(before, place), _swap(begin[..., :switches]))),
    )


def _counts(happens: tf.Tensor, origins: tf.Tensor) -> tf.Tensor:
    """How many are listed up to each origin.

    Args:
        happens: bool [batch, kinds, steps].
        origins: Indices of origins, int32 [n].

    Returns:
        int32 [batch, n, kinds].
    """
    length = happens.shape[2]
    until = tf.concat([origins, [length - 1]], axis=0)
    up_to = tf.cast(tf.range(length)[:, None] <= until, tf.float32)
    # A product of two: TensorFlow's cumulative sum takes longer than even that of all steps.
    found = tf.cast(tf.tensordot(tf.cast(happens, tf.float32), up_to, 1), tf.int32)
    found, total = found[..., :-1], found[..., -1]
    others = tf.reshape(tf.cumsum(tf.reshape(total, [-1]), exclusive=True), tf.shape(total))
    return tf.transpose(others[..., None] + found, [0, 2, 1])


def changes_of(segments: Mapping[str, tf.Tensor]) -> tf.Tensor:
    """How the target, in scales, and the z-scores of the others change from step to step.

    Args:
        segments: Output of `modules.transform.preprocessing_fn`.

    Returns:
        [batch, steps, M], 0 unless both steps were observed.
    """
    amplitudes = tf.concat([segments["level"][..., None], segments["scaled"][..., 1:]], axis=-1)
    return steps(amplitudes, segments["observed"])


def steps(series: tf.Tensor, observed: tf.Tensor) -> tf.Tensor:
    """Differences to the step before; 0 unless both steps were observed.

    Args:
        series: [batch, steps, k].
        observed: [batch, steps, k] 1 where observed, else 0.

    Returns:
        [batch, steps, k].
    """
    return (series - previous(series)) * observed * previous(observed)


def event_flags(
    segments: Mapping[str, tf.Tensor], jump: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Whether an event of each kind happens in each step.

    Args:
        segments: Output of `modules.transform.preprocessing_fn`.
        jump: [batch, steps], the target's change from the step before, in scales.

    Returns:
        bool [batch, S, steps] goes on, the same goes off, [batch, W, steps] watched part changes.
    """
    filled, observed = segments["filled"], segments["observed"]
    watched = segments["watched"][0]
    jump = jump[:, None]
    thresholds = segments["jumps"][0][:, None]
    on, off = [jump >= thresholds], [jump <= -thresholds]
    parts, seen = tf.gather(filled, watched, axis=-1), tf.gather(observed, watched, axis=-1)
    if watched.shape[0]:
        metered = tf.reduce_min(seen, axis=-1, keepdims=True) * observed[..., :1]
        jump = steps(segments["rest"][..., None], metered)[:, None, :, 0]
        thresholds = segments["rest_jumps"][0][:, None]
        on.append(jump >= thresholds)
        off.append(jump <= -thresholds)
    # Kind by kind from here: comparing with a short last axis takes longer.
    change, before, parts = (
        tf.transpose(values, [0, 2, 1]) for values in (steps(parts, seen), previous(parts), parts)
    )
    for level in tf.unstack(segments["on"][0][:, None], axis=-1):
        on.append((parts > level) & (before <= level) & (change > 0.0))
        off.append((parts <= level) & (before > level) & (change < 0.0))
    changes = tf.abs(change) >= segments["changes"][0][:, None]
    return tf.concat(on, axis=1), tf.concat(off, axis=1), changes


def previous(series: tf.Tensor) -> tf.Tensor:
    """The series a step later: [batch, steps, ...]; its first step is there twice."""
    return tf.concat([series[:, :1], series[:, :-1]], axis=1)


def _swap(switches: tf.Tensor) -> tf.Tensor:
    """Puts "goes off" before "goes on"."""
    on, off = tf.split(switches, 2, axis=-1)
    return tf.concat([off, on], axis=-1)


def _phase(now: tf.Tensor, switches: tf.Tensor, opposite: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """`Events.remaining`, and the step in which the phase of the last time began."""
    on, off = tf.split(switches, 2, axis=-1)
    before_on, before_off = tf.split(opposite, 2, axis=-1)
    is_on = on > off
    # The last phase of the present kind ended with the last switch of the other kind, and began
    # with the switch that was the last of its own kind then.
    ended = tf.where(is_on, off, on)
    began = tf.where(is_on, before_off, before_on)
    return (ended - began) - (now - tf.maximum(on, off)), began
