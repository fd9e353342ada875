"""How an object store is reached: what the environment says of it."""

from __future__ import annotations

import os
from dataclasses import dataclass

SCHEMES = ("s3://", "minio://")
CONNECT_TIMEOUT, REQUEST_TIMEOUT = 10.0, 60.0
"""Seconds."""


@dataclass(frozen=True)
class Connection:
    """Where a store answers, and as whom it is asked; None: as its client finds out by itself."""

    endpoint: str | None
    key: str | None
    secret: str | None
    token: str | None
    region: str | None


def connection(uri: str) -> Connection:
    """Returns how the store of a URI is reached.

    minio:// is reached through MINIO_ENDPOINT, MINIO_ACCESS_KEY and MINIO_SECRET_KEY; s3:// through
    AWS's own variables, or the pod's identity.
    """
    env = os.environ
    if uri.startswith("minio://"):
        return Connection(
            endpoint=env.get("MINIO_ENDPOINT") or env.get("AWS_ENDPOINT_URL"),
            key=env.get("MINIO_ACCESS_KEY") or env.get("AWS_ACCESS_KEY_ID"),
            secret=env.get("MINIO_SECRET_KEY") or env.get("AWS_SECRET_ACCESS_KEY"),
            token=None,
            region=env.get("MINIO_REGION", "minio"),
        )
    return Connection(
        endpoint=env.get("AWS_ENDPOINT_URL_S3") or env.get("AWS_ENDPOINT_URL"),
        key=env.get("AWS_ACCESS_KEY_ID"),
        secret=env.get("AWS_SECRET_ACCESS_KEY"),
        token=env.get("AWS_SESSION_TOKEN"),
        region=env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION"),
    )
