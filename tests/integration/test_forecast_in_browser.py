"""The page of a forecast in a real browser: it fits, is drawn, and asks for nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.browser import Browser, Tab
from tests.support.series import household, write_iso
from tests.support.settings import SERIES, WINDOWING
from tests.support.windows import model
from tfx_pipeline.client.files import read_windows
from tfx_pipeline.client.forecaster import Forecast
from tfx_pipeline.client.plot import write_plot

pytestmark = pytest.mark.integration

METERS = ("kitchen", "a meter with a long name that somebody gave it on floor 3 behind door 12")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_past_forecast_and_band_are_drawn(
    width: int, scheme: str, browser: Browser, tmp_path: Path
) -> None:
    houses = [household(80, "2023-01-01 00:00", seed, name) for seed, name in enumerate(METERS)]
    file = write_iso(tmp_path / "houses.csv", *houses)
    windows = read_windows([str(file)], model(SERIES, WINDOWING, meters=2))
    mean = np.repeat(windows.target[:, -1:], WINDOWING.horizon, axis=1)
    page = tmp_path / "forecast.html"
    write_plot(Forecast(windows, mean, mean - 0.2, mean, mean + 0.3, "3", "stable"), "house", page)
    tab = Tab(browser, width, 800, scheme)
    tab.open(page.as_uri())
    assert tab.evaluate("document.documentElement.dataset.drawn") == "2"
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls aside"
    drawn = tab.evaluate(
        """[...document.querySelectorAll("canvas")].map(of => new Set(new Uint32Array(
            of.getContext("2d").getImageData(0, 0, of.width, of.height).data.buffer)).size)"""
    )
    assert min(drawn) > 50, "too few colours for lines and a band"
    assert tab.complaints() == []
    tab.close()
