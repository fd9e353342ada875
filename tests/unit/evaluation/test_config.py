"""The rules as TFMA's thresholds."""

import pytest

from tests.support.settings import SERIES, WINDOWING, gate_settings
from tfx_pipeline.evaluation.config import bounds_of, eval_config, min_slice_hours, series_of
from tfx_pipeline.evaluation.rules import RULES, Bounds

GATE = gate_settings()


BY_GROUP = SERIES.model_copy(update={"group": "tariff"})


@pytest.mark.parametrize("series", [SERIES, BY_GROUP])
def test_the_bounds_are_read_back_from_the_evaluations_own_configuration(series):
    config = eval_config(series, WINDOWING, GATE)
    rules = [rule for rule in RULES if series.group or rule.over != "groups"]
    assert bounds_of(config) == {rule.metric: rule.bounds(GATE) for rule in rules}
    assert bounds_of(config)["mse"] == Bounds(above_baseline=0.02)
    assert bounds_of(config)["hours"] == Bounds(lower=7 * 24)
    assert min_slice_hours(config) == 16
    assert series_of(config) == series


def test_rules_for_the_whole_do_not_hold_for_groups():
    (metrics,) = eval_config(BY_GROUP, WINDOWING, GATE).metrics_specs
    for rule in RULES:
        (threshold,) = metrics.per_slice_thresholds[rule.metric].thresholds
        keys = [list(spec.feature_keys) for spec in threshold.slicing_specs]
        assert keys == ([["group"]] if rule.over == "groups" else [[]])


def test_meters_without_groups_are_not_sliced_by_them():
    config = eval_config(SERIES, WINDOWING, GATE)
    assert [list(spec.feature_keys) for spec in config.slicing_specs] == [[]]
