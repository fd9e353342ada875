"""What a trained model does with changed inputs, whatever its weights are."""

import numpy as np
import pytest
import tensorflow as tf

from tests.support.series import household
from tests.support.trained import WINDOWING, ask, trained

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


def test_a_window_of_nothing_but_missing_minutes_is_answered(model, windows):
    answer = ask(model, np.full_like(windows[:1], np.nan))
    assert all(np.isfinite(values).all() for values in answer.values())
