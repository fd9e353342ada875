"""What is reported of a house, when something happens to it, and when nothing does."""

import numpy as np
import pytest

from tests.support.monitoring import DAY, house, live_of, measured, span_of, training_of, windows
from tests.support.series import Series
from tests.support.settings import SERIES, TARGET, defaults
from tfx_pipeline.evaluation.results import Scores
from tfx_pipeline.monitoring.gate import Before
from tfx_pipeline.monitoring.live import Live
from tfx_pipeline.monitoring.report import MonitorReport
from tfx_pipeline.monitoring.watch import Reference, watch

FIRST, DAYS = 42, 28
"""The days that are watched; those before are what the model was trained on."""


@pytest.fixture(scope="module")
def whole() -> Series:
    return house(FIRST + DAYS)


@pytest.fixture(scope="module")
def reference(whole) -> Reference:
    trained = whole.without_rows(slice(FIRST * DAY, None))
    figures = {"mse_ratio": 0.25, "mae_ratio": 0.5, "coverage_p10_p90": 0.8}
    gate = Scores(**dict.fromkeys(Scores.model_fields) | figures)
    return Reference({"17": Before(gate)}, training_of(trained))


def copy(one: Series) -> Series:
    return Series(one.minutes, one.values.copy(), one.meter)


def reported(fed: Series, came: Series, reference: Reference, **forecasts: float) -> MonitorReport:
    live = live_of(fed, came, FIRST, DAYS, every=15, **forecasts)
    return watch(live, span_of(came, FIRST, DAYS), defaults(), reference)


def names(report: MonitorReport) -> set[str]:
    return {alarm.name for alarm in report.alarms}


def test_a_quiet_house_is_quiet(whole, reference):
    report = reported(whole, whole, reference)
    assert names(report) == set()
    assert report.notes == ()
    [one] = report.answered
    assert (one.version, one.label, one.joined, one.windows) == ("17", "stable", 2688, 2688)
    assert one.scores.mse_ratio == pytest.approx(0.25, rel=0.01)
    assert [period.first for period in one.periods][:2] == ["2007-02-12", "2007-02-19"]
    assert sum(period.forecasts for period in one.periods) == 2688
    assert all(distance.value == 0 for distance in report.skew or ())
    assert len(report.drift or ()) == len(SERIES.names)


@pytest.mark.parametrize(
    ("factor", "expected"), [(1.02, {"drift:Voltage"}), (1.0, set())], ids=["2 %", "none"]
)
def test_a_meter_that_shows_too_much_has_drifted(whole, reference, factor, expected):
    drifted = copy(whole)
    drifted.values[2, (FIRST + 14) * DAY :] *= factor
    assert names(reported(drifted, drifted, reference)) == expected


def test_a_power_meter_that_shows_too_much_breaks_a_law(whole, reference):
    drifted = copy(whole)
    drifted.values[0, (FIRST + 14) * DAY :] *= 1.2
    assert "physics" in names(reported(drifted, drifted, reference))


def test_a_sensor_that_stands_still_is_frozen(whole, reference):
    stuck = copy(whole)
    begin = (FIRST + DAYS) * DAY - 600
    stuck.values[2, begin:] = stuck.values[2, begin]
    report = reported(stuck, stuck, reference)
    assert names(report) == {"frozen:Voltage"}
    [alarm] = report.alarms
    assert "for 9 h" in alarm.finding


def test_a_household_that_is_away_is_reported_and_no_alarm(whole, reference):
    away = copy(whole)
    days = slice((FIRST + 14) * DAY, (FIRST + 24) * DAY)
    # As a night in which nothing runs.
    quiet = 0.25 + 0.02 * np.random.default_rng(1).standard_normal(10 * DAY)
    away.values[0, days] = quiet.round(3)
    away.values[3, days] = (quiet * 1000 / 241).round(1)
    away.values[4:, days] = 0
    report = reported(away, away, reference)
    assert names(report) == set()
    [absence] = report.absences
    assert (absence.first, absence.days) == ("2007-02-26", 10)
    [note] = report.notes
    assert "Only the base load ran from 2007-02-26 to 2007-03-07 (10 days)" in note


def test_after_a_holiday_drift_is_of_the_days_before_and_after(whole, reference):
    away = copy(whole)
    days = slice((FIRST + 12) * DAY, (FIRST + 26) * DAY)
    away.values[0, days] = 0.2 + 0.01 * (np.arange(14 * DAY) % 3)
    report = reported(away, away, reference)
    assert report.drift is not None
    # Two days since, and twelve before.
    expected = reported(whole, whole, reference).drift
    assert expected is not None
    assert [one.value for one in report.drift] != [one.value for one in expected]
    assert names(report) == {"physics"}


def test_few_days_say_nothing_of_drift(whole, reference):
    live = live_of(whole, whole, FIRST + DAYS - 6, 6, every=15)
    report = watch(live, span_of(whole, FIRST, DAYS), defaults(), reference)
    assert report.drift is None
    assert report.notes == ("Too few days are there to say anything of drift (monitoring.recent)",)


def test_a_client_with_another_unit_is_skewed_whatever_the_truth(whole, reference):
    sent = copy(whole)
    sent.values[0] *= 1000
    report = reported(sent, whole, reference)
    assert f"skew:{TARGET}" in names(report)
    assert "skew:Voltage" not in names(report)


def test_a_model_that_does_worse_than_before_is_an_error(whole, reference):
    assert names(reported(whole, whole, reference, error=0.9)) == {"error"}
    assert names(reported(whole, whole, reference, error=1.2)) == {"error"}


def test_a_band_that_is_too_narrow_is_told(whole, reference):
    assert names(reported(whole, whole, reference, covered=0.6)) == {"coverage"}


def test_a_version_that_no_longer_answers_raises_no_alarm(whole, reference):
    live = live_of(whole, whole, FIRST, DAYS, every=30)
    origins = np.arange(FIRST * DAY, (FIRST + 10) * DAY, 10)
    bad = {name: np.zeros((origins.size, 5)) for name in ("mean", "p10", "p50", "p90")}
    live.add(windows(whole, origins, bad, version="16", label=""))
    report = watch(live, span_of(whole, FIRST, DAYS), defaults(), reference)
    assert names(report) == set()
    assert [one.version for one in report.answered] == ["17", "16"]
    assert report.answered[1].scores.mse_ratio > 1
    assert report.notes == ("What the gate found of version 16 is not known here",)


def test_an_empty_log_is_stale(whole):
    live = Live(SERIES, span_of(whole, FIRST, DAYS), measured(whole))
    report = watch(live, span_of(whole, FIRST, DAYS), defaults(), Reference())
    assert names(report) == {"stale"}
    assert (report.inputs, report.drift, report.skew, report.newest) == (None, None, None, None)
    assert "nothing is said of drift" in report.notes[0]
