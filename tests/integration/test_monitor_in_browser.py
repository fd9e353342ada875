"""The monitor's page in a real browser: its charts are drawn, and it complains of nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.browser import NAMES, Tab, chromium, find_chromium
from tests.support.monitoring import house, live_of, span_of, training_of
from tests.support.settings import defaults
from tfx_pipeline.monitoring.html.page import write_page
from tfx_pipeline.monitoring.watch import Reference, watch

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("monitor") / "watch.html"
    one = house(24)
    live = live_of(one, one, 8, 16, every=30)
    reference = Reference(training=training_of(one))
    write_page(watch(live, span_of(one, 8, 16), defaults(), reference), path)
    return path


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_every_chart_is_drawn(
    page: Path, width: int, scheme: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = find_chromium()
    if path is None:
        pytest.skip(f"there is no {' or '.join(NAMES)} here: apt-get install chromium")
    with chromium(path, tmp_path_factory.mktemp("profile")) as browser:
        tab = Tab(browser, width, 900, scheme)
        tab.open(page.as_uri())
        assert tab.evaluate("document.documentElement.dataset.drawn") == "5"
        assert len({tab.canvas(f"chart-{name}") for name in ("mse_ratio", "mse", "mae")}) == 3
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert tab.complaints() == []
        tab.close()
