"""What the Transform component derives from raw segments: scales, calendar, missing values."""

import math

import tensorflow as tf
import tensorflow_transform as tft

from tfx_pipeline.data.contract import FIRST_ORIGIN, MEASUREMENTS, TARGET, WEIGHT

DAY = 24 * 60 * 60
WEEK = 7 * DAY
# 1970-01-01 was a Thursday; weeks here begin on Monday.
THURSDAY = 3 * DAY


def preprocessing_fn(inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Scales segments by the statistics of the training split.

    Everything is per minute: windows are cut where they are consumed (`modules.windowing`).
    All shapes come from the schema.

    Args:
        inputs: A batch of raw segments (see `tfx_pipeline.data.contract`), NaN = not observed.

    Returns:
        `filled`: [batch, minutes, 7] raw units, the training mean where not observed.
        `scaled`: [batch, minutes, 7] z-scores, so 0 where not observed.
        `observed`: [batch, minutes, 7] 1 where observed, else 0.
        `calendar`: [batch, origins, 4] sine and cosine of hour of day and of day of week.
        `target`: [batch, minutes] kW, NaN where not observed: the labels.
        `weight`: [batch, origins] 1 where a forecast is trained on and scored, else 0.
    """
    series = tf.stack([inputs[name] for name in MEASUREMENTS], axis=-1)
    minutes = tf.reshape(series, [-1, len(MEASUREMENTS)])
    # Both analyzers leave NaN out. Beam sizes batches by the clock, so the sums have another order
    # in each run: in double precision that is lost where they are rounded to single.
    mean = tft.mean(minutes, reduce_instance_dims=False, output_dtype=tf.float64)
    variance = tft.var(minutes, reduce_instance_dims=False, output_dtype=tf.float64)
    mean, deviation = _or(mean, 0.0), _or(tf.sqrt(variance), 1.0)
    missing = tf.math.is_nan(series)
    filled = tf.where(missing, mean, series)
    return {
        "filled": filled,
        "scaled": (filled - mean) / deviation,
        "observed": 1.0 - tf.cast(missing, tf.float32),
        "calendar": calendar(inputs[FIRST_ORIGIN], inputs[WEIGHT].shape[1]),
        "target": inputs[TARGET],
        "weight": inputs[WEIGHT],
    }


def calendar(first_origin: tf.Tensor, origins: int) -> tf.Tensor:
    """Hour of day and day of week of each origin, as points on circles.

    Args:
        first_origin: Wall-clock seconds since 1970 of origin 0, int64 [batch, 1].
        origins: Origins per segment, a minute apart.

    Returns:
        [batch, origins, 4]: sine and cosine of the time of day, then of the time of week.
    """
    seconds = first_origin + 60 * tf.range(origins, dtype=tf.int64)
    day = tf.cast(seconds % DAY, tf.float32) * (2 * math.pi / DAY)
    week = tf.cast((seconds + THURSDAY) % WEEK, tf.float32) * (2 * math.pi / WEEK)
    return tf.stack([tf.sin(day), tf.cos(day), tf.sin(week), tf.cos(week)], axis=-1)


def _or(statistic: tf.Tensor, fallback: float) -> tf.Tensor:
    """A statistic in single precision; the fallback where nothing is ever observed or changes."""
    statistic = tf.cast(statistic, tf.float32)
    usable = tf.math.is_finite(statistic) & (statistic != 0.0)
    return tf.where(usable, statistic, fallback)
