"""What the train split teaches, as a value: its arrays, their shapes, and how they travel.

`modules.learning` finds it; Transform's graph holds it.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tfx_pipeline.data.contract import Windowing
from tfx_pipeline.series.spec import SeriesSpec

# Fractions of the steps from one observation to the next, by size, that lie below an edge.
STEP_FRACTIONS = (0.47, 0.66, 0.78, 0.87, 0.89, 0.925, 0.957, 0.978, 0.987, 0.9966)
# The same for what counts as a jump of the target, and of what none of its parts measures.
JUMP_FRACTIONS = (0.867, 0.917, 0.948, 0.978, 0.992)
REST_JUMP_FRACTIONS = (0.85, 0.956, 0.979, 0.9916)
# Fractions of the levels that lie below an edge; the high ones are rare and tell most.
LEVEL_FRACTIONS = (*np.linspace(0.01, 0.93, 24), 0.95, 0.97, 0.98, 0.99, 0.997)
PART_FRACTIONS = np.linspace(0.025, 0.975, 20)
# Of the parts of the target, so many are watched for switching: those that vary most.
WATCHED = 4


class Learned(NamedTuple):
    """What the train split taught; M measurements, K meters, W watched parts, H steps ahead.

    Arrays in numpy, and tensors in the graph. Amplitudes of the target are in scales of the meter,
    those of other measurements in their units.

    Attributes:
        means: [M], of the observed steps.
        deviations: [M], their standard deviation; of the target's within its meters.
        meters: bytes [K], names.
        meter_means: [K], in the target's unit.
        meter_scales: [K], standard deviation in the target's unit.
        levels: Ascending edges of bins of the target.
        steps: Ascending edges of bins of its change from one step to the next, by size.
        jumps: Ascending sizes of such changes that count as jumps.
        rest_jumps: The same, of what none of its parts measures.
        watched: int64 [W], numbers of the measurements whose switching is watched.
        on: [W, 2], above which a watched part is on: at all, and in earnest.
        changes: [W], by how much it changes at least when it does.
        part_levels: [W, edges], ascending edges of bins of its values.
        spread: [], half the width of the region of narrow bins of the forecast's deltas.
        reach: [], the largest delta.
        seasonal: [H], 1 where the base of the forecast is the season's mean, else 0.
    """

    means: Any
    deviations: Any
    meters: Any
    meter_means: Any
    meter_scales: Any
    levels: Any
    steps: Any
    jumps: Any
    rest_jumps: Any
    watched: Any
    on: Any
    changes: Any
    part_levels: Any
    spread: Any
    reach: Any
    seasonal: Any


def shapes(spec: SeriesSpec, windowing: Windowing) -> Learned:
    """The shape of each array; None where the data decide."""
    parts, size = min(WATCHED, len(spec.parts)), len(spec.names)
    return Learned(
        means=[size],
        deviations=[size],
        meters=[None],
        meter_means=[None],
        meter_scales=[None],
        levels=[len(LEVEL_FRACTIONS)],
        steps=[len(STEP_FRACTIONS)],
        jumps=[len(JUMP_FRACTIONS)],
        rest_jumps=[len(REST_JUMP_FRACTIONS)],
        watched=[parts],
        on=[parts, 2],
        changes=[parts],
        part_levels=[parts, len(PART_FRACTIONS)],
        spread=[],
        reach=[],
        seasonal=[windowing.horizon],
    )


DTYPES = Learned(*[tf.float32] * len(Learned._fields))._replace(meters=tf.string, watched=tf.int64)
OF_METERS = ("meters", "meter_means", "meter_scales")
"""The arrays that hold a value for each meter; all others are of all meters."""
_AMPLITUDES_OF_METERS = OF_METERS[1:]
_AMPLITUDES_OF_ALL = tuple(name for name in Learned._fields if name not in (*OF_METERS, "watched"))


class Packed(NamedTuple):
    """`Learned` in few arrays: each costs Beam stages, and the graph operations, of its own.

    Attributes:
        amplitudes: float32 [n], all that are of this type, one after the other, those of the meters
            last.
        meters: bytes [K].
        watched: int64 [W].
    """

    amplitudes: Any
    meters: Any
    watched: Any


PACKED_DTYPES = Packed(tf.float32, tf.string, tf.int64)


def packed_shapes(spec: SeriesSpec, windowing: Windowing) -> Packed:
    """The shape of each array of `Packed`; None where the data decide, or for none at all.

    TFT cannot trace what is of no size, such as the watched parts of a target without parts.
    """
    [parts] = shapes(spec, windowing).watched
    return Packed(amplitudes=[None], meters=[None], watched=[parts or None])


def pack(learned: Learned) -> Packed:
    """Puts arrays of the same type together."""
    amplitudes = [
        np.ravel(getattr(learned, name)) for name in (*_AMPLITUDES_OF_ALL, *_AMPLITUDES_OF_METERS)
    ]
    return Packed(np.concatenate(amplitudes), learned.meters, learned.watched)


def unpack(packed: Packed, spec: SeriesSpec, windowing: Windowing, batch: tf.Tensor) -> Learned:
    """Takes tensors apart again, in the graph.

    Args:
        packed: Of the training split.
        spec: The series.
        windowing: Shape of the segments.
        batch: How many segments.

    Returns:
        What is of the meters as it is; all else once for each segment, [batch, ...].
    """
    known = shapes(spec, windowing)
    wanted = [getattr(known, name) for name in _AMPLITUDES_OF_ALL]
    sizes = [math.prod(shape) for shape in wanted]
    # Repeated before it is taken apart: Transform traces each operation nine times.
    rows = tf.tile(packed.amplitudes[None, : sum(sizes)], [batch, 1])
    fields = {
        name: part if len(shape) == 1 else tf.reshape(part, [batch, *shape])
        for name, part, shape in zip(
            _AMPLITUDES_OF_ALL, tf.split(rows, sizes, axis=1), wanted, strict=True
        )
    }
    of_meters = tf.split(packed.amplitudes[sum(sizes) :], len(_AMPLITUDES_OF_METERS))
    return Learned(
        meters=packed.meters,
        watched=tf.tile(packed.watched[None, : known.watched[0]], [batch, 1]),
        **dict(zip(_AMPLITUDES_OF_METERS, of_meters, strict=True)),
        **fields,
    )
