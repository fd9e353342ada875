"""household-power monitor: what it writes, and its exit codes."""

import json
import os
import re
import sys

import pytest

from tests.support.monitoring import house, log_of
from tests.support.page import Page
from tests.support.series import write_uci
from tfx_pipeline.cli import main
from tfx_pipeline.monitoring.report import MonitorReport

FIRST, DAYS = 9, 8


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """A log of eight days, and what was measured."""
    folder = tmp_path_factory.mktemp("house")
    one = house(FIRST + DAYS)
    log_of(folder / "log", [one], FIRST, DAYS)
    return folder / "log", write_uci(folder / "house.txt", one)


def monitor(places, *options: str, until: str = "2007-01-18") -> int:
    log, file = places
    of_files = [f"--log={log}", f"--measurements={file}", f"--until={until}"]
    return main(["monitor", *of_files, *options, f"--outputs={log.parent}"])


def test_quiet(places, capsys):
    assert monitor(places) == 0
    shown = capsys.readouterr().out
    assert "household-power, 2006-12-21 00:00 to 2007-01-18 00:00" in shown
    assert re.search(r"17 stable +│ +1,152 +│ +0\.250 ", shown)
    assert "17 stable: 1,152 windows, 1,152 scored" in shown
    assert "quiet" in shown.splitlines()[-1]


def test_json_page_and_metrics_tell_the_same(places, tmp_path, capsys):
    page, metrics = tmp_path / "watch.html", tmp_path / "watch.prom"
    assert monitor(places, "--json", f"--html={page}", f"--prometheus={metrics}", "--by=day") == 0
    report = MonitorReport.model_validate_json(capsys.readouterr().out)
    [one] = report.answered
    assert len(one.periods) == DAYS
    ratio = one.scores.mse_ratio
    rows = Page(page.read_text()).tables["errors"]
    assert ratio in [row[8] for row in rows if len(row) > 8]
    metric = 'household_power_monitor_mse_ratio{label="stable",version="17"}'
    assert f"{metric} {ratio}" in metrics.read_text()
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["watch.html", "watch.prom"]


def test_an_alarm_has_an_exit_code_of_its_own(places, capsys):
    assert monitor(places, until="2007-02-01") == 3
    shown = capsys.readouterr().out
    assert "stale: No forecast in the log up to 2007-02-01 00:00" in shown


def test_a_reader_may_have_enough(places, monkeypatch, capsys):
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert monitor(places) == 141
    assert capsys.readouterr().err == ""


def test_a_setting_is_a_bound(places, capsys):
    assert monitor(places, "--monitoring.coverage_tolerance=0.0001") in (0, 3)
    assert monitor(places, "--monitoring.stale=PT1M") == 3
    assert "stale" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--until=yesterday"], 2, "'yesterday' is no time"),
        (["--since=2007-02-01"], 2, "--since (2007-02-01 00:00) must be before"),
        (["--log=nowhere"], 1, "nowhere: no request log; a server writes it where"),
        (["--measurements=nowhere.csv"], 1, "there is no"),
        (["--baseline-statistics=pyproject.toml"], 1, "pyproject.toml: no statistics of TFDV"),
        (["--html=/nowhere/page.html"], 1, "/nowhere"),
        (["--prometheus=/nowhere/page.prom"], 1, "/nowhere"),
    ],
)
def test_what_is_wrong_is_named(places, options, code, said, capsys):
    assert monitor(places, *options) == code
    assert said in capsys.readouterr().err


def test_the_schema_of_the_json_is_printed(capsys):
    assert main(["monitor", "--json-schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["title"] == "MonitorReport"
