"""What the Transform component derives from raw segments: scales, codes, clock, missing values."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from modules import learning, local_time
from modules.config import TransformConfig
from modules.learned import OF_METERS, PACKED_DTYPES, Learned, Packed, packed_shapes, unpack
from tfx_pipeline.data.contract import FIRST_ORIGIN, METER, WEIGHT, Windowing
from tfx_pipeline.series.clock import DAY
from tfx_pipeline.series.spec import SeriesSpec


def preprocessing_fn(
    inputs: dict[str, tf.Tensor], custom_config: Mapping[str, Any]
) -> dict[str, tf.Tensor]:
    """Scales segments by the statistics of the training split.

    Everything is per step: windows are cut where they are consumed (`modules.windowing`).

    Args:
        inputs: A batch of raw segments (see `tfx_pipeline.data.contract`), NaN = not observed.
        custom_config: A `modules.config.TransformConfig`.

    Returns:
        `target`: [batch, steps] in its unit, NaN where not observed: the labels.
        `weight`: [batch, origins] 1 where a forecast is trained on and scored, else 0.
        `scale`: [batch, 1], what an amplitude of 1 means, in the target's unit.
        `level`: [batch, steps] target in scales, the meter's mean where not observed.
        `rest`: [batch, steps] the same without the parts of the target that are measured.
        `filled`: [batch, steps, M] raw units, the mean where not observed.
        `scaled`: [batch, steps, M] z-scores, so 0 where not observed.
        `observed`: [batch, steps, M] 1 where observed, else 0.
        `clock`: int64 [batch, steps] seconds since 1970 of the local clock.
        `holiday`: [batch, steps] 1 on public holidays, else 0.
        `meter_count`: int64 [batch, 1], of the training split.
        And what the training split taught (`modules.learned.Learned`), in each example the same.
    """
    config = TransformConfig.model_validate(custom_config)
    spec, windowing = config.series, config.windowing
    target = inputs[spec.target.name]
    # [batch, M, steps]: broadcasting along a short last axis takes several times as long.
    series = tf.stack([inputs[name] for name in spec.names], axis=1)
    learned = analyze(inputs, series, spec, windowing)
    missing = tf.math.is_nan(series)
    scale, mean = scale_of(inputs[METER], target, learned, spec, windowing)
    means = _of_all(mean, learned.means)
    deviations = _of_all(scale, learned.deviations)
    filled = tf.where(missing, means, series)
    filled_by_step = _by_step(filled)
    # Not of `filled`: who wants the level alone is spared the other measurements.
    level = tf.where(tf.math.is_nan(target), mean, target) / scale
    steps = tf.range(series.shape[2], dtype=tf.int64) - (windowing.window - 1)
    clock = local_time.local_clock(inputs[FIRST_ORIGIN], steps, spec)
    constants = {
        name: values for name, values in learned._asdict().items() if name not in OF_METERS
    }
    return {
        "target": target,
        "weight": inputs[WEIGHT],
        "scale": scale,
        "level": level,
        "rest": level - _parts(filled_by_step, spec) / scale,
        "filled": filled_by_step,
        "scaled": _by_step((filled - means) / deviations),
        "observed": _by_step(1.0 - tf.cast(missing, tf.float32)),
        "clock": clock,
        "holiday": local_time.is_holiday(clock, spec.holidays),
        "meter_count": tf.fill(tf.shape(scale), tf.size(learned.meters, out_type=tf.int64)),
        **constants,
    }


def analyze(
    inputs: Mapping[str, tf.Tensor], series: tf.Tensor, spec: SeriesSpec, windowing: Windowing
) -> Learned:
    """What the training split teaches, once for each segment, as tensors that Beam will fill."""
    packed = tft.experimental.ptransform_analyzer(
        [inputs[METER], inputs[FIRST_ORIGIN], series],
        learning.Learn(spec, windowing),
        PACKED_DTYPES,
        packed_shapes(spec, windowing),
    )
    return unpack(Packed(*packed), spec, windowing, tf.shape(inputs[METER])[0])


def scale_of(
    meter: tf.Tensor, target: tf.Tensor, learned: Learned, spec: SeriesSpec, windowing: Windowing
) -> tuple[tf.Tensor, tf.Tensor]:
    """The scale and the mean of each segment's meter.

    Of a meter that the training split does not hold, both are of the segment's first window, in
    which what holds for all meters counts as much as a day.

    Args:
        meter: Names, bytes [batch, 1].
        target: [batch, steps], NaN where not observed.
        learned: Of the training split, as `analyze` gives it.
        spec: The series.
        windowing: Shape of the segments.

    Returns:
        Scale and mean, in the target's unit, each [batch, 1].
    """
    window = tf.cast(target[:, : windowing.window], tf.float64)
    seen = tf.math.is_finite(window)
    count = tf.reduce_sum(tf.cast(seen, tf.float64), axis=-1)
    total = tf.reduce_sum(tf.where(seen, window, 0.0), axis=-1)
    own_mean = tf.cast(total / tf.maximum(count, 1.0), tf.float32)
    away = tf.where(seen, window - tf.cast(own_mean, tf.float64)[:, None], 0.0)
    variance = tf.reduce_sum(away**2, axis=-1) / tf.maximum(count, 1.0)
    own = tf.cast(tf.sqrt(variance), tf.float32)
    known = learned.deviations[:, 0]
    own = tf.maximum(own, learning.TINY * known)
    share = tf.cast(count / (count + DAY / spec.step), tf.float32)
    own = tf.exp(share * tf.math.log(own) + (1.0 - share) * tf.math.log(known))
    own_mean = share * own_mean + (1.0 - share) * learned.means[:, 0]

    same = tf.equal(meter, learned.meters[None])
    # Where there is one, requests need not name it.
    same |= tf.equal(meter, "") & (tf.size(learned.meters) == 1)
    found = tf.reduce_any(same, axis=1)
    which = tf.argmax(tf.cast(same, tf.int32), axis=1)
    scale = tf.where(found, tf.gather(learned.meter_scales, which), own)
    mean = tf.where(found, tf.gather(learned.meter_means, which), own_mean)
    return scale[:, None], mean[:, None]


def _of_all(own: tf.Tensor, known: tf.Tensor) -> tf.Tensor:
    """Puts the meter's number [batch, 1] for the target's of all of [batch, M]: [batch, M, 1]."""
    return tf.concat([own, known[:, 1:]], axis=-1)[..., None]


def _by_step(values: tf.Tensor) -> tf.Tensor:
    """[batch, M, steps] -> [batch, steps, M]."""
    return tf.transpose(values, [0, 2, 1])


def _parts(filled: tf.Tensor, spec: SeriesSpec) -> tf.Tensor:
    """Sum of the parts of the target that are measured: [batch, steps], in the target's unit."""
    numbers = {spec.names.index(name): factor for name, factor in spec.parts.items()}
    factors = tf.constant([numbers.get(number, 0.0) for number in range(len(spec.names))])
    return tf.reduce_sum(filled * factors, axis=-1)
