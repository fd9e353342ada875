"""The report of any run: complete, equal to the summary, and safe against what stands in it."""

import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.page import Page
from tests.support.report import REJECTED, excerpts, failed, many_meters, tiny
from tests.support.summary import evaluation, full_summary, made_of, run_summary
from tfx_pipeline.evaluation.excerpts import Excerpts
from tfx_pipeline.evaluation.results import Verdict
from tfx_pipeline.report.html.page import render, write_report
from tfx_pipeline.report.summary import DataWarning, NodeSummary, read_summary, write_summary

RECORDED = Path(__file__).parents[3] / "data"
HOSTILE = "</script><script>alert('x')</script><b onload=\"x\">&amp;\u2028"


def test_every_table_equals_the_summary():
    summary = full_summary()
    page, found = Page(render(summary, excerpts())), summary.evaluation
    assert found is not None
    errors = page.tables["errors"]
    for row in found.per_step:
        figures = (row.mse, row.naive_mse, row.mae, row.naive_mae, row.coverage_p10_p90, row.width)
        assert [str(row.step), *figures] in [[one[0], *one[2:]] for one in errors if len(one) > 7]
    assert ["all", found.mse, found.naive_mse, found.mae, found.naive_mae] in [
        one[:5] for one in errors
    ]
    for one in found.slices:
        ratios = (one.mse_ratio, one.mae_ratio, one.mse, one.mae, one.bias, one.coverage_p10_p90)
        assert [one.slice, one.hours, one.forecasts, *ratios] in errors
    assert [[one.outcome, one.rule, one.finding] for one in found.verdicts] == [
        row for row in page.tables["gate"] if row and "_" in str(row[1])
    ]
    assert summary.data is not None
    for gap in summary.data.longest_gaps:
        assert [gap.steps, gap.first, gap.last] in page.tables["data"]
    for name, split in summary.data.splits.items():
        row = [name, split.first, split.last, split.windows, split.unlabelled]
        assert row in page.tables["data"]
    for measure in summary.drift or ():
        shown = [measure.feature, measure.value, measure.threshold]
        assert shown in [row[:3] for row in page.tables["data"]]
    for node in summary.nodes:
        row = [node.id, node.state, "", node.seconds, node.cpu_seconds, node.peak_rss_bytes]
        assert row in page.tables["nodes"]
    scores = [row[1] for row in page.tables["training"] if row]
    assert scores == sorted(one.score for one in summary.trials or ())
    assert summary.since_blessed is not None
    assert len(page.tables["changes"]) == 1 + len(summary.since_blessed.changes)


def test_every_chart_equals_the_summary():
    summary, kept = full_summary(), excerpts()
    charts = Page(render(summary, kept)).charts
    found = summary.evaluation
    assert found is not None
    assert charts["steps"]["x"] == [row.step for row in found.per_step]
    for name in ("mse", "mae", "naive_mse", "persistence_mae", "below_p10", "width"):
        assert charts["steps"][name] == [getattr(row, name) for row in found.per_step]
    hours = [one for one in found.slices if one.slice.startswith("hour ")]
    assert charts["hours"]["x"] == [0, 1]
    assert charts["hours"]["mae_ratio"] == [one.mae_ratio for one in hours]
    assert summary.data is not None
    assert summary.data.timeline is not None
    assert charts["timeline"]["mean"] == list(summary.data.timeline.mean)
    assert charts["training"][-1]["eval_mse"] == [0.2, 0.1]
    assert Excerpts.model_validate(charts["forecasts"]) == kept


def test_a_figure_is_written_as_it_is():
    for value, text in Page(render(full_summary(), excerpts())).figures:
        digits = re.match(r"[+-]?[\d,]+(\.\d+)?", text)
        if value is None:
            assert text == "-"
        elif text.endswith("%"):
            assert digits is not None
            assert float(digits[0]) == pytest.approx(100 * value, abs=0.051)
        elif not re.search(r"[a-zA-Z]", text):
            assert digits is not None
            assert float(digits[0].replace(",", "")) == pytest.approx(value, rel=6e-3, abs=6e-4)


@pytest.mark.parametrize(
    ("values", "word", "said"),
    [
        ({"evaluation": evaluation(blessed=True), "pushed_version": "17"}, "Pushed", "version 17"),
        ({"evaluation": evaluation(blessed=True)}, "Not pushed", "blessed the model, but it was"),
        ({}, "Not pushed", "The gate refused the model"),
    ],
)
def test_the_verdict_comes_first(values, word, said):
    html = render(run_summary(**values))
    text = Page(html).text
    assert text.index(word) < text.index(said) < text.index("Squared error")
    assert f"<title>household-power: {word}" in html


def test_a_run_that_had_nothing_to_do_says_so():
    summary = full_summary()
    cached = tuple(node.model_copy(update={"state": "cached"}) for node in summary.nodes)
    said = "every step came from the cache"
    assert said not in render(summary)
    assert said in render(summary.model_copy(update={"nodes": cached}))


def test_a_failed_run_says_what_failed_and_why():
    text = Page(render(failed("Trainer", "the disk is full", data=None))).text
    assert "Trainer failed; nothing was pushed." in text
    assert "the disk is full" in text


def test_a_run_that_the_data_gate_stopped_lists_every_finding():
    html = render(failed("DataGate", REJECTED))
    assert "nothing was trained on these data" in html
    page = Page(html)
    for line in REJECTED.splitlines():
        assert line.strip() in page.text
    assert "86,400 rows" in " ".join(page.text.split())
    assert page.charts["steps"] is None


def test_a_run_that_failed_before_anything_has_a_report():
    summary = failed("Trainer", "", data=None)
    page = Page(render(summary.model_copy(update={"nodes": (), "total_seconds": 0.0})))
    assert "The run failed" in page.text


def test_a_tiny_run_has_every_part_that_a_large_one_has():
    large, small = (Page(render(summary)) for summary in (full_summary(), tiny()))
    parts = [[of["id"] for tag, of in page.tags if tag == "section"] for page in (large, small)]
    assert parts[0] == parts[1]
    assert small.charts["steps"]["x"] == [1]
    assert small.charts["hours"] is None


def test_200_meters_and_many_steps_are_listed():
    html = render(many_meters())
    page = Page(html)
    assert sum(str(row[0]).startswith("group meter") for row in page.tables["errors"] if row) == 200
    assert page.charts["hours"] is None
    assert len(html) < 500_000


@pytest.mark.parametrize(("peak", "said"), [(2**30, "peak memory 1.00 GiB"), (0, "first step")])
def test_memory_is_said_where_it_was_measured(peak, said):
    page = Page(render(run_summary(peak_rss_bytes=peak)))
    assert said in page.text
    assert "peak memory 0" not in page.text


def test_a_slice_without_figures_has_dashes():
    nothing = evaluation(
        mse=None, mae=None, mse_ratio=None, mae_ratio=None, per_step=(), cadence=timedelta(hours=1)
    )
    page = Page(render(run_summary(evaluation=nothing)))
    assert page.figures[:2] == [(None, "-"), (None, "-")]


def test_what_stands_in_a_name_is_text():
    hostile = run_summary(
        pipeline=HOSTILE,
        profile=HOSTILE,
        error=HOSTILE,
        warnings=(DataWarning(rule=HOSTILE, where=HOSTILE, message=HOSTILE),),
        provenance=made_of(settings={HOSTILE: HOSTILE}, commit=HOSTILE),
        hyperparameters={HOSTILE: HOSTILE},
        evaluation=evaluation(
            unit=HOSTILE,
            verdicts=(Verdict(rule=HOSTILE, slice=None, outcome="failed", finding=HOSTILE),),
        ),
        nodes=(NodeSummary(id=HOSTILE, state="complete", seconds=1.0, peak_rss_bytes=1),),
    )
    kept = excerpts(meter=HOSTILE).model_copy(update={"target": HOSTILE})
    html = render(hostile, kept)
    plain = render(run_summary(), excerpts())
    assert html.count("<script") == plain.count("<script") == 2
    assert html.count("</script") == 2
    page = Page(html)
    assert not [name for tag, of in page.tags for name in of if name.startswith("on")]
    assert HOSTILE in page.text
    assert page.charts["forecasts"]["target"] == HOSTILE


def test_nothing_is_asked_of_any_server():
    html = render(full_summary(), excerpts())
    for tag, attributes in Page(html).tags:
        for name in ("src", "href", "action", "data", "srcset"):
            value = attributes.get(name) or "#"
            assert value.startswith(("#", "data:")), (tag, value)
    assert "default-src 'none'" in html
    assert "@import" not in html
    assert "url(" not in html


@pytest.mark.parametrize("recorded", ["summary_2.json"])
def test_a_summary_of_an_earlier_release_has_a_report(tmp_path, recorded):
    shutil.copy(RECORDED / recorded, tmp_path / "summary.json")
    path = write_report(tmp_path)
    assert path == tmp_path / "report.html"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["report.html", "summary.json"]
    assert "The gate refused the model" in path.read_text(encoding="utf-8")


def test_it_is_made_again_from_the_files_of_a_run(tmp_path):
    write_summary(full_summary(), tmp_path)
    (tmp_path / "excerpts.json").write_text(excerpts().model_dump_json())
    first = write_report(tmp_path).read_text(encoding="utf-8")
    assert write_report(tmp_path).read_text(encoding="utf-8") == first
    assert first == render(read_summary(tmp_path), excerpts())


def test_without_a_summary_there_is_none(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"summary\.json: no such summary"):
        write_report(tmp_path)
