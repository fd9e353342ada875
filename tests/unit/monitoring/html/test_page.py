"""The page of a report: complete, equal to the report, and safe against what stands in it."""

import pytest

from tests.support.monitoring import house, live_of, span_of, training_of
from tests.support.page import Page
from tests.support.settings import defaults
from tfx_pipeline.evaluation.results import Scores, StepScores
from tfx_pipeline.monitoring.gate import Before
from tfx_pipeline.monitoring.html.page import render
from tfx_pipeline.monitoring.report import Alarm, MonitorReport
from tfx_pipeline.monitoring.watch import Reference, watch

HOSTILE = "</script><script>alert('x')</script><b onload=\"x\">&amp;"


@pytest.fixture(scope="module")
def report() -> MonitorReport:
    one = house(20)
    gate = Scores(**dict.fromkeys(Scores.model_fields) | {"mse_ratio": 0.24, "mae_ratio": 0.48})
    step = StepScores(**dict.fromkeys(StepScores.model_fields) | {"step": 1, "mse": 0.125})
    reference = Reference({"17": Before(gate, (step,))}, training_of(one))
    live = live_of(one, one, 10, 10, every=30)
    return watch(live, span_of(one, 10, 10), defaults(), reference)


def test_every_figure_is_the_reports(report):
    page = Page(render(report))
    [one] = report.answered
    tables = page.tables["errors"]
    figures = (one.scores.mse_ratio, one.scores.mae_ratio, one.scores.coverage_p10_p90)
    counts = (one.windows, one.joined, 0, 0, 0, 0)
    assert ["17", "stable", *counts, *figures] in tables
    for period in one.periods:
        of = period.scores
        row = [period.first, period.forecasts, of.mse_ratio, of.mae_ratio, of.coverage_p10_p90]
        assert row in tables
    drift = {one.measurement: one for one in report.drift or ()}
    rows = {row[0]: row for row in page.tables["inputs"] if row}
    for name, distance in drift.items():
        assert rows[name][3:5] == [distance.value, distance.threshold]


def test_every_chart_is_the_reports(report):
    charts = Page(render(report)).charts
    [one] = report.answered
    [line], [steps] = charts["lines"], charts["steps"]
    assert charts["x"][0] == 1168214400  # the Monday before, 2007-01-08
    assert line["mse_ratio"] == [period.scores.mse_ratio for period in one.periods]
    assert line["gate"] == {"mse_ratio": 0.24, "mae_ratio": 0.48, "coverage_p10_p90": None}
    assert steps["naive_mae"] == [row.naive_mae for row in one.per_step]
    assert steps["gate_mse"] == [0.125, None, None, None, None]


def test_alarms_and_notes_come_first(report):
    alarm = Alarm(name="drift:Voltage", version=None, finding="It is far", advice="Look at it.")
    noisy = report.model_copy(update={"alarms": (alarm,), "notes": ("Nobody was there",)})
    text = Page(render(noisy)).text
    assert "Alarm 1 to look at." in " ".join(text.split())
    assert text.index("It is far") < text.index("Look at it.") < text.index("Live errors")
    assert "Nobody was there." in text
    assert "Nothing to look at." in Page(render(report)).text


def test_nothing_to_show_is_a_page_too(report):
    empty = report.model_copy(update={"answered": (), "inputs": None, "drift": None, "skew": None})
    assert "errors" not in Page(render(empty)).tables


def test_what_stands_in_it_does_no_harm(report):
    [one] = report.answered
    hostile = report.model_copy(
        update={"name": HOSTILE, "answered": (one.model_copy(update={"version": HOSTILE}),)}
    )
    page = Page(render(hostile))
    assert page.charts["lines"][0]["name"] == f"{HOSTILE} stable"
    assert not [tag for tag, attributes in page.tags if "onload" in attributes]
    outside = [
        attributes
        for _, attributes in page.tags
        for name, value in attributes.items()
        if name in ("src", "href") and not (value or "").startswith(("#", "data:"))
    ]
    assert outside == []
