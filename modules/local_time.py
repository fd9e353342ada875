"""The local clock and the holidays in the graph, as constants of it."""

from __future__ import annotations

import math
from functools import cache

import holidays
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tfx_pipeline.series.clock import DAY, HOUR, WEEK, of_week
from tfx_pipeline.series.spec import SeriesSpec
from tfx_pipeline.series.zones import offsets

# Of which the holidays are known.
YEARS = range(1990, 2061)


def local_clock(first: tf.Tensor, steps: tf.Tensor, spec: SeriesSpec) -> tf.Tensor:
    """What the local clock shows when steps begin.

    Args:
        first: Seconds since 1970 of a step, int64 [batch, 1]: UTC, or wall clock without a zone.
        steps: Steps from that one, int64 [n].
        spec: The series.

    Returns:
        int64 [batch, n], seconds since 1970 of the local clock.
    """
    if spec.step > HOUR:  # these steps follow the clock
        return local(first, spec.zone) + spec.step * steps
    return local(first + spec.step * steps, spec.zone)


def local(instants: tf.Tensor, zone: str | None) -> tf.Tensor:
    """What the clock of a zone shows at instants, int64 [...]: seconds since 1970."""
    if zone is None:
        return instants
    known = offsets(zone)
    found = tf.searchsorted(
        tf.constant(known.starts), tf.reshape(instants, [-1]), side="right", out_type=tf.int64
    )
    return instants + tf.reshape(tf.gather(known.seconds, found - 1), tf.shape(instants))


def circles(clock: tf.Tensor, harmonics: int = 1) -> tf.Tensor:
    """Time of day and of week as points on circles.

    Args:
        clock: Local seconds since 1970, int64 [...].
        harmonics: Of the day: the day itself, its halves, its thirds ...

    Returns:
        [..., 2 * harmonics + 2]: sine and cosine of the time of day, then of the time of week.
    """
    day = tf.cast(clock % DAY, tf.float32) * (2 * math.pi / DAY)
    week = tf.cast(of_week(clock), tf.float32) * (2 * math.pi / WEEK)
    angles = [day * float(number) for number in range(1, harmonics + 1)] + [week]
    return tf.stack([wave(angle) for angle in angles for wave in (tf.sin, tf.cos)], axis=-1)


def is_holiday(clock: tf.Tensor, country: str | None) -> tf.Tensor:
    """1 on public holidays, else 0; 0 everywhere where no country is described.

    Args:
        clock: Local seconds since 1970, int64 [...].
        country: Such as FR, or DE-BY with a subdivision.
    """
    if country is None:
        return tf.zeros_like(clock, tf.float32)
    known = days_off(country)
    days = tf.reshape(clock // DAY, [-1])
    place = tf.minimum(tf.searchsorted(known, days), len(known) - 1)
    return tf.reshape(tf.cast(tf.gather(known, place) == days, tf.float32), tf.shape(clock))


@cache
def days_off(country: str) -> npt.NDArray[np.int64]:
    """The public holidays of a country, in days since 1970, ascending.

    Raises:
        ValueError: It is not known.
    """
    name, _, subdivision = country.partition("-")
    try:
        found = holidays.country_holidays(name, subdiv=subdivision or None, years=YEARS)
    except NotImplementedError as error:
        raise ValueError(f"holidays: {country!r} is not known, such as FR or DE-BY") from error
    return np.array(sorted(found), "datetime64[D]").astype(np.int64)
