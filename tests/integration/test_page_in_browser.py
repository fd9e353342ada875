"""The page of the local server in a real browser: three sizes of screen, light and dark."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

import pytest

from tests.support.browser import PATIENCE, Browser, Tab
from tests.support.page_server import HOSTILE, PageServer, forecast, version

pytestmark = pytest.mark.integration

SIZES = {"phone": (390, 844), "laptop": (1280, 800), "screen": (1920, 1080)}
PAGE_COLORS = {"light": "rgb(245, 247, 250)", "dark": "rgb(14, 19, 28)"}

Open = Callable[..., Tab]


@pytest.fixture
def server() -> Iterator[PageServer]:
    running = PageServer()
    for step in range(60):
        running.forecasts.observe(forecast(step))
    yield running
    running.stop()


@pytest.fixture
def opened(browser: Browser, server: PageServer) -> Iterator[Open]:
    """Opens the page; whatever it asks others for, or complains about, fails the test."""
    tabs = []

    def open_page(size: str = "laptop", scheme: str = "light") -> Tab:
        tabs.append(Tab(browser, *SIZES[size], scheme))
        tabs[-1].open(server.url)
        until(tabs[-1], "document.querySelector('#versions td')")
        return tabs[-1]

    yield open_page
    complaints = [complaint for tab in tabs for complaint in tab.complaints()]
    for tab in tabs:
        tab.close()
    own = {server.url + path for path in ("", "page.css", "page.js", "state.json")}
    assert [one for one in complaints if one.partition("?")[0] not in own] == []


def until(tab: Tab, expression: str) -> None:
    """Waits until an expression is true."""
    deadline = time.monotonic() + PATIENCE
    while not tab.evaluate(f"Boolean({expression})"):
        assert time.monotonic() < deadline, f"never true: {expression}"
        time.sleep(0.05)


def text(tab: Tab, selector: str) -> str:
    found: str = tab.evaluate(f"document.querySelector({json.dumps(selector)}).innerText")
    return found


@pytest.mark.parametrize("scheme", PAGE_COLORS)
@pytest.mark.parametrize("size", SIZES)
def test_it_fits_every_screen(opened: Open, size: str, scheme: str) -> None:
    tab = opened(size, scheme)
    assert tab.evaluate("innerWidth") == SIZES[size][0]
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls aside"
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == PAGE_COLORS[scheme]
    top = tab.evaluate("document.querySelector('#tiles').getBoundingClientRect().bottom")
    assert top < SIZES[size][1], "what is served and how it goes is seen without scrolling"
    drawn = """(() => {
        const of = document.querySelector("#chart canvas");
        const image = of.getContext("2d").getImageData(0, 0, of.width, of.height);
        return new Set(new Uint32Array(image.data.buffer)).size;
    })()"""
    assert tab.evaluate(drawn) > 10


def test_it_says_what_is_served_and_how_it_did(opened: Open) -> None:
    tab = opened()
    headline = text(tab, "#headline")
    assert "Version 1700000002 answers since 2023-11-14" in headline
    assert "1700000003 10 % of the requests as canary" in headline
    assert "1700000001 is not served: its files are not those" in text(tab, "#refused")
    tiles = text(tab, "#tiles")
    assert all(figure in tiles for figure in ("1,234", "0.162 %", "2 ms", "20 ms", "0.674"))
    rows = [line.split("\t") for line in text(tab, "#versions tbody").splitlines()]
    assert [row[:3] for row in rows] == [
        ["1700000003", "canary 10 %", "serving"],
        ["1700000002", "stable", "serving"],
        ["1700000001", "previous", "refused"],
    ]
    assert rows[1][6:9] == ["0.674", "0.811", "78.9 %"]


def test_the_chart_moves_as_forecasts_come(opened: Open, server: PageServer) -> None:
    tab = opened()
    shown = "document.querySelector('#chart > div').dataset.origin"
    views, origins = [tab.canvas("chart")], [tab.evaluate(shown)]
    for step in (60, 75):
        server.forecasts.observe(forecast(step))
        until(tab, f"{shown} !== '{origins[-1]}'")
        origins.append(tab.evaluate(shown))
        views.append(tab.canvas("chart"))
    assert [int(origin) - int(origins[0]) for origin in origins] == [0, 60, 16 * 60]
    assert len(set(views)) == 3
    tab.point_at("#chart .u-over")
    assert text(tab, "#chart .u-legend").count("kW") == 4


def test_it_follows_the_scheme_while_it_is_open(opened: Open) -> None:
    tab = opened()
    light = tab.canvas("chart")
    tab.media("dark")
    until(tab, f"document.querySelector('#chart canvas').toDataURL() !== {json.dumps(light)}")


def test_a_person_chooses_the_meter(opened: Open, server: PageServer) -> None:
    for meter in ("attic", HOSTILE):
        server.forecasts.observe(forecast(0, meter))
    tab = opened()
    assert HOSTILE in text(tab, "#target")
    tab.click("attic")
    until(tab, "document.querySelector('#target').innerText.includes('of attic')")
    server.forecasts.observe(forecast(1, HOSTILE))
    time.sleep(2.5)
    assert "of attic" in text(tab, "#target"), "the choice stays"


def test_nothing_that_is_told_becomes_markup(opened: Open, server: PageServer) -> None:
    server.state["versions"].append(version(1, HOSTILE, HOSTILE, reason=HOSTILE))
    server.state["problems"].append(HOSTILE)
    names = ("version", "label", "signature", "inputs", "outputs")
    server.state["answers"].append({"at": 0, "batch": 1} | dict.fromkeys(names, HOSTILE))
    server.state["name"] = HOSTILE
    tab = opened()
    assert text(tab, "body").count(HOSTILE) >= 8
    assert tab.evaluate("document.querySelectorAll('img, script:not([src])').length") == 0
    assert tab.evaluate("document.title") == f"{HOSTILE}: forecasts"


def test_other_models_have_no_chart(opened: Open, server: PageServer) -> None:
    server.forecasts.__init__(lambda version: None)  # type: ignore[misc]
    tab = opened()
    assert tab.evaluate("document.querySelector('#forecast').hidden")
    assert "Nobody has asked yet" in text(tab, "#answers")
    shapes = {"inputs": "x [2]", "outputs": "y [2]", "batch": 2, "signature": "serving_default"}
    server.state["answers"] = [{"at": 0, "version": "1", "label": None} | shapes]
    until(tab, "document.querySelector('#answers').innerText.includes('x [2]')")
    assert "Nobody has asked yet" not in text(tab, "#answers")


def test_it_survives_the_servers_restart(browser: Browser, server: PageServer) -> None:
    tab = Tab(browser, *SIZES["laptop"], "light")
    tab.open(server.url)
    until(tab, "document.querySelector('#versions td')")
    server.stop()
    until(tab, "document.body.classList.contains('away')")
    assert "The server has not answered since" in text(tab, "#away")
    assert "1700000002" in text(tab, "#versions"), "what it said last is still there"
    server.state["versions"] = [version(1700000009, "serving", "stable")]
    server.start()
    until(tab, "!document.body.classList.contains('away')")
    until(tab, "document.querySelector('#headline').innerText.includes('1700000009')")
    assert tab.evaluate("document.querySelector('#away').hidden")
    tab.close()
