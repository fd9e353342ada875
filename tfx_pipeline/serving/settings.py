"""Settings of serving: where models are pushed, and what a server of ours lets through."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field, PositiveInt

from tfx_pipeline.frozen import Frozen, UserPath


class RequestLogSettings(Frozen):
    """Which answered requests a server keeps, where, and for how long."""

    fraction: float = Field(ge=0, le=1)
    """Of the requests that are logged. A household's load tells of its life: 0, none, unless its
    people agree."""
    folder: UserPath | None
    """Of this machine, readable by its owner alone; null: <outputs>/requests/<name>."""
    file_mib: float = Field(gt=0)
    """Size at which a file is closed and the next one begun; it is after a day at the latest."""
    files: PositiveInt
    """Most closed files in the folder; the oldest are deleted."""
    keep: timedelta = Field(gt=timedelta(0))
    """Age at which a file is deleted: an ISO 8601 duration."""


class ServingSettings(Frozen):
    """Where models are pushed, and how `household-power serve` serves them."""

    base: UserPath | None
    """Folder of the served models, <base>/<name>/<version>/; null: <outputs>/serving."""
    address: str = Field(min_length=1)
    """The server listens at: 127.0.0.1 this machine alone, 0.0.0.0 everyone who reaches it."""
    rest_port: int = Field(ge=0, le=65535)
    """Of REST, page and metrics; 0: a free one."""
    grpc_port: int = Field(ge=0, le=65535)
    """Of gRPC; 0: a free one."""
    page: bool
    """Whether `/` is a page that shows the last forecasts, and so the household's load."""
    max_body: PositiveInt
    """MiB of one request at most."""
    max_rows: PositiveInt
    """Windows or examples of one request at most."""
    max_batch: PositiveInt
    """Rows of requests that are waiting which are computed at once; 1: each alone."""
    queue: PositiveInt
    """Requests that wait for a computation at most; more are refused with 503, UNAVAILABLE."""
    connections: PositiveInt
    """Open at most, of REST; more are refused with 503."""
    timeout: float = Field(gt=0)
    """Seconds that a request may wait for its answer."""
    read_timeout: float = Field(gt=0)
    """Seconds that a client may take for a request, and be idle between two."""
    poll: float = Field(gt=0)
    """Seconds between two looks at the folder and its labels."""
    grace: float = Field(ge=0)
    """Seconds after SIGTERM for which requests are still answered, while readiness says no."""
    log: RequestLogSettings
    """Which answered requests are kept for `household-power monitor`."""
