"""Live errors as they are reported, and the bounds that chance leaves them."""

import numpy as np
import pytest

from tests.support.monitoring import house, live_of
from tfx_pipeline.monitoring.scores import bounds, scores, step_scores, total


@pytest.fixture(scope="module")
def days():
    one = house(40)
    live = live_of(one, one, first_day=10, days=28, every=30, error=0.8)
    return [day.errors for day in live.answers["17", "stable"].days.values()]


def test_figures_are_those_of_the_sums(days):
    whole = total(days, 5)
    found = scores(whole)
    assert found.mse_ratio == pytest.approx(whole.mse_ratio)
    assert found.mae == pytest.approx(whole.mean(whole.mae))
    assert found.below_p90 == pytest.approx(whole.mean(whole.below_p90))
    first = step_scores(whole)[0]
    assert first.mse == pytest.approx(whole.mse[0])
    assert first.naive_mse == pytest.approx(whole.mse_of_naive[:, 0].min())
    assert first.naive_mse_of == "persistence"
    assert first.same_time_yesterday_mae == pytest.approx(whole.mae_of_naive[1, 0])


def test_nothing_has_no_figures():
    found = scores(total([], 5))
    assert (found.mse_ratio, found.coverage_p10_p90) == (None, None)
    assert step_scores(total([], 5))[0].naive_mse_of is None


def test_bounds_hold_the_figure_and_narrow_with_days(days):
    whole = total(days, 5)
    of_all, of_few = bounds(days, 0.99), bounds(days[:7], 0.99)
    for name, figure in (
        ("mse_ratio", whole.mse_ratio),
        ("mae_ratio", whole.mae_ratio),
        ("coverage_p10_p90", whole.mean(whole.coverage)),
    ):
        assert of_all[name].low < figure < of_all[name].high
    narrow, wide = of_all["coverage_p10_p90"], of_few["coverage_p10_p90"]
    assert narrow.high - narrow.low < wide.high - wide.low


def test_bounds_hold_what_they_promise():
    # Days of which each has an error of its own: 90 % bounds miss the truth in about 10 %.
    random = np.random.default_rng(0)
    one = house(3)
    live = live_of(one, one, first_day=1, days=2)
    template = next(iter(live.answers["17", "stable"].days.values())).errors
    missed = 0
    for _ in range(60):
        drawn = []
        for factor in random.uniform(0.5, 1.5, 28):
            values = vars(template) | {"squared_error": template.naive_squared_error[0] * factor}
            drawn.append(type(template)(**values))
        found = bounds(drawn, 0.9)["mse_ratio"]
        best = template.naive_squared_error.min(axis=0) / template.labels
        truth = (template.naive_squared_error[0] / template.labels).mean() / best.mean()
        missed += not found.low <= truth <= found.high
    assert 1 <= missed <= 14
