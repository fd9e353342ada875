"""The transform, analyzed and applied as the pipeline does."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft

from tests.support.series import household
from tests.support.settings import MEASUREMENTS
from tests.support.trained import encoded, segments, write
from tests.support.transform import analyze
from tfx_pipeline.data.contract import FIRST_ORIGIN, METER, WEIGHT, Windowing

WINDOWING = Windowing(window=10, horizon=2, origins=20)


@pytest.fixture(scope="module")
def series():
    found = household(600, seed=2).without_values(slice(100, 110))
    # A sub-meter that was never observed, and one that never changes.
    values = found.values.copy()
    values[4] = np.nan
    values[5] = 0.0
    return type(found)(found.minutes, values)


@pytest.fixture(scope="module")
def transformed(series, tmp_path_factory):
    folder = tmp_path_factory.mktemp("transform")
    write(folder, "train", series, windowing=WINDOWING)
    analyze(str(folder / "Split-train" / "*"), WINDOWING, folder / "graph")
    graph = tft.TFTransformOutput(str(folder / "graph"))
    examples = encoded(segments(series, WINDOWING))
    raw = tf.io.parse_example(examples, graph.raw_feature_spec())
    return raw, graph.transform_features_layer()(raw)


def test_statistics_do_not_depend_on_the_sizes_of_batches(tmp_path):
    """Beam sizes them by the clock, so that the sums have another order in each run."""
    write(tmp_path, "train", household(3000, seed=3), windowing=WINDOWING)
    found = []
    for batch_size in (1, 64):
        graph = tmp_path / f"graph-{batch_size}"
        analyze(str(tmp_path / "Split-train" / "*"), WINDOWING, graph, batch_size)
        layer = tft.TFTransformOutput(str(graph)).transform_features_layer()
        nothing = tf.fill([1, WINDOWING.length], float("nan"))
        inputs = dict.fromkeys(MEASUREMENTS, nothing)
        inputs[FIRST_ORIGIN] = tf.zeros([1, 1], tf.int64)
        inputs[WEIGHT] = tf.ones([1, WINDOWING.origins])
        inputs[METER] = tf.constant([[""]])
        mean = layer(inputs)["filled"]
        inputs |= dict.fromkeys(MEASUREMENTS, tf.zeros([1, WINDOWING.length]))
        found.append((mean.numpy(), layer(inputs)["scaled"].numpy()))
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


def of_origins(values: np.ndarray) -> np.ndarray:
    """The steps of the segments' own origins, each of which lies in one segment only."""
    return values[:, WINDOWING.window - 1 : WINDOWING.window - 1 + WINDOWING.origins]


def test_series_are_scaled_by_training_statistics_without_the_missing(transformed):
    raw, found = transformed
    voltage = MEASUREMENTS.index("Voltage")
    seen = raw["Voltage"].numpy()
    own = of_origins(seen)
    expected = (seen - np.nanmean(own)) / np.nanstd(own)
    kept = ~np.isnan(seen)
    np.testing.assert_allclose(
        found["scaled"].numpy()[..., voltage][kept], expected[kept], atol=1e-3
    )
    np.testing.assert_array_equal(found["observed"].numpy()[..., voltage], kept)


def test_missing_minutes_become_the_training_mean_and_labels_stay_missing(transformed):
    raw, found = transformed
    seen = raw["Voltage"].numpy()
    missing = np.isnan(seen)
    voltage = MEASUREMENTS.index("Voltage")
    assert missing.any()
    assert found["scaled"].numpy()[..., voltage][missing] == pytest.approx(0.0)
    np.testing.assert_allclose(
        found["filled"].numpy()[..., voltage][missing], np.nanmean(of_origins(seen)), rtol=1e-5
    )
    np.testing.assert_array_equal(found["target"], raw["Global_active_power"])


def test_a_measurement_without_values_or_changes_is_harmless(transformed):
    _, found = transformed
    assert np.isfinite(found["scaled"]).all()
    assert np.isfinite(found["filled"]).all()
