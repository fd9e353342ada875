"""The routes of the page: three files of ours, and what they show as JSON."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

from tfx_pipeline.report.html import assets

STATIC = Path(__file__).parent / "static"
HEADERS = {
    # Nothing but our own files is loaded, run, or spoken to, and nobody frames the page.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

State = Callable[[str | None, str | None], Mapping[str, Any]]
"""The model and the meter that are asked for, if any -> what the page shows."""


def add_page(app: web.Application, state: State) -> None:
    """Adds the page at `/`, its script, its style, and `/state.json`; GET alone.

    Args:
        app: The REST server.
        state: Gives what there is to show.
    """
    files = {
        "/": ("text/html", (STATIC / "page.html").read_text(encoding="utf-8")),
        "/page.css": ("text/css", assets.style(STATIC / "page.css")),
        "/page.js": ("text/javascript", assets.script(STATIC / "page.js")),
    }
    for path, (kind, text) in files.items():
        app.router.add_get(path, _file(kind, text), allow_head=False)

    async def answer(request: web.Request) -> web.Response:
        _refuse_other_names(request)
        query = request.query
        # On a thread: it looks at files.
        shown = await asyncio.to_thread(state, query.get("model"), query.get("meter"))
        body = orjson.dumps(shown)
        return web.Response(body=body, content_type="application/json", headers=HEADERS)

    app.router.add_get("/state.json", answer, allow_head=False)


def _file(kind: str, text: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=text, content_type=kind, charset="utf-8", headers=HEADERS)

    return answer


def _refuse_other_names(request: web.Request) -> None:
    """Refuses other names for this machine than its own, where nobody but itself is listened to.

    A foreign page can have its name point to 127.0.0.1 and then read what is answered there; a
    household's load shows when somebody is at home.

    Raises:
        web.HTTPForbidden: The request came in on a loopback address under another name.
    """
    own = request.transport.get_extra_info("sockname") if request.transport else None
    name = request.url.host or ""
    if own and _is_loopback(own[0]) and name != "localhost" and not _is_loopback(name):
        raise web.HTTPForbidden(
            text=f'{{"error": "the page is shown under http://localhost:{own[1]} alone"}}',
            content_type="application/json",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
