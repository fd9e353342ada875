"""The sums behind search and gate, against plain loops."""

import math

import numpy as np
import pytest

from tfx_pipeline.model_contract import OUTPUTS
from tfx_pipeline.scoring import ErrorSums, error_sums

ORIGINS, HORIZON = 5, 3


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def _forecast(rng: np.random.Generator) -> dict[str, np.ndarray]:
    low, middle, high = np.sort(rng.normal(size=(3, ORIGINS, HORIZON)), axis=0)
    values = (rng.normal(size=low.shape), low, middle, high)
    return {name: value.astype(np.float32) for name, value in zip(OUTPUTS, values, strict=True)}


def _labels(rng: np.random.Generator, missing: float) -> np.ndarray:
    labels = rng.normal(size=(ORIGINS, HORIZON)).astype(np.float32)
    labels[rng.random(labels.shape) < missing] = np.nan
    return labels


DUE = np.array([True, False, True, True, True])
LAST = np.array([0.1, 0.2, np.nan, 0.4, 0.5], np.float32)


@pytest.mark.parametrize("missing", [0.0, 0.3, 0.7, 1.0])
def test_sums_equal_a_plain_loop(rng: np.random.Generator, missing: float) -> None:
    labels, forecast = _labels(rng, missing), _forecast(rng)
    sums = error_sums(labels, LAST, DUE, forecast)

    expected = np.zeros((7, HORIZON))
    forecasts = set()
    for origin in range(ORIGINS):
        for ahead in range(HORIZON):
            label, last = float(labels[origin, ahead]), float(LAST[origin])
            if not DUE[origin] or math.isnan(label) or math.isnan(last):
                continue
            forecasts.add(origin)
            mean, p10, p50, p90 = (float(forecast[name][origin, ahead]) for name in OUTPUTS)
            expected[:, ahead] += (
                1,
                mean - label,
                (mean - label) ** 2,
                abs(p50 - label),
                p10 <= label <= p90,
                (last - label) ** 2,
                abs(last - label),
            )

    assert (sums.origins, sums.forecasts) == (4, len(forecasts))
    found = [
        sums.labels,
        sums.error,
        sums.squared_error,
        sums.absolute_error,
        sums.covered,
        sums.naive_squared_error,
        sums.naive_absolute_error,
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_parts_add_up_to_the_whole(rng: np.random.Generator) -> None:
    labels, forecast = _labels(rng, 0.3), _forecast(rng)
    whole = error_sums(labels, LAST, DUE, forecast)
    total = ErrorSums.of_nothing(HORIZON)
    for part in (slice(0, 2), slice(2, None)):
        values = {name: output[part] for name, output in forecast.items()}
        total += error_sums(labels[part], LAST[part], DUE[part], values)
    for name, value in vars(whole).items():
        np.testing.assert_allclose(vars(total)[name], value)


def test_what_is_not_scored_may_be_anything(rng: np.random.Generator) -> None:
    labels, forecast = _labels(rng, 0.3), _forecast(rng)
    before = error_sums(labels, LAST, DUE, forecast)
    for output in forecast.values():
        output[~DUE | np.isnan(LAST)] = np.nan
        output[np.isnan(labels)] = np.nan
    after = error_sums(labels, LAST, DUE, forecast)
    for name, value in vars(before).items():
        np.testing.assert_array_equal(vars(after)[name], value)


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_one_output_that_is_not_a_number_spoils_the_mse(
    rng: np.random.Generator, output: str, value: float
) -> None:
    forecast = _forecast(rng)
    forecast[output][3, 0] = value
    sums = error_sums(_labels(rng, 0.0), LAST, DUE, forecast)
    assert math.isnan(sums.mse[0])
    assert math.isnan(sums.mse_ratio)


def test_averages_of_known_sums() -> None:
    sums = ErrorSums(
        origins=5,
        forecasts=4,
        labels=np.array([4.0, 2.0]),
        error=np.array([2.0, -1.0]),
        squared_error=np.array([4.0, 4.0]),
        absolute_error=np.array([2.0, 2.0]),
        covered=np.array([3.0, 2.0]),
        naive_squared_error=np.array([8.0, 8.0]),
        naive_absolute_error=np.array([4.0, 2.0]),
    )
    assert sums.mse.tolist() == [1.0, 2.0]
    assert sums.naive_mae.tolist() == [1.0, 1.0]
    assert sums.mse_ratio == 0.5
    assert sums.mae_ratio == pytest.approx(1.5 / 2.0)
    assert sums.coverage.mean() == pytest.approx(0.875)
    assert sums.bias.mean() == 0.0
    assert str(sums) == "mse_ratio 0.5000, mae_ratio 0.7500, coverage 0.875"


def test_averages_over_nothing_are_nan() -> None:
    sums = ErrorSums.of_nothing(HORIZON)
    assert math.isnan(sums.mse_ratio)
    assert np.isnan(sums.coverage).all()
