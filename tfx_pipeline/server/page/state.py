"""What the page shows: versions and their labels, the last requests, and how fast they were."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError
from tfx_kubeflow.errors import StepError
from tfx_kubeflow.storage import labels, push_records, served_versions
from tfx_kubeflow.storage.labels import Labels

from tfx_pipeline.model_contract import ModelMetadata
from tfx_pipeline.server.errors import Code
from tfx_pipeline.server.metrics import Metrics
from tfx_pipeline.server.model import ServedModel, State
from tfx_pipeline.server.page.forecasts import RecentForecasts
from tfx_pipeline.server.plane import DataPlane
from tfx_pipeline.serving.answered import Answered

REQUESTS_SHOWN = 12
VERSIONS_SHOWN = 10
SECONDS = 300
"""Over which requests are counted; less where there were too many to remember."""
FIGURES = ("mse_ratio", "mae_ratio", "coverage_p10_p90")
STATES = {
    State.LOADING: "loading",
    State.AVAILABLE: "serving",
    State.UNLOADING: "ending",
    State.END: "ended",
}


class PageState:
    """Watches a server and tells of it.

    Args:
        plane: Of the server.
        metrics: Of the server.
    """

    def __init__(self, plane: DataPlane, metrics: Metrics) -> None:
        self._plane = plane
        self._metrics = metrics
        self._started = time.time()
        self._forecasts: dict[str, RecentForecasts] = {}
        self._requests: dict[str, deque[dict[str, Any]]] = {}
        self._turn = threading.Lock()

    def observe(self, answered: Answered) -> None:
        """Keeps what there is to show of a request."""
        name = answered.model
        if name not in self._forecasts:
            self._forecasts[name] = RecentForecasts(lambda version: self._metadata(name, version))
        self._forecasts[name].observe(answered)
        request = {
            "at": answered.at,
            "version": answered.version,
            "label": answered.label,
            "signature": answered.signature,
            "inputs": {name: value.shape for name, value in answered.inputs.items()},
            "outputs": {name: value.shape for name, value in answered.outputs.items()},
        }
        with self._turn:
            known = self._requests.setdefault(name, deque(maxlen=REQUESTS_SHOWN))
            known.appendleft(request)

    def __call__(self, name: str | None, meter: str | None) -> dict[str, Any]:
        """Returns what the page shows of a model.

        Args:
            name: Of the model; None, or one that is not known: the first.
            meter: Whose forecasts; None, or one that is not known: that of the last request.
        """
        models = self._plane.models
        if name is None or name not in models:
            name = min(models, default="")
        model = models.get(name)
        forecasts = self._forecasts.get(name)
        with self._turn:
            requests = list(self._requests.get(name, ()))
        versions, problems = _versions(model) if model else ([], ["the folder holds no model"])
        return {
            "name": name,
            "models": sorted(models),
            "now": time.time(),
            "started": self._started,
            "problems": problems,
            "versions": versions,
            "traffic": self._traffic(name),
            "chart": forecasts.chart(meter) if forecasts else None,
            "answers": [_shapes(one) for one in requests],
        }

    def _metadata(self, name: str, version: str) -> ModelMetadata | None:
        loaded = self._plane.models[name].routing.versions.get(int(version))
        return _parsed(loaded.metadata) if loaded and loaded.metadata else None

    def _traffic(self, name: str) -> dict[str, Any]:
        """Requests, errors and latencies of the last minutes."""
        now = time.monotonic()
        recent = list(self._metrics.recent)
        since = now - SECONDS
        if len(recent) == self._metrics.recent.maxlen:
            since = max(since, recent[0].at)
        found = [one for one in recent if one.at >= since and one.model == name]
        seconds = [one.seconds for one in found if one.code == Code.OK.name]
        p50, p99 = np.percentile(seconds, (50, 99)).tolist() if seconds else (None, None)
        return {
            "seconds": now - since,
            "requests": len(found),
            "errors": len(found) - len(seconds),
            "p50": p50,
            "p99": p99,
        }


@lru_cache(maxsize=16)
def _parsed(content: bytes) -> ModelMetadata | None:
    try:
        return ModelMetadata.model_validate_json(content)
    except ValidationError:  # of a later release, or another model's
        return None


def _versions(model: ServedModel) -> tuple[list[dict[str, Any]], list[str]]:
    """What there is to say of each version, newest first; and what is wrong besides."""
    problems = [model.problem] if model.problem else []
    base = _base(model)
    found, pushed = None, list[str]()
    try:
        if base:
            found = labels.read(str(base))
            pushed = served_versions.versions(str(base))[:VERSIONS_SHOWN]
    except (StepError, OSError) as error:
        problems += [] if str(error) == model.problem else [str(error)]
    statuses = list(model.statuses.items())
    numbers = {number for number, _ in statuses} | {int(one) for one in pushed}
    if found and found.previous:
        numbers.add(int(found.previous.version))
    newest = sorted(numbers, reverse=True)[:VERSIONS_SHOWN]
    return [_version(model, number, base, found) for number in newest], problems


def _version(
    model: ServedModel, number: int, base: Path | None, found: Labels | None
) -> dict[str, Any]:
    status, loaded = model.statuses.get(number), model.routing.versions.get(number)
    state = STATES[status.state] if status else "not loaded"
    reason = status.message if status and status.code != Code.OK else None
    label = model.routing.label(loaded) if loaded else _label(found, number)
    return {
        "version": str(number),
        "state": "refused" if state == "ended" and reason else state,
        "label": label,
        "percent": model.routing.percent if label == "canary" else None,
        "since": loaded.since if loaded else None,
        "labelled": _labelled(found, number, label),
        "reason": reason,
        "record": _record(base, number) if base else None,
    }


def _base(model: ServedModel) -> Path | None:
    """Where the versions lie; None where none was loaded, or a folder is itself the one model."""
    stable = model.routing.stable
    numbered = stable and served_versions.NUMBER.fullmatch(stable.folder.name)
    return stable.folder.parent if stable and numbered else None


def _names(found: Labels | None) -> Iterator[tuple[str, int, int]]:
    """Label, version and since when."""
    for name in ("stable", "canary", "previous"):
        label = getattr(found, name, None)
        if label:
            yield name, int(label.version), label.since


def _label(found: Labels | None, number: int) -> str | None:
    return next((name for name, version, _ in _names(found) if version == number), None)


def _labelled(found: Labels | None, number: int, label: str | None) -> int | None:
    known = (since for name, one, since in _names(found) if (name, one) == (label, number))
    return next(known, None)


def _record(base: Path, number: int) -> dict[str, Any] | None:
    """What the push told of a version; None where nothing was."""
    try:
        record = push_records.read(str(base), str(number))
    except (StepError, OSError):
        return None
    if record is None:
        return None
    figures = {name: record.figures.get(name) for name in FIGURES}
    return {"pushed_at": record.pushed_at, "run": record.run, **figures}


def _shapes(request: Mapping[str, Any]) -> dict[str, Any]:
    """A request as text: `power, voltage [32, 50]; timestamp [32]`."""
    first = next(iter(request["inputs"].values()), ())
    return {
        **request,
        "batch": first[0] if first else 1,
        "inputs": _text(request["inputs"]),
        "outputs": _text(request["outputs"]),
    }


def _text(shapes: Mapping[str, tuple[int, ...]]) -> str:
    names: dict[tuple[int, ...], list[str]] = {}
    for name, shape in sorted(shapes.items()):
        names.setdefault(shape, []).append(name)
    return "; ".join(f"{', '.join(of)} {list(shape)}" for shape, of in names.items())
