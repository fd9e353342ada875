"""The rules in words."""

import math

import pytest

from tests.support.settings import gate_settings
from tfx_pipeline.evaluation.rules import RULES, Figure

GATE = gate_settings()
FINDINGS = {
    ("hours", 120): "Forecasts of 120 hours were scored, must be at least 168",
    ("mse_ratio", 0.8654): "MSE is 0.865 of the best naive forecast's, must be at most 0.95",
    ("mae_ratio", 0.995): "MAE is 0.995 of the best naive forecast's, must be at most 0.98",
    ("mae_ratio", math.nan): "MAE is not a number of the best naive forecast's, must be at most "
    "0.98",
    ("worst_step_mae_ratio", 1.1): "MAE is 1.100 of the best naive forecast's, must be at most "
    "1.02",
    ("mse", 0.11): "MSE is 0.1100 kW^2, 10.0 % above the 0.1000 kW^2 of the baseline model, may be "
    "at most 2 % above",
    ("coverage_p10_p90", 0.874): "P10..P90 covers 0.874 of the values, must be 0.76 to 0.84",
    ("worst_slice_mse_ratio", 1.2): "MSE is 1.200 of the best naive forecast's, must be at most "
    "1.1",
}


@pytest.mark.parametrize(("metric", "value"), FINDINGS)
def test_a_finding_is_a_sentence_with_what_was_found_and_required(metric, value):
    (rule,) = (rule for rule in RULES if rule.metric == metric)
    figure = Figure(value, rule.bounds(GATE), "kW", baseline=0.1)
    assert rule.finding(figure) == FINDINGS[metric, value]
