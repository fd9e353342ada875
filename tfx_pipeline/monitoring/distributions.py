"""Distances between distributions of measurements, by TFDV's comparator.

Distributions are compared in buckets that hold a tenth of the reference each. TFDV's own ten
buckets of equal width between the extremes differ from one week to the next where a measurement is
mostly zero: a quiet week of a sub-meter would be as far from the training data as can be.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

BUCKETS = 10

Array = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Distribution:
    """The distribution of a measurement that others are compared with.

    Attributes:
        cuts: [n], increasing: values up to the first, up to the second, and so on; above the
            last as well counts as up to it.
        fractions: [n], of the values.
    """

    cuts: Array
    fractions: Array

    @property
    def median(self) -> float:
        """The value that half of it is up to."""
        return float(self.cuts[np.searchsorted(np.cumsum(self.fractions), 0.5 - 1e-9)])

    @classmethod
    def of(cls, values: Array) -> Distribution | None:
        """The distribution of values, [n]; None without any."""
        if not values.size:
            return None
        levels = np.linspace(0, 1, BUCKETS + 1)
        cuts = np.unique(np.quantile(values, levels, method="inverted_cdf"))
        return cls(cuts, _fractions(values, cuts))

    def distance(self, values: Array) -> float:
        """The Jensen-Shannon divergence of at least one value from it, 0 (alike) to 1."""
        return _divergence(_fractions(values, self.cuts), self.fractions)


def read_distributions(path: Path) -> dict[str, Distribution]:
    """Reads the distributions of the training data from statistics that StatisticsGen wrote.

    Returns:
        Measurement -> its distribution.

    Raises:
        ValueError: It is no such file.
    """
    import tensorflow_data_validation as tfdv

    try:
        statistics = tfdv.load_stats_binary(str(path))
    except Exception as error:  # DecodeError, and what TensorFlow says of a file that is not there
        raise ValueError(f"{path}: no statistics of TFDV: {error}") from error
    found = {}
    # With slices there are more datasets; the first is the whole.
    for feature in statistics.datasets[0].features if statistics.datasets else ():
        for histogram in feature.num_stats.histograms:
            if histogram.type == statistics_pb2.Histogram.QUANTILES and histogram.buckets:
                found[".".join(feature.path.step)] = _of_quantiles(histogram)
    return found


def _of_quantiles(histogram: statistics_pb2.Histogram) -> Distribution:
    """Each bucket's share at its upper bound; what is equal to the lowest value, there."""
    upper = [bucket.high_value for bucket in histogram.buckets]
    shares = np.array([bucket.sample_count for bucket in histogram.buckets])
    cuts = np.unique([histogram.buckets[0].low_value, *upper])
    return Distribution(cuts, np.bincount(np.searchsorted(cuts, upper), shares) / shares.sum())


def _fractions(values: Array, cuts: Array) -> Array:
    buckets = np.minimum(np.searchsorted(cuts, values), cuts.size - 1)
    return np.bincount(buckets, minlength=cuts.size) / values.size


def _divergence(live: Array, reference: Array) -> float:
    """By TFDV's comparator for drift; the buckets are numbered, for their bounds do not matter."""
    import tensorflow_data_validation as tfdv

    schema = schema_pb2.Schema()
    feature = schema.feature.add(name="value", type=schema_pb2.FLOAT)
    feature.drift_comparator.jensen_shannon_divergence.threshold = 1.0
    found: Any = tfdv.validate_statistics(
        _statistics(live), schema, previous_statistics=_statistics(reference)
    )
    [measured] = [one for info in found.drift_skew_info for one in info.drift_measurements]
    return float(measured.value)


def _statistics(fractions: Array) -> statistics_pb2.DatasetFeatureStatisticsList:
    statistics = statistics_pb2.DatasetFeatureStatisticsList()
    dataset = statistics.datasets.add(num_examples=1)
    feature = dataset.features.add(type=statistics_pb2.FeatureNameStatistics.FLOAT)
    feature.path.step.append("value")
    feature.num_stats.common_stats.num_non_missing = 1
    histogram = feature.num_stats.histograms.add(type=statistics_pb2.Histogram.STANDARD)
    for number, fraction in enumerate(fractions.tolist()):
        histogram.buckets.add(low_value=number, high_value=number + 1, sample_count=fraction)
    return statistics
