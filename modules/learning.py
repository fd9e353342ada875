"""What the train split teaches, in one pass of Beam: scales, bins, thresholds, and the base.

Sums are kept per meter; everything else is read off a sample of segments. Which segments those are
follows from their names alone, so neither the order nor the sizes of Beam's batches matter.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import apache_beam as beam
import numpy as np
import numpy.typing as npt

from modules.learned import (
    DTYPES,
    JUMP_FRACTIONS,
    LEVEL_FRACTIONS,
    PART_FRACTIONS,
    REST_JUMP_FRACTIONS,
    STEP_FRACTIONS,
    WATCHED,
    Learned,
    Packed,
    pack,
)
from tfx_pipeline.data.contract import Windowing
from tfx_pipeline.series.clock import DAY
from tfx_pipeline.series.spec import SeriesSpec

Array = npt.NDArray[np.floating]

# Segments of a sample, and what they may take in memory.
SAMPLED = 4096
SAMPLED_BYTES = 24 * 2**20
# Origins of a sampled segment of which the errors of the bases are measured, at most.
MEASURED = 8
# A part that changes by this much of its deviation has changed.
CHANGE = 0.3
# Fraction of the deltas in the bins of the forecast that are narrow, and room beyond the largest.
NARROW = 0.7
ROOM = 1.2
# Smallest number that stands for an amplitude, in scales.
TINY = 1e-3


class Sample(NamedTuple):
    """Sums over all segments so far, and some of the segments.

    Attributes:
        sums: Meter -> [M, 3], count, sum, and sum of squares of the observed steps.
        ranks: uint64 [n], of the sampled segments; the smallest of all are sampled.
        meters: bytes [n], of the sampled segments.
        values: [n, M, steps], of the sampled segments.
    """

    sums: dict[bytes, Array]
    ranks: npt.NDArray[np.uint64]
    meters: npt.NDArray[np.bytes_]
    values: Array


class Learn(beam.PTransform):
    """Learns from batches of segments: (meters, first origins, values [n, M, steps])."""

    def __init__(self, spec: SeriesSpec, windowing: Windowing) -> None:
        super().__init__()
        self._spec = spec
        self._windowing = windowing

    def expand(self, batches: beam.PCollection) -> tuple[beam.PCollection, ...]:
        """One collection with one array for each field of `Packed`."""
        learned = (
            batches
            | "Sample" >> beam.CombineGlobally(Sampling(self._spec, self._windowing))
            | "Fields" >> beam.FlatMap(_tagged).with_outputs(*Packed._fields)
        )
        return tuple(learned[name] for name in Packed._fields)


def _tagged(learned: Learned) -> Iterator[beam.pvalue.TaggedOutput]:
    for name, array in pack(learned)._asdict().items():
        yield beam.pvalue.TaggedOutput(name, array)


class Sampling(beam.CombineFn):
    """Combines batches of segments into a `Sample`, and that into what it teaches."""

    def __init__(self, spec: SeriesSpec, windowing: Windowing) -> None:
        super().__init__()
        self._spec = spec
        self._windowing = windowing
        size = 4 * len(spec.names) * windowing.length
        self._kept = min(SAMPLED, max(1, SAMPLED_BYTES // size))

    def create_accumulator(self) -> Sample:
        """A sample of nothing."""
        shape = (0, len(self._spec.names), self._windowing.length)
        nothing = np.zeros(0, np.uint64), np.zeros(0, object), np.zeros(shape, np.float32)
        return Sample({}, *nothing)

    def add_input(self, sample: Sample, batch: tuple[np.ndarray, ...]) -> Sample:
        """Adds a batch of segments."""
        meters, first_origins, values = batch
        meters, first_origins = meters.reshape(-1), first_origins.reshape(-1)
        # Segments overlap, but each step is the origin of one forecast only.
        first = self._windowing.window - 1
        own = values[..., first : first + self._windowing.origins].astype(np.float64)
        seen = ~np.isnan(own)
        own = np.where(seen, own, 0.0)
        sums = np.stack([seen.sum(-1), own.sum(-1), (own * own).sum(-1)], axis=-1)
        names, number = np.unique(meters, return_inverse=True)
        total = np.zeros((len(names), *sums.shape[1:]))
        np.add.at(total, number, sums)
        by_name = [_hash(zlib.crc32(name)) for name in names]
        ranks = _hash(np.array(by_name, np.uint64)[number] ^ first_origins.astype(np.uint64))
        new = Sample(dict(zip(names, total, strict=True)), ranks, meters, values)
        return self.merge_accumulators([sample, new])

    def merge_accumulators(self, samples: Iterable[Sample]) -> Sample:
        """The sample of all that samples are of."""
        samples = list(samples)
        sums: dict[bytes, Array] = {}
        for sample in samples:
            for name, values in sample.sums.items():
                sums[name] = sums[name] + values if name in sums else values
        ranks = np.concatenate([sample.ranks for sample in samples])
        keep = np.argsort(ranks, kind="stable")[: self._kept]
        meters = np.concatenate([sample.meters for sample in samples])[keep]
        if len(samples) == 2 and len(keep) and keep.max() < len(samples[0].ranks):
            return Sample(sums, ranks[keep], meters, samples[0].values[keep])
        values = np.concatenate([sample.values for sample in samples])[keep]
        return Sample(sums, ranks[keep], meters, values)

    def extract_output(self, sample: Sample) -> Learned:
        """What the sample teaches."""
        return learn(sample, self._spec, self._windowing)


def _hash(numbers: npt.NDArray[np.uint64] | int) -> npt.NDArray[np.uint64]:
    """Numbers that look random (Steele et al., "SplitMix", 2014)."""
    with np.errstate(over="ignore"):
        mixed = np.asarray(numbers, np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return mixed ^ (mixed >> np.uint64(31))


def learn(sample: Sample, spec: SeriesSpec, windowing: Windowing) -> Learned:
    """Reads everything off a sample.

    Args:
        sample: Of the train split.
        spec: The series.
        windowing: Shape of the segments.
    """
    meters = np.array(sorted(sample.sums), object)
    sums = np.array([sample.sums[name] for name in meters]).reshape(-1, len(spec.names), 3)
    means, deviations = _moments(sums.sum(axis=0))
    meter_means, meter_scales = _moments(sums[:, 0])
    if len(meters):
        # What a meter's values vary by, not what meters differ by.
        within = np.average(np.log(meter_scales), weights=sums[:, 0, 0] + 1e-9)
        deviations[0] = np.exp(within)
    scale = meter_scales[np.searchsorted(meters.astype(str), sample.meters.astype(str))]
    target = sample.values[:, 0] / scale[:, None]
    steps = np.abs(np.diff(target))
    parts = sum(
        (factor * sample.values[:, spec.names.index(name)] for name, factor in spec.parts.items()),
        np.zeros_like(target),
    )
    rest = target - parts / scale[:, None]
    watched = _watched(spec, deviations)
    values = [sample.values[:, number] for number in watched]
    on = np.array([_switching(value) for value in values]).reshape(-1, 2)
    part_levels = [_levels(value[value > low]) for value, (low, _) in zip(values, on, strict=True)]
    spread, reach, seasonal = _bases(target, spec, windowing)
    learned = Learned(
        means=means,
        deviations=deviations,
        meters=meters,
        meter_means=meter_means,
        meter_scales=meter_scales,
        levels=_quantiles(target, LEVEL_FRACTIONS),
        steps=np.maximum(_quantiles(steps, STEP_FRACTIONS), TINY),
        jumps=np.maximum(_quantiles(steps, JUMP_FRACTIONS), TINY),
        rest_jumps=np.maximum(_quantiles(np.abs(np.diff(rest)), REST_JUMP_FRACTIONS), TINY),
        watched=watched,
        on=on,
        changes=CHANGE * deviations[watched],
        part_levels=np.array(part_levels).reshape(-1, len(PART_FRACTIONS)),
        spread=spread,
        reach=reach,
        seasonal=seasonal,
    )
    return learned._replace(
        meters=list(meters),
        **{
            name: np.asarray(value, dtype.as_numpy_dtype)
            for name, value, dtype in zip(Learned._fields, learned, DTYPES, strict=True)
            if name != "meters"
        },
    )


def _moments(sums: Array) -> tuple[Array, Array]:
    """Mean and standard deviation of [..., 3] sums; 0 and 1 where there is none."""
    count = np.maximum(sums[..., 0], 1.0)
    mean = sums[..., 1] / count
    variance = sums[..., 2] / count - mean**2
    # What is left of the rounding of a constant's squares is no variation.
    varies = variance > 1e-9 * np.maximum(mean**2, 1e-12)
    return mean, np.sqrt(np.where(varies, variance, 1.0))


def _quantiles(values: Array, fractions: Iterable[float]) -> Array:
    """Quantiles of what was observed; 0 where nothing was."""
    values = values[np.isfinite(values)]
    fractions = np.asarray(fractions)
    return np.quantile(values, fractions) if values.size else np.zeros(len(fractions))


def _levels(values: Array) -> Array:
    """Edges of bins of a part's values.

    Values count by the square root of how often they come, so that those that are always there do
    not take all the edges.
    """
    known, count = np.unique(values[np.isfinite(values)], return_counts=True)
    if not known.size:
        return np.zeros(len(PART_FRACTIONS))
    share = np.cumsum(np.sqrt(count))
    return known[np.searchsorted(share / share[-1], PART_FRACTIONS)]


def _watched(spec: SeriesSpec, deviations: Array) -> npt.NDArray[np.int64]:
    """Numbers of the parts of the target that vary most, in its unit."""
    numbers = np.array([spec.names.index(name) for name in spec.parts], np.int64)
    varying = np.argsort(
        [-factor * deviations[n] for n, factor in zip(numbers, spec.parts.values(), strict=True)],
        kind="stable",
    )
    return np.sort(numbers[varying[:WATCHED]])


def _switching(values: Array) -> tuple[float, float]:
    """Values above which a part is on: at all, and in earnest."""
    off, most = _quantiles(values, (0.05, 0.999))
    running = values[values > off + 0.01 * (most - off)]
    low, high = _quantiles(running, (0.1, 0.9)) if running.size else (most + 1.0, most + 2.0)
    return (off + low) / 2, (off + high) / 2


def season(spec: SeriesSpec, windowing: Windowing) -> npt.NDArray[np.int64]:
    """Steps from the origin to the same time of day as each step ahead, on each day of the window.

    Args:
        spec: The series.
        windowing: Shape of the segments.

    Returns:
        [horizon, days], all at most 0; days is 0 where the window does not reach back to each.
    """
    day, rest = divmod(DAY, spec.step)
    ahead = np.arange(1, windowing.horizon + 1)[:, None]
    if rest:
        return np.zeros((windowing.horizon, 0), np.int64)
    first = -(-ahead // day)
    days = (windowing.window - 1 + ahead.max()) // day
    back = ahead - day * (first + np.arange(days))
    return back[:, (back > -windowing.window).all(axis=0)]


def _bases(target: Array, spec: SeriesSpec, windowing: Windowing) -> tuple[float, float, Array]:
    """`spread`, `reach` and `seasonal` of `Learned`."""
    stride = max(1, windowing.origins // MEASURED)
    now = windowing.window - 1 + np.arange(0, windowing.origins, stride)
    back = season(spec, windowing)
    sizes, seasonal = [], []
    for ahead in range(windowing.horizon):
        label = target[:, now + ahead + 1]
        deltas = [label - target[:, now]]
        if back.shape[1]:
            deltas.append(label - _mean(target[:, now[:, None] + back[ahead]]))
        errors = [_mean((delta**2).reshape(-1)) for delta in deltas]
        best = int(np.argmin(np.nan_to_num(errors)))
        seasonal.append(float(best))
        sizes.append(np.abs(deltas[best]))
    spread, reach = _quantiles(np.concatenate(sizes), (NARROW, 1.0))
    spread = max(spread, TINY)
    return spread, max(ROOM * reach, 10 * spread), np.array(seasonal)


def _mean(values: Array) -> Array:
    """Of what was observed, along the last axis; NaN where nothing was."""
    seen = np.isfinite(values)
    count = seen.sum(axis=-1)
    return np.where(seen, values, 0.0).sum(axis=-1) / np.where(count, count, np.nan)
