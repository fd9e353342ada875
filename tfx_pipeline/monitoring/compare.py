"""How far what a model is fed with is from the training data, and from what the pipeline reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from tfx_pipeline.data.segments.splits import Interval
from tfx_pipeline.monitoring.distributions import Distribution
from tfx_pipeline.monitoring.live import Live
from tfx_pipeline.monitoring.report import Distance
from tfx_pipeline.monitoring.values import only
from tfx_pipeline.series.clock import DAY
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec


def drift_of(
    live: Live,
    span: Interval,
    spec: SeriesSpec,
    days: int,
    without: npt.NDArray[np.int64],
    training: Mapping[str, Distribution],
    threshold: float,
) -> tuple[Distance, ...] | None:
    """Distances of live inputs from the training data.

    Args:
        live: What was asked.
        span: Steps to look at.
        spec: The series.
        days: So many of the newest are looked at.
        without: Days, since 1970, that are left out.
        training: Measurement -> its distribution.
        threshold: Distance that is allowed.

    Returns:
        Of each measurement; None where less than half of the days is there: few differ by chance.
    """
    grid = Grid(spec)
    fed = [values.within(span) for values in live.inputs.values()]
    of_steps = [grid.local(grid.seconds(steps)) // DAY for steps, _ in fed]
    newest = np.setdiff1d(np.concatenate([*of_steps, without[:0]]), without)[-days:]
    if 2 * newest.size < days:
        return None
    parts = [found[:, np.isin(own, newest)] for own, (_, found) in zip(of_steps, fed, strict=True)]
    return _distances(parts, training, spec, threshold)


def skew_of(
    live: Live, span: Interval, spec: SeriesSpec, threshold: float
) -> tuple[Distance, ...] | None:
    """Distances of live inputs from the measurements of the same steps.

    Args:
        live: What was asked and measured.
        span: Steps to look at.
        spec: The series.
        threshold: Distance that is allowed.

    Returns:
        Of each measurement; None where none of these steps was measured.
    """
    fed, read = [], []
    for meter, values in live.inputs.items():
        if measured := only(live.measured, meter):
            (steps, sent), (others, found) = values.within(span), measured.within(span)
            _, of_sent, of_found = np.intersect1d(steps, others, True, return_indices=True)
            fed.append(sent[:, of_sent])
            read.append(found[:, of_found])
    if not fed:
        return None
    together = zip(spec.names, np.concatenate(read, axis=1), strict=True)
    reference = {name: Distribution.of(values[~np.isnan(values)]) for name, values in together}
    known = {name: one for name, one in reference.items() if one}
    return _distances(fed, known, spec, threshold)


def _distances(
    parts: Sequence[npt.NDArray[np.float32]],
    reference: Mapping[str, Distribution],
    spec: SeriesSpec,
    threshold: float,
) -> tuple[Distance, ...] | None:
    """Of values [measurements, n] of each meter, all meters together."""
    if not sum(part.size for part in parts):
        return None
    found = []
    for name, values in zip(spec.names, np.concatenate(parts, axis=1), strict=True):
        if name in reference and not np.isnan(values).all():
            distance = reference[name].distance(values[~np.isnan(values)])
            found.append(Distance(measurement=name, value=distance, threshold=threshold))
    return tuple(found)
