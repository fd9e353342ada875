"""What a trained model does with changed inputs, whatever its weights are."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.support.series import household
from tests.support.settings import MEASUREMENTS, TARGET
from tests.support.trained import WINDOWING, ask, encoded, segments, trained
from tfx_pipeline.model_contract import EXAMPLES, EXAMPLES_SIGNATURE, OUTPUTS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def model() -> tf.Module:
    return tf.saved_model.load(str(trained().folder / "model"))


@pytest.fixture(scope="module")
def windows() -> np.ndarray:
    """[200, 7, window] of days that the model has not seen."""
    values = household(4 * 1440, start="2007-03-01 00:00", seed=5).values.astype(np.float32)
    starts = np.arange(200) * 27
    return np.stack([values[:, start : start + WINDOWING.window] for start in starts])


def test_a_shift_of_1_kw_shifts_the_forecast(model, windows):
    shifted = windows.copy()
    shifted[:, 0] += 1.0
    shifted[:, 3] += 1000 / 240
    before, after = ask(model, windows), ask(model, shifted)
    for name in ("mean", "p50"):
        assert np.median(after[name] - before[name]) == pytest.approx(1.0, abs=0.2)


@pytest.mark.parametrize("level", [0.2, 0.4, 2.5])
def test_a_flat_line_is_forecast_flat(model, windows, level):
    flat = np.repeat(np.nanmedian(windows, axis=(0, 2))[:, None], WINDOWING.window, axis=1)[None]
    flat[:, 0] = level
    flat[:, 3] = level * 1000 / 240
    assert ask(model, flat)["p50"] == pytest.approx(level, abs=0.1 + 0.1 * level)


def test_missing_minutes_change_little(model, windows):
    holed = windows.copy()
    holed[:, :, 5:8] = np.nan
    holed[:, :, 20] = np.nan
    whole, partial = ask(model, windows), ask(model, holed)
    change = np.abs(partial["mean"] - whole["mean"])
    assert np.isfinite(change).all()
    assert change.mean() < 0.1 * np.nanstd(windows[:, 0])


def test_an_empty_request_has_an_empty_answer(model, windows):
    lone = ask(model, windows[:0])
    spanning = model.signatures[EXAMPLES_SIGNATURE](**{EXAMPLES: tf.constant([], tf.string)})
    assert {values.shape for values in lone.values()} == {(0, WINDOWING.horizon)}
    expected = (0, WINDOWING.origins, WINDOWING.horizon)
    assert {tuple(values.shape) for values in spanning.values()} == {expected}
    assert set(lone) == set(spanning) == set(OUTPUTS)


def test_segments_are_answered_whether_they_are_scored_or_not(model):
    cut = segments(household(600, seed=6))
    unscored = replace(cut, weight=np.zeros_like(cut.weight))
    answers = [
        model.signatures[EXAMPLES_SIGNATURE](**{EXAMPLES: tf.constant(encoded(one))})["mean"]
        for one in (cut, unscored)
    ]
    assert np.isfinite(answers[0]).any()
    np.testing.assert_array_equal(*answers)


def test_the_rest_of_the_batch_does_not_matter(model, windows):
    order = np.random.default_rng(0).permutation(len(windows))
    together, permuted = ask(model, windows), ask(model, windows[order])
    alone = ask(model, windows[:1])
    for name, values in together.items():
        np.testing.assert_allclose(permuted[name], values[order], atol=1e-4)
        np.testing.assert_allclose(alone[name], values[:1], atol=1e-4)


def test_the_band_holds_the_median(model, windows):
    answer = ask(model, windows)
    assert (answer["p10"] <= answer["p50"]).all()
    assert (answer["p50"] <= answer["p90"]).all()
    assert (answer["p90"] - answer["p10"]).min() > 0


@pytest.mark.parametrize("value", [np.inf, -np.inf, 3e38, -999.0, 1e7])
@pytest.mark.parametrize("measurement", range(len(MEASUREMENTS)))
def test_an_implausible_value_counts_as_not_observed(model, windows, measurement, value):
    spiked, holed = windows[:20].copy(), windows[:20].copy()
    spiked[:, measurement, [3, -1]] = value
    holed[:, measurement, [3, -1]] = np.nan
    expected = ask(model, holed)
    for name, values in ask(model, spiked).items():
        assert np.isfinite(values).all()
        np.testing.assert_array_equal(values, expected[name])


def test_where_nothing_of_the_target_was_observed_there_is_no_forecast(model, windows):
    asked = windows[:3].copy()
    asked[1, MEASUREMENTS.index(TARGET)] = np.nan
    asked[2] = np.nan
    expected = ask(model, windows[:1])
    for name, values in ask(model, asked).items():
        assert np.isnan(values[1:]).all()
        np.testing.assert_allclose(values[:1], expected[name], atol=1e-4)


def test_power_is_never_negative(model, windows):
    low = windows * 0.05
    answers = [ask(model, windows), ask(model, low), ask(model, np.zeros_like(windows[:1]))]
    for answer in answers:
        assert min(values.min() for values in answer.values()) >= 0.0


@settings(max_examples=40, deadline=None)
@given(
    arrays(
        np.float32,
        (4, len(MEASUREMENTS), WINDOWING.window),
        elements=st.floats(width=32, allow_subnormal=False)
        | st.floats(0, 30, width=32, allow_subnormal=False)
        | st.just(float("nan")),
    )
)
def test_a_forecast_is_a_number_exactly_where_the_target_was_observed(model, values):
    target = values[:, MEASUREMENTS.index(TARGET)]
    observed = ((target >= 0.0) & (target <= 30.0)).any(axis=1)
    for output in ask(model, values).values():
        np.testing.assert_array_equal(
            np.isfinite(output), observed[:, None].repeat(WINDOWING.horizon, axis=1)
        )


@pytest.mark.parametrize("count", [1, 16, 17, 41])
def test_segments_are_forecast_as_each_of_their_windows_alone(model, count):
    """However many there are; so a forecast sees nothing that comes after its origin."""
    some = segments(household(4 * 1440, start="2007-03-01 00:00", seed=5))
    examples = tf.constant(encoded(some)[1 : 1 + count], tf.string)
    found = model.signatures[EXAMPLES_SIGNATURE](**{EXAMPLES: examples})
    for segment in range(count):
        for origin in (0, 23, 59):
            window = some.values[:, 1 + segment, origin : origin + WINDOWING.window]
            now = (int(some.first_origin[1 + segment]) + origin) * 60
            alone = ask(model, window[None], now)
            for name, values in alone.items():
                np.testing.assert_allclose(found[name][segment, origin], values[0], atol=1e-4)
    shape = (count, WINDOWING.origins, WINDOWING.horizon)
    assert {tuple(values.shape) for values in found.values()} == {shape}
