"""The routes of the page: who may see it, and what a browser lets it do."""

from __future__ import annotations

import asyncio
import re

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from tfx_pipeline.server.page.routes import STATIC, add_page

PATHS = ("/", "/page.css", "/page.js", "/state.json")


def ask(path, method="GET", **more):
    """Status, headers and text of an answer; the state is the meter that was asked for."""

    async def answer():
        app = web.Application()
        add_page(app, lambda model, meter: {"model": model, "meter": meter})
        async with TestClient(TestServer(app)) as client:
            found = await client.request(method, path, **more)
            return found.status, found.headers, await found.text()

    return asyncio.run(answer())


@pytest.mark.parametrize("path", PATHS)
def test_a_browser_runs_and_loads_nothing_but_the_page_itself(path):
    status, headers, _ = ask(path)
    assert status == 200
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert {policy[f"{of}-src"] for of in ("script", "style", "connect")} == {"'self'"}
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD"])
def test_it_can_only_be_looked_at(method, path):
    status, headers, _ = ask(path, method)
    assert status == 405
    assert headers["Allow"] == "GET"


def test_model_and_meter_are_passed_on():
    _, _, text = ask("/state.json?model=one&meter=a%26b%3Cc")
    assert text == '{"model":"one","meter":"a&b<c"}'
    assert ask("/state.json")[2] == '{"model":null,"meter":null}'


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "10.0.0.1", "localhost.evil"])
def test_a_foreign_name_for_this_machine_does_not_get_the_load(host):
    status, _, text = ask("/state.json", headers={"Host": host})
    assert status == 403
    assert "http://localhost:" in text
    assert "meter" not in text


@pytest.mark.parametrize("host", ["localhost", "localhost:8501", "127.0.0.1:8501", "[::1]:8501"])
def test_this_machine_has_its_own_names(host):
    assert ask("/state.json", headers={"Host": host})[0] == 200


def test_the_page_makes_no_markup_of_what_it_is_told():
    script = (STATIC / "page.js").read_text(encoding="utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", script)
    html = (STATIC / "page.html").read_text(encoding="utf-8")
    assert set(re.findall(r'(?:src|href)="([^"]+)"', html)) == {
        *("data:,", "/page.css", "/page.js", "/state.json"),
    }
    assert not re.search(r"<script>|<style|style=|\son[a-z]+=", html)
