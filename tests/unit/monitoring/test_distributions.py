"""Distances between distributions: TFDV's, in buckets that do not depend on what is compared."""

import numpy as np
import pyarrow as pa
import pytest
import tensorflow_data_validation as tfdv
from tensorflow_data_validation.statistics.stats_impl import generate_statistics_in_memory

from tfx_pipeline.monitoring.distributions import Distribution, read_distributions

RANDOM = np.random.default_rng(0)
VOLTAGE = RANDOM.normal(240, 3, 20_000)
SUB_METER = np.where(RANDOM.random(20_000) < 0.92, 0.0, RANDOM.uniform(1, 80, 20_000))


def divergence(one: np.ndarray, other: np.ndarray) -> float:
    """The Jensen-Shannon divergence by its definition, in bits."""
    mean = (one + other) / 2
    parts = [
        np.where(each > 0, each * np.log2(np.where(each > 0, each, 1) / mean), 0)
        for each in (one, other)
    ]
    return float(sum(part.sum() for part in parts) / 2)


def of(values: np.ndarray) -> Distribution:
    found = Distribution.of(values)
    assert found is not None
    return found


@pytest.mark.parametrize("values", [VOLTAGE, SUB_METER], ids=["voltage", "sub-meter"])
def test_the_same_is_alike_and_something_else_is_not(values):
    assert of(values).distance(values) == pytest.approx(0, abs=1e-12)
    assert of(values).distance(RANDOM.permutation(values)[:5000]) < 0.01
    assert of(values).distance(values + 1000) > 0.5


def test_it_is_the_jensen_shannon_divergence():
    reference = of(VOLTAGE)
    shifted = VOLTAGE + 4
    inside = np.searchsorted(reference.cuts, shifted).clip(max=reference.cuts.size - 1)
    fractions = np.bincount(inside, minlength=reference.cuts.size) / shifted.size
    expected = divergence(fractions, reference.fractions)
    assert reference.distance(shifted) == pytest.approx(expected)


def test_a_quiet_week_of_a_sub_meter_is_near():
    assert of(SUB_METER).distance(np.zeros(5000)) < 0.05
    # TFDV's own buckets, of equal width between the extremes, call it as far as can be.
    statistics = [
        generate_statistics_in_memory(
            pa.RecordBatch.from_pydict({"value": pa.array([values.tolist()])})
        )
        for values in (np.zeros(5000), SUB_METER)
    ]
    schema = tfdv.infer_schema(statistics[1])
    schema.feature[0].drift_comparator.jensen_shannon_divergence.threshold = 0.1
    found = tfdv.validate_statistics(statistics[0], schema, previous_statistics=statistics[1])
    [measured] = found.drift_skew_info[0].drift_measurements
    assert measured.value > 0.9


def test_the_training_data_are_read_from_statistics(tmp_path):
    table = {"Voltage": [VOLTAGE.tolist()], "Sub_metering_1": [SUB_METER.tolist()]}
    batch = pa.RecordBatch.from_pydict({name: pa.array(rows) for name, rows in table.items()})
    path = tmp_path / "FeatureStats.pb"
    path.write_bytes(generate_statistics_in_memory(batch).SerializeToString())
    found = read_distributions(path)
    assert set(found) == set(table)
    for name, values in (("Voltage", VOLTAGE), ("Sub_metering_1", SUB_METER)):
        assert found[name].distance(values) < 0.01
        assert found[name].median == pytest.approx(np.median(values), abs=0.1)


def test_what_are_no_statistics_is_refused(tmp_path):
    path = tmp_path / "FeatureStats.pb"
    for content in (b"no statistics", None):
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content)
        with pytest.raises(ValueError, match=r"FeatureStats.pb: no statistics of TFDV"):
            read_distributions(path)


def test_nothing_has_no_distribution():
    assert Distribution.of(np.zeros(0)) is None
