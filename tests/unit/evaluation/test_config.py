"""The rules as TFMA's thresholds."""

from tests.support.settings import SERIES, WINDOWING, gate_settings
from tfx_pipeline.evaluation.config import bounds_of, eval_config, min_slice_forecasts, series_of
from tfx_pipeline.evaluation.rules import RULES, Bounds

GATE = gate_settings()


def test_the_bounds_are_read_back_from_the_evaluations_own_configuration():
    config = eval_config(SERIES, WINDOWING, GATE)
    assert bounds_of(config) == {rule.metric: rule.bounds(GATE) for rule in RULES}
    assert bounds_of(config)["mse"] == Bounds(above_baseline=0.02)
    assert min_slice_forecasts(config) == 1000
    assert series_of(config) == SERIES


def test_rules_for_the_whole_do_not_hold_for_slices():
    (metrics,) = eval_config(SERIES, WINDOWING, GATE).metrics_specs
    for rule in RULES:
        (threshold,) = metrics.per_slice_thresholds[rule.metric].thresholds
        keys = [list(spec.feature_keys) for spec in threshold.slicing_specs]
        assert keys == ([["hour"], ["weekend"]] if rule.by_slice else [[]])
