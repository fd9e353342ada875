"""What machines ask of a server besides forecasts: whether it lives, is ready, and its metrics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web

from tfx_pipeline.server.loader import Loader
from tfx_pipeline.server.metrics import Metrics
from tfx_pipeline.server.plane import DataPlane

METRICS = ("/metrics", "/monitoring/prometheus/metrics")
"""The second one is TensorFlow Serving's."""


class Probes:
    """Answers `/healthz`, `/readyz`, the same by the Open Inference Protocol, and the metrics.

    Args:
        plane: Whose models must answer for the server to be ready.
        loader: That knows what is wrong with the folder.
        metrics: Of the server.
        ending: Whether the server is about to end.
    """

    def __init__(
        self, plane: DataPlane, loader: Loader, metrics: Metrics, ending: Callable[[], bool]
    ) -> None:
        self._plane = plane
        self._loader = loader
        self._metrics = metrics
        self._ending = ending

    def add_to(self, app: web.Application) -> None:
        """Adds the routes."""
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/v2/health/live", self._healthz)
        app.router.add_get("/v2/health/ready", self._readyz)
        for path in METRICS:
            app.router.add_get(path, self._text)

    def readiness(self) -> dict[str, Any]:
        """Returns whether requests can be answered, and what is wrong, for people and programs."""
        models = {
            model.name: {"ready": model.ready, "problem": model.problem}
            for model in self._plane.models.values()
        }
        problem = "the server ends" if self._ending() else self._loader.problem
        if not self._loader.looked.is_set():
            problem = problem or "models are being loaded"
        ready = bool(models) and all(model.ready for model in self._plane.models.values())
        return {"ready": ready and not self._ending(), "problem": problem, "models": models}

    async def _healthz(self, request: web.Request) -> web.Response:
        return web.json_response({"live": True})

    async def _readyz(self, request: web.Request) -> web.Response:
        state = self.readiness()
        return web.json_response(state, status=200 if state["ready"] else 503)

    async def _text(self, request: web.Request) -> web.Response:
        return web.Response(body=self._metrics.text(), content_type="text/plain")
