"""The page of the local server over state that a test makes up."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from typing import Any

import numpy as np
from aiohttp import web

from tfx_pipeline.data.contract import METER
from tfx_pipeline.model_contract import DEFAULT_SIGNATURE, TIMESTAMP, ModelMetadata
from tfx_pipeline.series.files import UCI_HOUSEHOLD, read_series
from tfx_pipeline.server.page.forecasts import RecentForecasts
from tfx_pipeline.server.page.routes import add_page
from tfx_pipeline.serving.answered import Answered

HOSTILE = "</script><script>document.title = 'taken'</script><img src=/x onerror=alert(1)>&amp;"
UCI = read_series(UCI_HOUSEHOLD)
NOON = 1_171_411_200
METADATA = ModelMetadata(
    series=UCI, window=50, horizon=5, origins=60, family="mlp", hyperparameters={}
)


def forecast(step: int, meter: str | None = None) -> Answered:
    """A request so many steps after noon, of a load that goes up and down, with a wide band."""
    load = np.array([[1.2 + math.sin((step + n) / 9) for n in range(-49, 1)]], np.float32)
    load[0, 20:23] = np.nan
    ahead = np.array([[1.2 + math.sin((step + n) / 9) for n in range(1, 6)]], np.float32)
    inputs = {UCI.target.name: load, TIMESTAMP: np.array([NOON + 60 * step])}
    if meter is not None:
        inputs[METER] = np.array([meter], object)
    outputs = {"mean": ahead, "p10": ahead - 0.3, "p50": ahead, "p90": ahead + 0.5}
    return Answered(
        time.time(),
        "household-power",
        "1700000002",
        "stable",
        DEFAULT_SIGNATURE,
        inputs,
        outputs,
        None,
    )


def version(number: int, state: str, label: str | None = None, **more: Any) -> dict[str, Any]:
    """A version as the page is told of it."""
    nothing = {"percent": None, "since": None, "labelled": None, "reason": None, "record": None}
    return nothing | {"version": str(number), "state": state, "label": label} | more


class PageServer:
    """Serves the page on a thread of its own.

    Attributes:
        state: What the page is told, besides the chart; tests change it.
        forecasts: What the chart is of.
    """

    def __init__(self, name: str = "household-power") -> None:
        self.forecasts = RecentForecasts(lambda version: METADATA)
        record = {
            "pushed_at": 1.7e9,
            "mse_ratio": 0.674,
            "mae_ratio": 0.811,
            "coverage_p10_p90": 0.789,
        }
        self.state: dict[str, Any] = {
            "name": name,
            "models": [name],
            "started": time.time() - 4000,
            "problems": [],
            "versions": [
                version(1700000003, "serving", "canary", percent=10, since=time.time() - 60),
                version(1700000002, "serving", "stable", since=1.7e9, record=record),
                version(1700000001, "refused", "previous", reason="its files are not those"),
            ],
            "traffic": {"seconds": 300, "requests": 1234, "errors": 2, "p50": 0.002, "p99": 0.02},
            "answers": [],
        }
        self._port = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/"

    def start(self) -> None:
        """Starts, on the same port as before."""
        started = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, args=(self._loop, started), daemon=True)
        self._thread.start()
        assert started.wait(10)

    def stop(self) -> None:
        """Stops, as a server does that is killed."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self, loop: asyncio.AbstractEventLoop, started: threading.Event) -> None:
        asyncio.set_event_loop(loop)
        app = web.Application()
        add_page(app, self._told)
        runner = web.AppRunner(app, shutdown_timeout=0)
        loop.run_until_complete(runner.setup())
        site = web.TCPSite(runner, "127.0.0.1", self._port, reuse_address=True)
        loop.run_until_complete(site.start())
        self._port = runner.addresses[0][1]
        started.set()
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    def _told(self, model: str | None, meter: str | None) -> dict[str, Any]:
        return self.state | {"now": time.time(), "chart": self.forecasts.chart(meter)}
