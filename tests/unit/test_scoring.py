"""The sums behind search and gate, against plain loops."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfx_pipeline.data.contract import SAME_TIME_LAST_WEEK, SAME_TIME_YESTERDAY
from tfx_pipeline.model_contract import OUTPUTS
from tfx_pipeline.scoring import NAIVE, SEASONS, ErrorSums, errors, naive_forecasts

ORIGINS, HORIZON = 5, 3
DAY = 86_400


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
EARLIER = {
    SAME_TIME_YESTERDAY: np.arange(15.0).reshape(ORIGINS, HORIZON),
    SAME_TIME_LAST_WEEK: -np.arange(15.0).reshape(ORIGINS, HORIZON),
}
EARLIER[SAME_TIME_LAST_WEEK][3] = np.nan
NAIVE_FORECASTS = naive_forecasts(LAST, EARLIER, HORIZON, step=3600)


def _sums(labels: np.ndarray, forecast: dict[str, np.ndarray]) -> ErrorSums:
    return errors(labels, NAIVE_FORECASTS, DUE, forecast).total()


@pytest.mark.parametrize("missing", [0.0, 0.3, 0.7, 1.0])
def test_sums_equal_a_plain_loop(rng: np.random.Generator, missing: float) -> None:
    labels, forecast = _labels(rng, missing), _forecast(rng)
    sums = _sums(labels, forecast)

    expected = np.zeros((9 + 2 * len(NAIVE), HORIZON))
    forecasts = set()
    for origin in range(ORIGINS):
        for ahead in range(HORIZON):
            label = float(labels[origin, ahead])
            if not DUE[origin] or math.isnan(label) or math.isnan(LAST[origin]):
                continue
            forecasts.add(origin)
            mean, p10, p50, p90 = (float(forecast[name][origin, ahead]) for name in OUTPUTS)
            naive = NAIVE_FORECASTS[origin, :, ahead]
            expected[:, ahead] += (
                1,
                mean - label,
                (mean - label) ** 2,
                abs(p50 - label),
                p10 <= label <= p90,
                label <= p10,
                label <= p50,
                label <= p90,
                p90 - p10,
                *((value - label) ** 2 for value in naive),
                *(abs(value - label) for value in naive),
            )

    assert (sums.origins, sums.forecasts) == (4, len(forecasts))
    found = [
        sums.labels,
        sums.error,
        sums.squared_error,
        sums.absolute_error,
        sums.covered,
        sums.at_most_p10,
        sums.at_most_p50,
        sums.at_most_p90,
        sums.band,
        *sums.naive_squared_error,
        *sums.naive_absolute_error,
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_parts_add_up_to_the_whole(rng: np.random.Generator) -> None:
    labels, forecast = _labels(rng, 0.3), _forecast(rng)
    runs = errors(labels, NAIVE_FORECASTS, DUE, forecast).runs(np.array([0, 2, 3]))
    assert [run.origins for run in runs] == [1, 1, 2]
    total = sum(runs, ErrorSums.of_nothing(HORIZON))
    for name, value in vars(_sums(labels, forecast)).items():
        np.testing.assert_allclose(vars(total)[name], value)


def test_what_is_not_scored_may_be_anything(rng: np.random.Generator) -> None:
    labels, forecast = _labels(rng, 0.3), _forecast(rng)
    before = _sums(labels, forecast)
    for output in forecast.values():
        output[~DUE | np.isnan(LAST)] = np.nan
        output[np.isnan(labels)] = np.nan
    after = _sums(labels, forecast)
    for name, value in vars(before).items():
        np.testing.assert_array_equal(vars(after)[name], value)


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_one_output_that_is_not_a_number_spoils_the_mse(
    rng: np.random.Generator, output: str, value: float
) -> None:
    forecast = _forecast(rng)
    forecast[output][3, 0] = value
    sums = _sums(_labels(rng, 0.0), forecast)
    assert math.isnan(sums.mse[0])
    assert math.isnan(sums.mse_ratio)
    assert math.isnan(sums.worst_mse_ratio)


def _known_sums() -> ErrorSums:
    return ErrorSums(
        origins=np.array(5.0),
        forecasts=np.array(4.0),
        labels=np.array([4.0, 2.0]),
        error=np.array([2.0, -1.0]),
        squared_error=np.array([4.0, 4.0]),
        absolute_error=np.array([2.0, 2.0]),
        covered=np.array([3.0, 2.0]),
        at_most_p10=np.array([1.0, 0.0]),
        at_most_p50=np.array([2.0, 1.0]),
        at_most_p90=np.array([4.0, 2.0]),
        band=np.array([2.0, 4.0]),
        naive_squared_error=np.array([[8.0, 9.0], [9.0, 8.0], [9.0, 9.0]]),
        naive_absolute_error=np.array([[4.0, 2.0], [5.0, 3.0], [5.0, 3.0]]),
    )


def test_averages_of_known_sums() -> None:
    sums = _known_sums()
    assert sums.mse.tolist() == [1.0, 2.0]
    assert sums.naive_mse.tolist() == [2.0, 4.0], "persistence's, then yesterday's"
    assert sums.naive_mae.tolist() == [1.0, 1.0]
    assert sums.mse_ratio == 0.5
    assert sums.mae_ratio == pytest.approx(1.5 / 2.0)
    assert sums.worst_mse_ratio == 0.5
    assert sums.worst_mae_ratio == 1.0
    assert sums.mean(sums.coverage) == pytest.approx(0.875)
    assert sums.mean(sums.bias) == 0.0
    assert sums.below_p10.tolist() == [0.25, 0.0]
    assert sums.below_p50.tolist() == [0.5, 0.5]
    assert sums.below_p90.tolist() == [1.0, 1.0]
    assert sums.width.tolist() == [0.5, 2.0]
    assert str(sums) == "mse_ratio 0.5000, mae_ratio 0.7500, coverage 0.875"


def test_a_step_without_a_label_says_nothing_of_the_others() -> None:
    sums = _known_sums()
    for values in vars(sums).values():
        if values.ndim:
            values[..., 1] = 0.0
    assert sums.mse_ratio == 0.5
    assert sums.mean(sums.coverage) == 0.75


def test_averages_over_nothing_are_nan() -> None:
    sums = ErrorSums.of_nothing(HORIZON)
    assert math.isnan(sums.mse_ratio)
    assert math.isnan(sums.worst_mse_ratio)
    assert np.isnan(sums.coverage).all()


def _plainly(series: list[float], now: int, ahead: int, season: int, step: int) -> float:
    """The value whole seasons before a step ahead, as few as lead back to `now` or before."""
    seconds, found = 0, math.nan
    while seconds < ahead * step:
        seconds += season
    back = seconds // step
    if not season % step and now + ahead - back >= 0:
        found = series[now + ahead - back]
    return found


@settings(max_examples=200, deadline=None)
@given(
    step=st.sampled_from([1800, 3600, 7200, 10_800, 20_000, 43_200, DAY]),
    horizon=st.integers(1, 60),
    origins=st.integers(1, 4),
    length=st.integers(0, 400),
    missing=st.floats(0, 1),
    seed=st.integers(0, 99),
)
def test_naive_forecasts_equal_a_plain_search(
    step: int, horizon: int, origins: int, length: int, missing: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    series = rng.normal(size=length + origins + horizon)
    series[rng.random(series.size) < missing] = np.nan
    nows = length + np.arange(origins)
    last = rng.normal(size=origins)

    def season_before(season: int) -> np.ndarray:
        """What examples hold: the target one season before each step ahead of each origin."""
        found = np.full((origins, horizon), np.nan)
        for origin, now in enumerate(nows):
            for ahead in range(1, horizon + 1):
                index = now + ahead - season // step
                if not season % step and index >= 0:
                    found[origin, ahead - 1] = series[index]
        return found

    earlier = {name: season_before(season) for name, season in SEASONS.items()}
    found = naive_forecasts(last, earlier, horizon, step)

    for origin, now in enumerate(nows):
        for ahead in range(1, horizon + 1):
            expected = [last[origin]]
            for season in SEASONS.values():
                value = _plainly(series.tolist(), now, ahead, season, step)
                expected.append(last[origin] if math.isnan(value) else value)
            np.testing.assert_array_equal(found[origin, :, ahead - 1], expected)


def test_without_earlier_values_they_are_all_persistence() -> None:
    unknown = dict.fromkeys(SEASONS, np.full((ORIGINS, HORIZON), np.nan))
    found = naive_forecasts(LAST, unknown, HORIZON, step=60)
    np.testing.assert_array_equal(found, np.tile(LAST[:, None, None], (1, len(NAIVE), HORIZON)))
