"""How a fit is divided and paced."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules import training


@given(st.integers(1, 100_000))
def test_a_fit_takes_at_most_its_steps_and_nearly_all(steps):
    rounds, per_round = training.divide(steps)
    assert steps - training.REPORTS < rounds * per_round <= steps
    assert rounds <= training.REPORTS


@pytest.mark.parametrize("steps", [1, 2, 1500])
def test_the_learning_rate_rises_and_falls(steps):
    optimizer = training.optimizer(0.004, steps)
    rates = []
    for step in range(steps + 1):
        optimizer.iterations.assign(step)
        rates.append(float(optimizer.learning_rate))
    assert rates[0] == 0.0
    assert max(rates) == pytest.approx(0.004)
    assert rates[-1] == pytest.approx(0.0, abs=1e-6) or steps == 1
