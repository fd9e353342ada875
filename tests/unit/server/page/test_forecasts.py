"""What the page keeps of forecasts, and how it lays them out."""

from __future__ import annotations

import json
from datetime import timedelta

import numpy as np
import pytest

from tfx_pipeline.data.contract import METER
from tfx_pipeline.model_contract import (
    DEFAULT_SIGNATURE,
    EXAMPLES_SIGNATURE,
    TIMESTAMP,
    ModelMetadata,
)
from tfx_pipeline.series.files import UCI_HOUSEHOLD, read_series
from tfx_pipeline.server.page.forecasts import KEPT, MOST_OF_A_REQUEST, RecentForecasts
from tfx_pipeline.serving.answered import Answered

NOON = 1_171_411_200
WINDOW, HORIZON = 4, 2
SERIES = read_series(UCI_HOUSEHOLD).at(timedelta(minutes=1))
METADATA = ModelMetadata(
    series=SERIES,
    window=WINDOW,
    horizon=HORIZON,
    origins=1,
    meters=2,
    family="mlp",
    hyperparameters={},
)
TARGET = SERIES.target.name


def answered(
    past, ahead, steps=0, *, meter=None, version="1", signature=DEFAULT_SIGNATURE, at=0.0, **more
):
    """A request of one window whose last step is so many after noon; the band is ahead +- 1."""
    past, ahead = np.array([past], np.float32), np.array([ahead], np.float32)
    inputs = {TARGET: past, TIMESTAMP: np.array([NOON + 60 * steps])}
    if meter is not None:
        inputs[METER] = np.array([meter], object)
    outputs = {"mean": ahead, "p10": ahead - 1, "p50": ahead, "p90": ahead + 1}
    return Answered(at, "model", version, "stable", signature, inputs | more, outputs, None)


@pytest.fixture
def recent():
    return RecentForecasts(lambda version: None if version == "other" else METADATA)


def times(chart, name):
    """Steps after noon -> value, of those that are known."""
    pairs = zip(chart["x"], chart[name], strict=True)
    return {(x - NOON) // 60: value for x, value in pairs if value is not None}


def test_without_a_forecast_there_is_no_chart(recent):
    assert recent.chart() is None


def test_one_forecast_follows_what_was_measured(recent):
    recent.observe(answered([1, np.nan, 3, 4], [5, 6], at=7.5))
    chart = recent.chart()
    assert times(chart, "measured") == {-3: 1, -1: 3, 0: 4}
    assert times(chart, "p50") == {1: 5, 2: 6}
    assert times(chart, "p10") == {1: 4, 2: 5}
    assert times(chart, "p90") == {1: 6, 2: 7}
    assert (chart["origin"], chart["at"], chart["version"]) == (NOON, 7.5, "1")
    assert (chart["target"], chart["unit"], chart["label"]) == (TARGET, "kW", "stable")
    assert chart["x"][0] == NOON - 3 * 60, "nothing is drawn before the first measurement"


def test_each_time_has_the_newest_forecast_about_it(recent):
    recent.observe(answered([1, 2, 3, 4], [50, 60], 0))
    recent.observe(answered([2, 3, 4, 5], [6, 7], 1))
    chart = recent.chart()
    assert times(chart, "measured") == {-3: 1, -2: 2, -1: 3, 0: 4, 1: 5}
    assert times(chart, "p50") == {1: 50, 2: 6, 3: 7}


def test_a_forecast_that_is_asked_for_late_does_not_cover_a_newer_one(recent):
    recent.observe(answered([2, 3, 4, 5], [6, 7], 1))
    recent.observe(answered([1, 2, 3, 4], [50, 60], 0))
    recent.observe(answered([2, 3, 4, 5], [6, 7], 1))
    assert times(recent.chart(), "p50") == {1: 50, 2: 6, 3: 7}


def test_who_asks_about_the_past_sees_the_past(recent):
    recent.observe(answered([1, 2, 3, 4], [5, 6], 1000))
    recent.observe(answered([7, 8, 9, 10], [11, 12], 0))
    chart = recent.chart()
    assert times(chart, "measured") == {-3: 7, -2: 8, -1: 9, 0: 10}
    assert times(chart, "p50") == {1: 11, 2: 12}


def test_what_is_long_ago_has_left_the_chart(recent):
    for step in range(40):
        recent.observe(answered([step - 3, step - 2, step - 1, step], [0, 0], step))
    assert times(recent.chart(), "measured") == {n: n for n in range(32, 40)}


def test_meters_have_charts_of_their_own(recent):
    recent.observe(answered([1, 1, 1, 1], [1, 1], meter=b"one"))
    recent.observe(answered([2, 2, 2, 2], [2, 2], meter="<two>"))
    assert recent.chart()["meters"] == ["<two>", "one"]
    assert recent.chart()["meter"] == "<two>", "the last that was asked about"
    assert times(recent.chart("one"), "p50") == {1: 1, 2: 1}
    assert recent.chart("three")["meter"] == "<two>"


def test_a_forecast_of_nothing_is_empty(recent):
    nothing = [np.nan] * WINDOW
    recent.observe(answered(nothing, [np.nan, np.nan]))
    chart = recent.chart()
    assert times(chart, "measured") == times(chart, "p50") == {}
    json.dumps(chart, allow_nan=False)


def test_the_past_may_be_shorter_than_the_distance_to_it(recent):
    recent.observe(answered([1, 1, 1, 1], [1, 1], -12))
    recent.observe(answered([2, 2, 2, 2], [2, 2], 0))
    assert times(recent.chart(), "measured") == {-3: 2, -2: 2, -1: 2, 0: 2}


@pytest.mark.parametrize(
    "other",
    [
        answered([1, 2, 3, 4], [5, 6], version="other"),
        answered([1, 2, 3, 4], [5, 6], signature=EXAMPLES_SIGNATURE),
        answered([1, 2, 3], [5, 6]),
        answered([1, 2, 3, 4], [5, 6, 7]),
        answered([1, 2, 3, 4], [5, 6], **{TIMESTAMP: np.array([[NOON]])}),
        answered([1, 2, 3, 4], [5, 6], **{TIMESTAMP: np.array([2**62])}),
        Answered(
            0.0, "model", "1", None, DEFAULT_SIGNATURE, {"x": np.zeros(1)}, {"y": np.zeros(1)}, None
        ),
    ],
    ids=["no contract", "examples", "short window", "long forecast", "times", "never", "other"],
)
def test_what_is_no_forecast_of_the_contract_is_passed_over(recent, other):
    recent.observe(other)
    assert recent.chart() is None


def test_what_is_kept_is_bounded(recent):
    batch = 10 * MOST_OF_A_REQUEST
    inputs = {TARGET: np.zeros((batch, WINDOW), np.float32), TIMESTAMP: np.full(batch, NOON)}
    ahead = np.zeros((batch, HORIZON), np.float32)
    outputs = dict.fromkeys(("mean", "p10", "p50", "p90"), ahead)
    request = Answered(0.0, "model", "1", None, DEFAULT_SIGNATURE, inputs, outputs, None)
    recent.observe(request)
    assert recent.chart()["forecasts"] == MOST_OF_A_REQUEST
    for _ in range(10):
        recent.observe(request)
    assert recent.chart()["forecasts"] == KEPT
