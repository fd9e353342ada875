"""The system's Chromium, without a window, spoken to by the DevTools protocol."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import websocket

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--headless",
    # Root has no sandbox, containers have little shared memory, and a test no use for services.
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--no-first-run",
    "--remote-debugging-port=0",
    "--remote-allow-origins=*",
)
PATIENCE = 60
"""Seconds."""


def find_chromium() -> str | None:
    """Returns the path of the browser; None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def chromium(path: str, profile: Path) -> Iterator[Browser]:
    """Runs a browser.

    Args:
        path: Of the program.
        profile: A new folder for its files.
    """
    process = subprocess.Popen(
        [path, *ARGUMENTS, f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        port = profile / "DevToolsActivePort"
        deadline = time.monotonic() + PATIENCE
        while not port.exists() or len(port.read_text().split()) < 2:
            assert process.poll() is None, f"{path} ended with {process.returncode}"
            assert time.monotonic() < deadline, f"{path} opened no port"
            time.sleep(0.05)
        number, target = port.read_text().split()
        socket = websocket.create_connection(f"ws://127.0.0.1:{number}{target}", PATIENCE)
        yield Browser(socket)
        socket.close()
    finally:
        process.terminate()
        process.wait()


class Browser:
    """A browser.

    Args:
        socket: Its DevTools.
    """

    def __init__(self, socket: websocket.WebSocket) -> None:
        self._socket = socket
        self._last = 0
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """Calls a method of the protocol; events that come before the answer are kept."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": params}
        self._socket.send(json.dumps(message | ({"sessionId": session} if session else {})))
        while (answer := self._receive()).get("id") != self._last:
            pass
        assert "error" not in answer, f"{method}: {answer['error']}"
        found: dict[str, Any] = answer["result"]
        return found

    def wait(self, event: str) -> None:
        """Waits for an event, unless it has come since the last page was opened."""
        while not any(one["method"] == event for one in self.events):
            self._receive()

    def _receive(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self._socket.recv())
        if "method" in message:
            self.events.append(message)
        return message


class Tab:
    """A tab of a size and a colour scheme of its own; what it complains about is kept.

    Args:
        browser: The browser.
        width: In pixels.
        height: In pixels.
        scheme: light or dark.
    """

    def __init__(self, browser: Browser, width: int, height: int, scheme: str) -> None:
        self._browser = browser
        self._target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        attached = browser.call("Target.attachToTarget", targetId=self._target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        self.media(scheme)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Calls a method of the protocol for this tab."""
        return self._browser.call(method, self._session, **params)

    def media(self, scheme: str, medium: str = "") -> None:
        """Takes a colour scheme, and maybe paper."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", media=medium, features=features)

    def open(self, url: str) -> None:
        """Opens a page and waits until it is loaded."""
        self._browser.events.clear()
        self.call("Page.navigate", url=url)
        self._browser.wait("Page.loadEventFired")

    def evaluate(self, expression: str) -> Any:
        """The value of JavaScript."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def click(self, name: str) -> None:
        """Presses the button whose label or text is or begins with a name."""
        self.evaluate(
            f"""[...document.querySelectorAll("button")].find(
                of => (of.ariaLabel ?? of.textContent).trim().startsWith({json.dumps(name)})
            ).click()"""
        )

    def point_at(self, selector: str) -> None:
        """Moves the mouse to the middle of an element, which is scrolled to."""
        x, y = self.evaluate(
            f"""(() => {{
                const of = document.querySelector({json.dumps(selector)});
                of.scrollIntoView({{block: "center", behavior: "instant"}});
                const box = of.getBoundingClientRect();
                return [box.x + box.width / 2, box.y + box.height / 2];
            }})()"""
        )
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def canvas(self, figure: str) -> str:
        """What is drawn on the canvas of a figure, as a text to compare."""
        found: str = self.evaluate(f"document.querySelector('#{figure} canvas').toDataURL()")
        return found

    def pdf(self) -> bytes:
        """The page on paper."""
        return base64.b64decode(self.call("Page.printToPDF")["data"])

    def complaints(self) -> list[str]:
        """Requests but that for the page, messages on the console, errors."""
        found = []
        for event in self._browser.events:
            method, params = event["method"], event.get("params", {})
            if method == "Network.requestWillBeSent":
                url = params["request"]["url"]
                if not url.startswith(("file:", "data:")):
                    found.append(url)
            elif method in (
                "Runtime.consoleAPICalled",
                "Runtime.exceptionThrown",
                "Log.entryAdded",
            ):
                found.append(json.dumps(params)[:500])
        return found

    def close(self) -> None:
        """Closes the tab."""
        self._browser.call("Target.closeTarget", targetId=self._target)
