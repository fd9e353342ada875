"""Prometheus metrics of the server: requests, computations, and the versions that are loaded."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from tfx_pipeline.server.errors import Code
from tfx_pipeline.server.plane import DataPlane, Target
from tfx_pipeline.serving.request_log import RequestLog

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
RECENT = 10_000
"""Requests that are remembered one by one."""
ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


@dataclass
class Outcome:
    """What becomes of a request, filled in while it is answered.

    Attributes:
        protocol: REST or gRPC.
        model: Its name; empty while no known model is asked, for clients can make up names.
        version: That answers.
        label: Of the version.
        signature: That is called.
        code: Name of the canonical code.
    """

    protocol: str
    model: str = ""
    version: str = ""
    label: str = ""
    signature: str = ""
    code: str = Code.OK.name

    def of(self, target: Target) -> None:
        """Takes over who answers."""
        self.model = target.asked.model
        self.version = str(target.version.number)
        self.label = target.label or ""


class Recent(NamedTuple):
    """A request that was answered not long ago.

    Attributes:
        at: Of the monotonic clock.
        model: Its name.
        code: Name of the canonical code.
        seconds: That it took.
    """

    at: float
    model: str
    code: str
    seconds: float


class Metrics:
    """The metrics of one server."""

    def __init__(self) -> None:
        self.recent: deque[Recent] = deque(maxlen=RECENT)
        """The last requests, newest last."""
        self._registry = CollectorRegistry()
        GCCollector(self._registry)
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "model_server_requests",
            "Predict requests.",
            ("protocol", "model", "version", "label", "signature", "code"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "model_server_request_seconds",
            "From a request's headers to its answer.",
            ("protocol", "model", "version"),
            buckets=SECONDS,
            registry=self._registry,
        )
        self._rows = Histogram(
            "model_server_batch_rows",
            "Rows of one computation, of one request or of several joined.",
            buckets=ROWS,
            registry=self._registry,
        )

    def watch(self, plane: DataPlane) -> None:
        """Adds what a data plane holds, looked at when the metrics are read."""
        self._registry.register(_PlaneCollector(plane))

    def watch_log(self, log: RequestLog) -> None:
        """Adds what a request log wrote and dropped."""
        self._registry.register(_LogCollector(log))

    def answered(self, outcome: Outcome, seconds: float) -> None:
        """Counts a request."""
        one = outcome
        self.recent.append(Recent(time.monotonic(), one.model, one.code, seconds))
        self._requests.labels(
            one.protocol, one.model, one.version, one.label, one.signature, one.code
        ).inc()
        if one.code == Code.OK.name:
            self._seconds.labels(one.protocol, one.model, one.version).observe(seconds)

    def computed(self, rows: int) -> None:
        """Counts a computation."""
        self._rows.observe(rows)

    def text(self) -> bytes:
        """Returns all of it in Prometheus's format."""
        return generate_latest(self._registry)


class _PlaneCollector(Collector):
    def __init__(self, plane: DataPlane) -> None:
        self._plane = plane

    def collect(self) -> Iterator[Metric]:
        waiting = GaugeMetricFamily("model_server_queue", "Requests that wait for a computation.")
        waiting.add_metric([], self._plane.batcher.waiting)
        loaded = GaugeMetricFamily(
            "model_server_loaded_since_seconds",
            "When a version that answers was loaded, in seconds since 1970.",
            labels=("model", "version", "label"),
        )
        failures = CounterMetricFamily(
            "model_server_load_failures", "Versions that could not be loaded.", labels=("model",)
        )
        problems = GaugeMetricFamily(
            "model_server_shortfall",
            "1 while a model does not serve what its folder says.",
            labels=("model",),
        )
        for name, model in self._plane.models.items():
            for label, version in model.routing.labels.items():
                loaded.add_metric([name, str(version.number), label], version.since)
            failures.add_metric([name], model.failures)
            problems.add_metric([name], bool(model.problem))
        yield from (waiting, loaded, failures, problems)


class _LogCollector(Collector):
    def __init__(self, log: RequestLog) -> None:
        self._log = log

    def collect(self) -> Iterator[Metric]:
        windows = CounterMetricFamily(
            "request_log_windows", "Windows that were to be logged.", labels=("outcome",)
        )
        for outcome in ("written", "dropped"):
            windows.add_metric([outcome], self._log.counts[outcome])
        yield windows
        yield GaugeMetricFamily(
            "request_log_failing", "1 while files cannot be written.", value=self._log.failing
        )
