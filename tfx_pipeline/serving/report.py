"""What the serving check found, as it travels in JSON."""

from __future__ import annotations

from pydantic import ConfigDict

from tfx_pipeline.frozen import Frozen


class ServingReport(Frozen):
    """How a model answered in a fresh process; fields that a later release adds are ignored."""

    model_config = ConfigDict(extra="ignore")

    reasons: tuple[str, ...]
    """Why it may not be pushed; empty where all is well."""
    requests: int = 0
    """Recorded requests that were asked again."""
    warm_up_requests: int = 0
    """Requests of the warm-up file that were asked."""
    latency_ms: float | None = None
    """Median time of a request with one window; null where something is wrong."""
