"""The page with past, forecast and band."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from tfx_pipeline.client.forecaster import Forecast
from tfx_pipeline.client.plot import render, write_plot


@pytest.fixture
def forecast(windows):
    mean = np.array([[1, 2], [3, 4]], np.float32)
    return Forecast(windows, mean, mean - 1, mean, mean + 1, "3", "stable")


def charts(page):
    found = re.search(r'<script type="application/json" id="forecasts">(.*?)</script>', page)
    return json.loads(found[1])


def test_the_newest_window_of_each_meter_is_drawn(forecast):
    page = render(forecast, "house")
    [chart] = charts(page)
    assert chart["known"] == [2, 3, None, 5, None, None]
    assert chart["p90"] == [None, None, None, None, 4, 5]
    assert chart["now"] == chart["x"][4]
    assert np.diff(chart["x"]).tolist() == [900] * 5
    assert "house, version 3 (stable)" in page
    assert "3 of the 4 steps before it are known" in page


def test_the_page_needs_no_other_file_and_holds_no_code_of_others(forecast, windows):
    evil = replace(windows, meters=("home", "</script><script>alert(1)</script>"))
    page = render(replace(forecast, windows=evil), "house")
    assert len(charts(page)) == 2
    assert "<script>alert" not in page
    own = re.sub(r"<script>.*?</script>|<style>.*?</style>", "", page, flags=re.DOTALL)
    assert not re.search(r"(src|href)=\"(?!data:)", own)


def test_a_page_is_written_whole(forecast, tmp_path):
    path = tmp_path / "house.html"
    write_plot(forecast, "house", path)
    assert path.read_text().startswith("<!doctype html>")
    assert [one.name for one in tmp_path.iterdir()] == ["house.html"]
