"""The rules: when there is an alarm, and what it says."""

import pytest

from tests.support.settings import defaults, gate_settings
from tfx_pipeline.data.summary import FrozenRun
from tfx_pipeline.evaluation.results import Scores
from tfx_pipeline.monitoring.alarms import (
    coverage_alarms,
    distance_alarms,
    error_alarms,
    input_alarms,
    stale_alarms,
)
from tfx_pipeline.monitoring.inputs import Inputs
from tfx_pipeline.monitoring.report import Answered, Distance
from tfx_pipeline.monitoring.scores import Bounds
from tfx_pipeline.series.grid import Grid

RULES = defaults().monitoring
NOTHING = dict.fromkeys(Scores.model_fields)


def scores(mse_ratio: float = 0.7, mae_ratio: float = 0.8, coverage: float = 0.8) -> Scores:
    figures = {"mse_ratio": mse_ratio, "mae_ratio": mae_ratio, "coverage_p10_p90": coverage}
    return Scores(**NOTHING | figures)


def answered(found: Scores, gate: Scores | None = None, margin: float = 0.01) -> Answered:
    """By a version whose figures chance moves by a margin."""
    names = ("mse_ratio", "mae_ratio", "coverage_p10_p90")
    figures = {name: getattr(found, name) for name in names}
    return Answered(
        version="17",
        label="stable",
        newest="2026-01-01",
        windows=10,
        joined=10,
        waiting=0,
        without_truth=0,
        no_forecast=0,
        duplicates=0,
        scores=found,
        bounds={
            one: Bounds(low=value - margin, high=value + margin) for one, value in figures.items()
        },
        per_step=(),
        gate=gate,
        gate_per_step=(),
        periods=(),
    )


@pytest.mark.parametrize(
    ("live", "margin", "gate", "away", "said"),
    [
        (scores(), 0.01, scores(), False, None),
        (scores(mse_ratio=1.05), 0.01, None, False, "no forecast at all would be better"),
        (scores(mse_ratio=1.05), 0.1, None, False, None),
        (scores(mae_ratio=1.05), 0.01, scores(), True, "no forecast at all would be better"),
        (scores(mse_ratio=0.9), 0.01, scores(mse_ratio=0.7), False, "it was 0.700 at the gate"),
        (scores(mse_ratio=0.9), 0.1, scores(mse_ratio=0.7), False, None),
        (scores(mse_ratio=0.9), 0.01, scores(mse_ratio=0.7), True, None),
        (scores(mae_ratio=0.99), 0.01, scores(mae_ratio=0.8), False, "absolute error"),
    ],
)
def test_errors(live, margin, gate, away, said):
    found = list(error_alarms(answered(live, gate, margin), RULES, mostly_away=away))
    assert [alarm.name for alarm in found] == ["error"] * (said is not None)
    assert all(said in alarm.finding and alarm.version == "17" for alarm in found)


@pytest.mark.parametrize(
    ("coverage", "margin", "alarm"),
    [(0.8, 0.01, False), (0.7, 0.01, True), (0.7, 0.05, False), (0.9, 0.01, True)],
)
def test_coverage(coverage, margin, alarm):
    one = answered(scores(coverage=coverage), margin=margin)
    found = list(coverage_alarms(one, RULES, gate_settings()))
    assert [one.name for one in found] == ["coverage"] * alarm
    assert all("74% to 86% may be" in one.finding for one in found)


def test_too_few_days_are_no_alarm():
    one = answered(scores(mse_ratio=9, coverage=0.1)).model_copy(update={"bounds": {}})
    assert list(error_alarms(one, RULES, mostly_away=False)) == []
    assert list(coverage_alarms(one, RULES, gate_settings())) == []


def test_inputs():
    run = FrozenRun(meter="", first="2026-01-01 00:00", steps=500, value=240.5, unit="V")
    inputs = Inputs(
        steps=1000,
        missing_fraction={"Voltage": 0.06, "Sub_metering_1": 0.05},
        missing_worst={},
        physics_fraction={"sub-meters above the total": 0.02},
        physics_worst={},
        longest_frozen={"Voltage": run},
    )
    found = list(input_alarms(inputs, defaults().validation, 60))
    assert [alarm.name for alarm in found] == ["frozen:Voltage", "missing:Voltage", "physics"]
    assert found[0].finding == (
        "Voltage: 240.5 V for 8 h 20 min from 2026-01-01 00:00 on, allowed 8 h"
    )
    assert "2.000% of the steps" in found[2].finding


def test_distances():
    near, far = (
        Distance(measurement=name, value=value, threshold=0.3)
        for name, value in (("Voltage", 0.3), ("Global_intensity", 0.31))
    )
    [found] = distance_alarms("drift", [near, far])
    assert found.name == "drift:Global_intensity"
    assert "0.310, allowed 0.3" in found.finding
    assert "client" in next(iter(distance_alarms("skew", [far]))).advice


@pytest.mark.parametrize(
    ("newest", "said"),
    [(1000, None), (999, "the newest is of 1970-01-01 16:39"), (None, "there is none")],
)
def test_a_silent_service(newest, said):
    grid = Grid(defaults().spec)
    found = list(stale_alarms(newest, until=1100, allowed=100, grid=grid))
    assert [alarm.name for alarm in found] == ["stale"] * (said is not None)
    assert all(said in alarm.finding for alarm in found)
