"""The report in a real browser: on a phone, a laptop and a large screen, by day and by night."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.browser import PATIENCE, Browser, Tab
from tests.support.report import REPORTS
from tfx_pipeline.report.html.page import render

pytestmark = pytest.mark.integration

SIZES = {"phone": (390, 844), "laptop": (1280, 800), "screen": (1920, 1080)}
PAGE_COLORS = {"light": "rgb(245, 247, 250)", "dark": "rgb(14, 19, 28)"}
MOST_BYTES = 1_500_000
MOST_MILLISECONDS = 1000

Open = Callable[..., Tab]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The reports of very different runs, by name."""
    folder = tmp_path_factory.mktemp("reports")
    for name, arguments in REPORTS.items():
        (folder / f"{name}.html").write_text(render(*arguments), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in REPORTS}


@pytest.fixture
def opened(browser: Browser, pages: dict[str, Path]) -> Iterator[Open]:
    """Opens a report; whatever it asks for or complains about fails the test."""
    tabs = []

    def open_page(report: str, size: str = "laptop", scheme: str = "light") -> Tab:
        tabs.append(Tab(browser, *SIZES[size], scheme))
        tabs[-1].open(pages[report].as_uri())
        return tabs[-1]

    yield open_page
    complaints = [complaint for tab in tabs for complaint in tab.complaints()]
    for tab in tabs:
        tab.close()
    assert complaints == []


@pytest.mark.parametrize("scheme", PAGE_COLORS)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("report", REPORTS)
def test_every_report_fits_every_screen(opened: Open, report: str, size: str, scheme: str) -> None:
    tab = opened(report, size, scheme)
    assert tab.evaluate("innerWidth") == SIZES[size][0]
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls aside"
    top = tab.evaluate("document.querySelector('h1').getBoundingClientRect().y")
    assert top < SIZES[size][1] / 4, "the verdict comes first"
    color = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert color == PAGE_COLORS[scheme]
    empty = tab.evaluate(
        """[...document.querySelectorAll("figure.chart:not(.empty)")].filter(figure => {
            const of = figure.querySelector("canvas");
            const image = of.getContext("2d").getImageData(0, 0, of.width, of.height);
            return !new Uint32Array(image.data.buffer).some(pixel => pixel);
        }).map(figure => figure.id)"""
    )
    assert empty == []


def test_a_person_moves_through_the_days(opened: Open) -> None:
    tab = opened("pushed")
    views = [tab.canvas("chart-forecast")]
    for button in ("the worst hour", "1 min ahead", "closer", "later", "earlier", "all"):
        tab.click(button)
        views.append(tab.canvas("chart-forecast"))
    first, day, ahead, closer, later, earlier, whole = views
    assert len({first, day, ahead, closer, later}) == 5
    assert earlier == closer
    assert whole == ahead
    chosen = "document.querySelector('#excerpt [aria-pressed=true]').textContent"
    assert "the worst hour" in tab.evaluate(chosen)
    tab.point_at("#chart-forecast .u-over")
    legend = tab.evaluate("document.querySelector('#chart-forecast .u-legend').innerText")
    assert legend.count("kW") == 4


def test_it_follows_the_scheme_while_it_is_open(opened: Open) -> None:
    tab = opened("pushed", scheme="light")
    light = tab.canvas("chart-mse")
    tab.media("dark")
    deadline = time.monotonic() + PATIENCE
    while tab.canvas("chart-mse") == light:
        assert time.monotonic() < deadline, "the charts keep their colours"
        time.sleep(0.1)


def test_pointing_at_a_component_shows_what_it_is_made_of(opened: Open) -> None:
    tab = opened("pushed")
    tab.point_at("#lineage g[data-name=Trainer]")
    shown = "[...document.querySelectorAll('#lineage g.on')].map(of => of.dataset.name)"
    assert sorted(tab.evaluate(shown)) == ["PowerExampleGen", "Trainer"]
    assert tab.evaluate("document.querySelectorAll('#lineage path.on').length") == 1


def test_on_paper_it_is_light_and_everything_is_open(opened: Open) -> None:
    tab = opened("pushed", scheme="dark")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    tab.media("dark", medium="print")
    assert tab.evaluate("document.querySelectorAll('details:not([open])').length") == 0
    color = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert color == "rgb(255, 255, 255)"
    assert tab.evaluate("document.querySelector('#move').offsetHeight") == 0
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert tab.evaluate("document.querySelectorAll('details[open]').length") == 0
    assert tab.pdf().startswith(b"%PDF")


def test_it_opens_at_once(opened: Open, pages: dict[str, Path]) -> None:
    assert pages["pushed"].stat().st_size < MOST_BYTES
    tab = opened("pushed")
    took = []
    for _ in range(5):
        tab.open(pages["pushed"].as_uri())
        took.append(tab.evaluate("performance.getEntriesByType('navigation')[0].domComplete"))
    assert min(took) < MOST_MILLISECONDS


@pytest.mark.parametrize(("report", "hidden"), [("pushed", []), ("tiny", ["chart-curve-mse"])])
def test_errors_are_drawn_of_the_fits_that_were_scored(
    opened: Open, report: str, hidden: list[str]
) -> None:
    found = opened(report).evaluate(
        "['chart-curve-mse', 'chart-curve-loss'].filter("
        "id => getComputedStyle(document.getElementById(id)).display === 'none')"
    )
    assert found == hidden
