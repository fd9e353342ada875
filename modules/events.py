"""Switching events in segments: when appliances went on and off, as seen from each origin.

Events are found once along the segment; an origin then looks up the last ones at or before it. One
that began before the origin's window counts as none, so that what an origin sees depends on its
own window alone.
"""

from typing import NamedTuple

import tensorflow as tf

from modules.windowing import at_origins, running_max

# Jumps of the target between consecutive observed minutes, in kW, up and down.
JUMPS = (0.1, 0.25, 0.5, 1.0, 1.6)
# The same, of the power that no sub-meter measures.
UNMETERED_JUMPS = (0.1, 0.25, 0.5, 1.0)
# A sub-meter is on above these, in Wh per minute: anything (a fridge), or something large.
SUB_METER_LEVELS = (0.5, 8.0)
# A sub-meter changes by at least this, in Wh per minute.
SUB_METER_CHANGE = 2.0
# Pairs of "goes on" and "goes off".
SWITCHES = len(JUMPS) + len(UNMETERED_JUMPS) + 3 * len(SUB_METER_LEVELS)
# kW of one Wh per minute.
KW = 0.06


class Events(NamedTuple):
    """The last events seen from each origin; times in minutes, `window - 1` stands for none.

    S = SWITCHES; where both directions are given, "goes on" (or up) comes first.

    Attributes:
        age: int32 [batch, n, 2S + 3], since the last switch of each kind and change of each
            sub-meter.
        gap: int32 [batch, n, 2S], from the last switch back to the one of its kind before it.
        remaining: int32 [batch, n, S], until the present phase, on or off, is as old as the same
            phase was the last time; negative when it has outlived it.
        has_remaining: bool [batch, n, S], whether the window holds that last time.
        size: [batch, n, 2J] kW, of the target's last jumps (J = len(JUMPS)); 0 for none.
        level: [batch, n, 2J] kW, before the last jumps; that of the origin for none.
        covariates: [batch, n, 2J, 6], the step of the other measurements, in their units, in the
            minute of the last jumps: they tell which appliance it was; 0 for none.
    """

    age: tf.Tensor
    gap: tf.Tensor
    remaining: tf.Tensor
    has_remaining: tf.Tensor
    size: tf.Tensor
    level: tf.Tensor
    covariates: tf.Tensor


def find_events(
    filled: tf.Tensor, observed: tf.Tensor, origins: tf.Tensor, window: int, last: tf.Tensor
) -> Events:
    """Finds the last events at or before each origin.

    Args:
        filled: [batch, minutes, 7] measurements in their raw units.
        observed: [batch, minutes, 7] 1 where observed, else 0.
        origins: Indices of origins, int32 [n].
        window: Minutes that an origin may look back, itself included.
        last: [batch, n] kW, the last observation at each origin.

    Returns:
        The events.
    """
    index = tf.range(filled.shape[1])[:, None]
    happens = event_flags(filled, observed)
    latest = running_max(tf.where(happens, index, -1))
    switches, switched = latest[..., : 2 * SWITCHES], happens[..., : 2 * SWITCHES]
    # What the last event of its kind, and of the opposite kind, was when an event happened.
    earlier = running_max(tf.where(switched, previous(switches), -1))
    opposite = running_max(tf.where(switched, previous(_swap(switches)), -1))

    now = origins[:, None]
    # A switch into minute i needs minute i - 1: both must lie in the window.
    oldest = now - (window - 2)
    latest, earlier, opposite = (at_origins(one, origins) for one in (latest, earlier, opposite))
    switches = latest[..., : 2 * SWITCHES]
    jumps = tf.concat([latest[..., : len(JUMPS)], _swap(switches)[..., : len(JUMPS)]], axis=-1)
    jump_seen = jumps >= oldest
    jumps = tf.where(jump_seen, jumps, 1)
    at_jump = tf.gather(steps(filled, observed), jumps, batch_dims=1)
    at_jump = tf.where(jump_seen[..., None], at_jump, 0.0)
    before = tf.gather(filled[..., 0], jumps - 1, batch_dims=1)
    remaining, began = _phase(now, switches, opposite)
    return Events(
        age=tf.where(latest >= oldest, now - latest, window - 1),
        gap=tf.where(earlier >= oldest, switches - earlier, window - 1),
        remaining=remaining,
        has_remaining=began >= oldest,
        size=at_jump[..., 0],
        level=tf.where(jump_seen, before, last[..., None]),
        covariates=at_jump[..., 1:],
    )


def steps(series: tf.Tensor, observed: tf.Tensor) -> tf.Tensor:
    """Differences to the minute before; 0 unless both minutes were observed.

    Args:
        series: [batch, minutes, k].
        observed: [batch, minutes, k] 1 where observed, else 0.

    Returns:
        [batch, minutes, k].
    """
    return (series - previous(series)) * observed * previous(observed)


def unmetered(filled: tf.Tensor) -> tf.Tensor:
    """Power that no sub-meter measures: [batch, minutes, 7] -> [batch, minutes, 1] kW."""
    return filled[..., :1] - KW * tf.reduce_sum(filled[..., -3:], axis=-1, keepdims=True)


def event_flags(filled: tf.Tensor, observed: tf.Tensor) -> tf.Tensor:
    """Whether an event of each kind happens in each minute.

    Args:
        filled: [batch, minutes, 7] measurements in their raw units.
        observed: [batch, minutes, 7] 1 where observed, else 0.

    Returns:
        bool [batch, minutes, 2 * SWITCHES + 3]: goes on, goes off, sub-meter changes.
    """
    step = steps(filled, observed)
    metered = tf.reduce_min(observed[..., -3:], axis=-1, keepdims=True) * observed[..., :1]
    jump, change = step[..., :1], step[..., -3:]
    unmetered_jump = steps(unmetered(filled), metered)
    on, off = [], []
    for jumps, thresholds in ((jump, JUMPS), (unmetered_jump, UNMETERED_JUMPS)):
        on.append(jumps >= thresholds)
        off.append(jumps <= tf.negative(thresholds))
    sub_meters, before = filled[..., -3:], previous(filled)[..., -3:]
    for level in SUB_METER_LEVELS:
        on.append((sub_meters > level) & (before <= level) & (change > 0.0))
        off.append((sub_meters <= level) & (before > level) & (change < 0.0))
    return tf.concat([*on, *off, tf.abs(change) >= SUB_METER_CHANGE], axis=-1)


def previous(series: tf.Tensor) -> tf.Tensor:
    """The series a minute later: [batch, minutes, ...]; its first minute is there twice."""
    return tf.concat([series[:, :1], series[:, :-1]], axis=1)


def _swap(switches: tf.Tensor) -> tf.Tensor:
    """Puts "goes off" before "goes on"."""
    return tf.concat([switches[..., SWITCHES:], switches[..., :SWITCHES]], axis=-1)


def _phase(now: tf.Tensor, switches: tf.Tensor, opposite: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """`Events.remaining`, and the minute in which the phase of the last time began."""
    on, off = switches[..., :SWITCHES], switches[..., SWITCHES:]
    is_on = on > off
    # The last phase of the present kind ended with the last switch of the other kind, and began
    # with the switch that was the last of its own kind then.
    ended = tf.where(is_on, off, on)
    began = tf.where(is_on, opposite[..., SWITCHES:], opposite[..., :SWITCHES])
    return (ended - began) - (now - tf.maximum(on, off)), began
