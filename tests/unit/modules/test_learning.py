"""What the train split teaches, of segments made by hand."""

from datetime import timedelta

import numpy as np
import pytest
import tensorflow as tf

from modules import learning
from modules.learned import OF_METERS, Learned, Packed, pack, unpack
from modules.learning import Sampling
from tests.support.settings import SERIES
from tfx_pipeline.data.contract import Windowing

HOURLY = SERIES.model_copy(
    update={"cadence": timedelta(hours=1), "covariates": (), "power_triangle": None}
)
SHAPE = Windowing(window=48, horizon=24, origins=12)


def segments(values: np.ndarray, meter: bytes = b"", shape: Windowing = SHAPE):
    """A batch of all segments of a series [M, steps]."""
    firsts = np.arange(0, values.shape[1] - shape.length + 1, shape.origins)
    cut = np.stack([values[:, first : first + shape.length] for first in firsts])
    meters = np.full((len(firsts), 1), meter, object)
    return meters, firsts[:, None] * 3600, cut.astype(np.float32)


def learned(*batches, spec=HOURLY, shape: Windowing = SHAPE) -> Learned:
    sampling = Sampling(spec, shape)
    samples = [sampling.create_accumulator()]
    samples += [sampling.add_input(sampling.create_accumulator(), batch) for batch in batches]
    return sampling.extract_output(sampling.merge_accumulators(samples))


def days(scale: float, seed: int, count: int = 60) -> np.ndarray:
    """Load that follows the time of day: [1, hours]."""
    hours = np.arange(24 * count)
    noise = np.random.default_rng(seed).normal(size=hours.size)
    return scale * (2 + np.sin(2 * np.pi * hours / 24) + 0.05 * noise)[None]


def test_each_meter_has_its_scale():
    found = learned(segments(days(1.0, 1), b"small"), segments(days(10.0, 2), b"large"))
    assert found.meters == [b"large", b"small"]
    np.testing.assert_allclose(found.meter_scales, [7.1, 0.71], rtol=0.05)
    np.testing.assert_allclose(found.meter_means, [20, 2], rtol=0.05)
    # What is typical lies between them, on a logarithmic scale.
    assert found.deviations[0] == pytest.approx(np.sqrt(7.1 * 0.71), rel=0.05)


def test_neither_order_nor_sizes_of_batches_matter():
    meters, firsts, values = segments(days(1.0, 1, count=200))
    order = np.random.default_rng(0).permutation(len(firsts))
    small = learning.SAMPLED_BYTES
    try:
        learning.SAMPLED_BYTES = 20 * values[0].nbytes
        whole = learned((meters, firsts, values))
        parts = learned(*((meters[at], firsts[at], values[at]) for at in np.array_split(order, 23)))
    finally:
        learning.SAMPLED_BYTES = small
    for name, one, other in zip(whole._fields, whole, parts, strict=True):
        np.testing.assert_array_equal(one, other, err_msg=name)


def test_what_follows_the_day_starts_from_the_days_before():
    assert learned(segments(days(1.0, 1))).seasonal.all()


def test_what_wanders_starts_from_the_last_observation():
    walk = 50 + np.random.default_rng(0).normal(size=(1, 2000)).cumsum(axis=1)
    assert not learned(segments(walk)).seasonal[:3].any()


def test_what_was_never_observed_or_never_changes_is_harmless():
    for value in (np.nan, 0.0, 230.0):
        found = learned(segments(np.full((1, 500), value)))
        for name, values in found._asdict().items():
            if name != "meters":
                assert np.isfinite(values).all(), name
        assert (found.meter_scales > 0).all()
        assert found.reach > found.spread > 0


def test_no_segment_teaches_nothing_but_breaks_nothing():
    found = learned()
    assert found.meters == []
    assert np.isfinite(found.levels).all()


def test_a_part_is_on_above_what_it_draws_when_it_is_off():
    shape = Windowing(window=10, horizon=2, origins=10)
    rng = np.random.default_rng(0)
    values = np.zeros((7, 3000))
    values[0] = 1.0 + rng.random(3000)
    values[4, rng.random(3000) < 0.2] = 18.0
    values[4, rng.random(3000) < 0.1] = 1.0
    found = learned(segments(values, shape=shape), spec=SERIES, shape=shape)
    assert found.watched.tolist() == [4, 5, 6]
    assert found.on[0].tolist() == [0.5, 9.0]
    assert set(found.part_levels[0].tolist()) == {1.0, 18.0}


def test_the_parts_that_vary_most_are_watched():
    parts = [
        one.model_copy(update={"name": f"part_{number}", "column": f"part_{number}"})
        for number, one in enumerate(SERIES.covariates[3:] * 3)
    ]
    spec = HOURLY.model_copy(update={"covariates": tuple(parts)})
    values = np.random.default_rng(0).random((10, 300)) * np.array([[1], *[[n] for n in range(9)]])
    found = learned(segments(values), spec=spec)
    assert found.watched.tolist() == [6, 7, 8, 9]


def test_the_same_time_on_the_days_before():
    back = learning.season(HOURLY, Windowing(window=48, horizon=30, origins=1))
    assert back[0].tolist() == [-23, -47]
    assert back[23].tolist() == [0, -24]
    assert back[24].tolist() == [-23, -47]
    back = learning.season(HOURLY, Windowing(window=168, horizon=1, origins=1))
    assert back[0].tolist() == [-23 - 24 * day for day in range(7)]


@pytest.mark.parametrize(
    ("step", "window"), [(3600, 23), (7 * 3600, 100)], ids=["short window", "no divisor of a day"]
)
def test_without_a_day_to_look_back_on_there_is_no_season(step, window):
    spec = HOURLY.model_copy(update={"cadence": timedelta(seconds=step)})
    assert learning.season(spec, Windowing(window=window, horizon=3, origins=1)).shape == (3, 0)


@pytest.mark.parametrize("spec", [HOURLY, SERIES])
def test_what_is_packed_for_beam_is_the_same_in_the_graph(spec):
    many = np.stack([days(1.0 + number, number)[0] for number in range(len(spec.names))])
    found = learned(segments(many, b"small"), segments(7 * many, b"large"), spec=spec)
    tensors = Packed(*map(tf.constant, pack(found)))
    again = tf.function(lambda packed: unpack(packed, spec, SHAPE, batch=2))(tensors)
    for name, before, after in zip(found._fields, found, again, strict=True):
        expected = np.asarray(before) if name in OF_METERS else np.stack([before, before])
        np.testing.assert_array_equal(expected, after.numpy(), err_msg=name)
