"""Switching events in segments: when appliances went on and off, as seen from each origin.

Events are found once along the segment; an origin then looks up the last ones at or before it. One
that began before the origin's window counts as none, so that what an origin sees depends on its
own window alone.
"""

from typing import NamedTuple

import tensorflow as tf

from modules.framing import at_origins, running_max

# Jumps of the target between consecutive observed minutes, in kW, up and down.
THRESHOLDS = (0.1, 0.25, 0.5, 1.0, 1.6)
# A sub-meter is on above this, in Wh per minute; a change is at least this.
SUB_METER_ON = 2.0
# Kinds of events: jumps up, jumps down; each sub-meter going on, going off, changing.
JUMPS = 2 * len(THRESHOLDS)
KINDS = JUMPS + 9


class Events(NamedTuple):
    """The last events seen from each origin; times in minutes, `window - 1` stands for none.

    Attributes:
        age: int32 [batch, n, KINDS], since the last event of each kind.
        gap: int32 [batch, n, JUMPS], from the last jump back to the one of its kind before it.
        remaining: int32 [batch, n, JUMPS / 2], until the present phase (on after a jump up, off
            after a jump down) is as old as the same phase was the last time; negative when it has
            outlived it.
        has_remaining: bool [batch, n, JUMPS / 2], whether the window holds that last time.
        size: [batch, n, JUMPS] kW, of the last jump; 0 for none.
        level: [batch, n, JUMPS] kW, before the last jump; that of the origin for none.
    """

    age: tf.Tensor
    gap: tf.Tensor
    remaining: tf.Tensor
    has_remaining: tf.Tensor
    size: tf.Tensor
    level: tf.Tensor


def find_events(
    filled: tf.Tensor, observed: tf.Tensor, origins: tf.Tensor, window: int, base: tf.Tensor
) -> Events:
    """Finds the last events at or before each origin.

    Args:
        filled: [batch, minutes, 7] measurements in their raw units.
        observed: [batch, minutes, 7] 1 where observed, else 0.
        origins: Indices of origins, int32 [n].
        window: Minutes that an origin may look back, itself included.
        base: [batch, n] kW, the level at each origin.

    Returns:
        The events.
    """
    target = filled[..., 0]
    jump = steps(filled, observed)[..., 0]
    happens = event_flags(filled, observed)
    index = tf.range(filled.shape[1])[:, None]
    last = running_max(tf.where(happens, index, -1))
    earlier = running_max(tf.where(happens, _previous(last, -1), -1))
    remaining, has_remaining = _remaining(happens, last, origins, window)

    now = origins[:, None]
    last, earlier = at_origins(last, origins), at_origins(earlier, origins)
    # The jump into minute i needs minute i - 1: both must lie in the window.
    oldest = now - (window - 2)
    seen = last >= oldest
    jump_seen = seen[..., :JUMPS]
    jump_index = tf.where(jump_seen, last[..., :JUMPS], 1)
    before = tf.gather(target, jump_index - 1, batch_dims=1)
    return Events(
        age=tf.where(seen, now - last, window - 1),
        gap=tf.where(earlier >= oldest, last - earlier, window - 1)[..., :JUMPS],
        remaining=remaining,
        has_remaining=has_remaining,
        size=tf.where(jump_seen, tf.gather(jump, jump_index, batch_dims=1), 0.0),
        level=tf.where(jump_seen, before, base[..., None]),
    )


def steps(filled: tf.Tensor, observed: tf.Tensor) -> tf.Tensor:
    """Differences to the minute before; 0 unless both minutes were observed.

    Args:
        filled: [batch, minutes, 7] measurements in their raw units.
        observed: [batch, minutes, 7] 1 where observed, else 0.

    Returns:
        [batch, minutes, 7].
    """
    return (filled - _previous(filled, 0.0)) * observed * _previous(observed, 0.0)


def event_flags(filled: tf.Tensor, observed: tf.Tensor) -> tf.Tensor:
    """Whether an event of each kind happens in each minute.

    Args:
        filled: [batch, minutes, 7] measurements in their raw units.
        observed: [batch, minutes, 7] 1 where observed, else 0.

    Returns:
        bool [batch, minutes, KINDS].
    """
    step = steps(filled, observed)
    jump, change = step[..., :1], step[..., -3:]
    now = filled[..., -3:] > SUB_METER_ON
    before = _previous(filled, 0.0)[..., -3:] > SUB_METER_ON
    thresholds = tf.constant(THRESHOLDS)
    kinds = [
        jump >= thresholds,
        jump <= -thresholds,
        now & ~before & (change > 0.0),
        before & ~now & (change < 0.0),
        tf.abs(change) >= SUB_METER_ON,
    ]
    return tf.concat(kinds, axis=-1)


def _remaining(
    happens: tf.Tensor, last: tf.Tensor, origins: tf.Tensor, window: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """`Events.remaining` and `Events.has_remaining`."""
    half = JUMPS // 2
    up, down = last[..., :half], last[..., half:JUMPS]
    went_up, went_down = happens[..., :half], happens[..., half:JUMPS]
    up_before_down = running_max(tf.where(went_down, _previous(up, -1), -1))
    down_before_up = running_max(tf.where(went_up, _previous(down, -1), -1))
    up, down, up_before_down, down_before_up = (
        at_origins(series, origins) for series in (up, down, up_before_down, down_before_up)
    )
    is_on = up > down
    began = tf.where(is_on, up_before_down, down_before_up)
    ended = tf.where(is_on, down, up)
    age = origins[:, None] - tf.maximum(up, down)
    return (ended - began) - age, began >= origins[:, None] - (window - 2)


def _previous(series: tf.Tensor, first: float | int) -> tf.Tensor:
    """The series a minute later; `first` comes in at the start."""
    ahead = tf.fill(tf.shape(series[:, :1]), tf.cast(first, series.dtype))
    return tf.concat([ahead, series[:, :-1]], axis=1)
