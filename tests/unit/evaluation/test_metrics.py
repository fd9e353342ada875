"""Labels and naive forecasts from the raw series, and the metrics by their names."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.support.settings import SERIES, data_options
from tfx_pipeline.data.contract import (
    FIRST_ORIGIN,
    SAME_TIME_LAST_WEEK,
    SAME_TIME_YESTERDAY,
    WEIGHT,
    Windowing,
)
from tfx_pipeline.data.segments.cutter import SegmentCutter, usable_intervals
from tfx_pipeline.data.segments.splits import Interval
from tfx_pipeline.evaluation import metrics
from tfx_pipeline.evaluation.metrics import CellSums, Scoring
from tfx_pipeline.evaluation.results import Scores, StepScores
from tfx_pipeline.evaluation.rules import RULES
from tfx_pipeline.evaluation.slices import SLICES
from tfx_pipeline.model_contract import OUTPUTS
from tfx_pipeline.scoring import NAIVE
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec

WINDOWING = Windowing(window=4, horizon=3, origins=5)
MONDAY = 1_262_563_200
"""2010-01-04 00:00."""
SCORING = Scoring(SERIES, WINDOWING, min_slice_hours=1)


@pytest.mark.parametrize("missing", [0.0, 0.3, 0.7])
def test_labels_and_last_observations_equal_a_plain_loop(missing: float) -> None:
    rng = np.random.default_rng(1)
    target = rng.normal(size=WINDOWING.length).astype(np.float32)
    target[rng.random(target.size) < missing] = np.nan
    labels = metrics.labels_ahead(target, WINDOWING)
    last = metrics.last_observation(target, WINDOWING)
    assert labels.shape == (WINDOWING.origins, WINDOWING.horizon)
    for origin in range(WINDOWING.origins):
        seen = [v for v in target[origin : origin + WINDOWING.window] if not math.isnan(v)]
        np.testing.assert_equal(last[origin], seen[-1] if seen else np.nan)
        start = origin + WINDOWING.window
        np.testing.assert_equal(labels[origin], target[start : start + WINDOWING.horizon])


def test_the_last_observation_is_of_the_window_only() -> None:
    nan = np.nan
    target = np.array([1, nan, nan, nan, nan, 6, nan, 8, nan, nan, nan], np.float32)
    np.testing.assert_array_equal(metrics.last_observation(target, WINDOWING), [1, nan, 6, 6, 8])


def _example(scoring: Scoring, first_origin: int = MONDAY, seed: int = 1) -> dict[str, np.ndarray]:
    """Features of an example with random values, of which some are missing."""
    rng = np.random.default_rng(seed)
    shape = scoring.windowing
    target = rng.normal(size=shape.length).astype(np.float32)
    target[rng.random(target.size) < 0.2] = np.nan
    return {
        scoring.series.target.name: target,
        WEIGHT: (np.arange(shape.origins) > 0).astype(np.float32),
        FIRST_ORIGIN: np.array([first_origin]),
        SAME_TIME_YESTERDAY: rng.normal(size=shape.labels),
        SAME_TIME_LAST_WEEK: rng.normal(size=shape.labels),
    }


def _forecast(scoring: Scoring) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(2)
    shape = (scoring.windowing.origins, scoring.windowing.horizon)
    return {name: rng.normal(size=shape) for name in OUTPUTS}


def _of_one(
    scoring: Scoring, example: dict[str, np.ndarray], forecast: dict[str, np.ndarray]
) -> CellSums:
    [found] = scoring.sums(
        {name: values[None] for name, values in example.items()},
        {name: values[None] for name, values in forecast.items()},
    )
    return found


def _sums(scoring: Scoring = SCORING, first_origin: int = MONDAY) -> CellSums:
    return _of_one(scoring, _example(scoring, first_origin), _forecast(scoring))


def test_examples_of_a_batch_are_summed_as_if_they_were_alone(monkeypatch) -> None:
    scoring = Scoring(SERIES, Windowing(window=4, horizon=3, origins=100), min_slice_hours=1)
    examples = [_example(scoring, MONDAY + n * 1800, seed=n) for n in range(7)]
    forecast = _forecast(scoring)
    # Two at a time, and the last alone.
    monkeypatch.setattr(metrics, "AT_ONCE", 2 * 100 * 3)
    found = scoring.sums(
        {name: np.stack([one[name] for one in examples]) for name in examples[0]},
        {name: np.stack([values + n for n in range(7)]) for name, values in forecast.items()},
    )
    assert len(found) == 7
    for n, example in enumerate(examples):
        alone = _of_one(scoring, example, {name: one + n for name, one in forecast.items()})
        assert found[n].hours == alone.hours
        assert len(alone.by_cell) > 1
        assert found[n].by_cell.keys() == alone.by_cell.keys()
        for cell, sums in alone.by_cell.items():
            for name, values in vars(sums).items():
                np.testing.assert_array_equal(getattr(found[n].by_cell[cell], name), values)


def test_metrics_are_named_by_step_and_without_one_for_the_whole() -> None:
    found = _sums()
    values = SCORING.summarize(found)
    (sums,) = found.by_cell.values()
    np.testing.assert_array_equal(values["mse_by_step"], sums.mse)
    np.testing.assert_array_equal(values["naive_mae_by_step"], sums.naive_mae)
    for number, naive in enumerate(NAIVE):
        np.testing.assert_array_equal(values[f"{naive}_mse_by_step"], sums.mse_of_naive[number])
    assert values["mse"] == pytest.approx(sums.mse.mean())
    assert values["mse_ratio"] == values["eligible_mse_ratio"] == sums.mse_ratio
    assert values["worst_step_mse_ratio"] == max(sums.mse / sums.naive_mse)
    assert values["bias"] == pytest.approx(sums.bias.mean())
    assert values["origins"] == 4.0
    assert values["hours"] == 1.0


def test_the_best_naive_forecast_counts_at_each_step() -> None:
    values = SCORING.summarize(_sums())
    of_naive = [values[f"{naive}_mse_by_step"] for naive in NAIVE]
    np.testing.assert_array_equal(values["naive_mse_by_step"], np.min(of_naive, axis=0))


def test_a_small_slice_is_not_eligible() -> None:
    scoring = Scoring(SERIES, WINDOWING, min_slice_hours=2)
    values = scoring.summarize(_sums(scoring))
    assert values["eligible_mse_ratio"] == values["worst_slice_mse_ratio"] == 0.0


def test_one_slice_that_is_not_a_number_spoils_the_worst() -> None:
    found = _sums().include(_sums(first_origin=MONDAY + 3600))
    example, forecast = _example(SCORING, MONDAY + 7200), _forecast(SCORING)
    forecast["p90"][2, 0] = np.nan
    values = SCORING.summarize(found.include(_of_one(SCORING, example, forecast)))
    assert math.isnan(values["worst_slice_mse_ratio"])


def test_nothing_scored_is_nan_not_a_pass() -> None:
    values = SCORING.summarize(CellSums())
    assert values["forecasts"] == values["hours"] == 0.0
    assert math.isnan(values["mse_ratio"])
    assert math.isnan(values["worst_step_mae_ratio"])
    assert math.isnan(values["coverage_p10_p90"])


def test_meters_of_one_hour_are_evidence_of_one_hour() -> None:
    found = CellSums()
    for seed in range(5):
        found.include(_of_one(SCORING, _example(SCORING, seed=seed), _forecast(SCORING)))
    assert SCORING.summarize(found)["hours"] == 1.0
    found.include(_sums(first_origin=MONDAY + 7 * 86_400))
    assert SCORING.summarize(found)["hours"] == 2.0


def test_a_long_step_is_evidence_of_all_its_hours() -> None:
    days = SERIES.model_copy(update={"cadence": timedelta(days=1)})
    scoring = Scoring(days, WINDOWING, min_slice_hours=1)
    values = scoring.summarize(_sums(scoring))
    assert values["hours"] == values["hours_by_slice"][SLICES.index("hour 0")] == 4 * 24
    assert values["hours_by_slice"][SLICES.index("weekdays")] == 4 * 24


def _cut(
    steps: np.ndarray, values: np.ndarray, spec: SeriesSpec, shape: Windowing
) -> Iterator[dict[str, np.ndarray]]:
    """Features of the examples of a series that is one interval, whatever is missing in it."""
    options = data_options(series=spec, windowing=shape, max_gap=0)
    whole = Interval(int(steps[0]), int(steps[-1]) + 1)
    intervals = usable_intervals([whole], {"test": whole}, shape)
    cutter = SegmentCutter("", intervals, options)
    columns = np.repeat(values[None].astype(np.float32), len(spec.names), axis=0)
    for part in [*cutter.feed(steps, columns), *cutter.finish()]:
        for number, first in enumerate(part.first_origin):
            yield {
                spec.target.name: part.values[0, number],
                WEIGHT: part.weight[number],
                FIRST_ORIGIN: Grid(spec).seconds([first]),
                SAME_TIME_YESTERDAY: part.yesterday[number],
                SAME_TIME_LAST_WEEK: part.last_week[number],
            }


def _plain_naive(
    observed: dict[int, float], now: int, ahead: int, window: int, step: int
) -> list[float] | None:
    """The naive forecasts of one step ahead, searched for in all that was observed."""
    last = [observed[at] for at in range(now, now - window, -1) if at in observed]
    if not last:
        return None
    found = last[:1]
    for season in (86_400, 7 * 86_400):
        seconds = season
        while seconds < ahead * step:
            seconds += season
        earlier = now + ahead - seconds // step
        found.append(last[0] if season % step else observed.get(earlier, last[0]))
    return found


@hypothesis_settings(max_examples=25, deadline=None)
@given(
    hours=st.sampled_from([1, 2, 5, 7, 12, 24]),
    horizon=st.integers(1, 60),
    origins=st.integers(1, 9),
    missing=st.floats(0, 0.6),
    seed=st.integers(0, 99),
)
def test_naive_errors_equal_a_plain_search_of_the_whole_series(
    hours: int, horizon: int, origins: int, missing: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    spec = SERIES.model_copy(update={"cadence": timedelta(hours=hours)})
    shape = Windowing(window=4, horizon=horizon, origins=origins)
    scoring = Scoring(spec, shape, min_slice_hours=1)
    steps = MONDAY // spec.step + np.arange(horizon + 150)
    values = rng.normal(size=steps.size).astype(np.float32)
    values[1:-1][rng.random(steps.size - 2) < missing] = np.nan
    observed = {
        int(at): float(value)
        for at, value in zip(steps, values, strict=True)
        if not math.isnan(value)
    }

    found = CellSums()
    for example in _cut(steps, values, spec, shape):
        nothing = {name: np.zeros((origins, horizon)) for name in OUTPUTS}
        found.include(_of_one(scoring, example, nothing))
    measured = scoring.summarize(found)

    errors = np.full((horizon, len(NAIVE), steps.size), np.nan)
    for number, now in enumerate(steps[3 : steps.size - horizon].tolist()):
        for ahead in range(1, horizon + 1):
            naive = _plain_naive(observed, now, ahead, shape.window, spec.step)
            if naive and now + ahead in observed:
                errors[ahead - 1, :, number] = np.array(naive) - observed[now + ahead]
    for column, naive in enumerate(NAIVE):
        expected = np.nanmean(np.abs(errors[:, column]), axis=1)
        np.testing.assert_allclose(measured[f"{naive}_mae_by_step"], expected, rtol=1e-6)


@hypothesis_settings(max_examples=40, deadline=None)
@given(
    zone=st.sampled_from([None, "Europe/Paris", "Asia/Kolkata", "America/New_York"]),
    minutes=st.sampled_from([1, 7, 15, 30, 60]),
    origins=st.integers(1, 200),
    # Around the last Sunday of March 2010, when the clocks of Paris go forward.
    day=st.integers(80, 92),
)
def test_origins_fall_into_the_hour_that_their_clock_shows(
    zone: str | None, minutes: int, origins: int, day: int
) -> None:
    spec = SERIES.model_copy(update={"cadence": timedelta(minutes=minutes), "zone": zone})
    scoring = Scoring(spec, Windowing(window=4, horizon=3, origins=origins), 1)
    grid = Grid(spec)
    first = grid.seconds(grid.index(MONDAY + day * 86_400))
    example = _example(scoring, int(first))
    values = scoring.summarize(_of_one(scoring, example, _forecast(scoring)))

    expected = dict.fromkeys(SLICES, 0.0)
    hours = set()
    labels = metrics.labels_ahead(example[spec.target.name], scoring.windowing)
    last = metrics.last_observation(example[spec.target.name], scoring.windowing)
    for origin in range(1, origins):
        if math.isnan(last[origin]) or np.isnan(labels[origin]).all():
            continue
        instant = datetime.fromtimestamp(int(first) + origin * minutes * 60, UTC)
        local = instant.astimezone(ZoneInfo(zone)) if zone else instant
        expected[f"hour {local.hour}"] += 1
        expected["weekends" if local.weekday() > 4 else "weekdays"] += 1
        hours.add((local.date(), local.hour))
    assert dict(zip(SLICES, values["forecasts_by_slice"], strict=True)) == expected
    assert values["hours"] == len(hours)
    assert values["forecasts"] == sum(list(expected.values())[:24])


def _metric() -> metrics.ForecastMetrics:
    series, windowing = SERIES.model_dump(mode="json"), WINDOWING.model_dump()
    return metrics.ForecastMetrics(series=series, windowing=windowing, min_slice_hours=1.0)


def test_every_declared_metric_is_produced() -> None:
    candidate, baseline = _metric().computations(model_names=["candidate", "baseline"])
    assert {key.model_name for key in baseline.keys} == {"baseline"}
    produced = candidate.combiner.extract_output(candidate.combiner.create_accumulator())
    assert set(produced) == set(candidate.keys)


def test_sums_are_added_whatever_the_order() -> None:
    (computation,) = _metric().computations()
    combiner = computation.combiner
    parts = [_sums(first_origin=MONDAY + hour * 3600) for hour in range(3)]
    one = combiner.create_accumulator()
    for part in parts:
        one = combiner.add_input(one, part)
    others = [combiner.add_input(combiner.create_accumulator(), part) for part in reversed(parts)]
    expected = combiner.extract_output(one)
    for key, value in combiner.extract_output(combiner.merge_accumulators(others)).items():
        np.testing.assert_allclose(value, expected[key], err_msg=key.name)


def test_what_is_reported_and_what_the_rules_bound_is_measured() -> None:
    measured = set(SCORING.summarize(CellSums()))
    assert set(Scores.model_fields) <= measured
    by_step = {name for name in StepScores.model_fields if not name.endswith(("step", "_of"))}
    assert {metrics.step_name(name) for name in by_step} <= measured
    assert {rule.metric for rule in RULES} <= measured
