"""Flink and Beam's runner for it."""

from pathlib import Path

from tools.cluster.jars import Jars

_SHA256 = (
    "4a58e3a1fb7d83340bc96b6c080624c6d792d69fae5d294b96224775204a9c60"  # pragma: allowlist secret
)

FLINK = Jars(
    engine="apache-flink-libraries==1.19.3",
    sha256=_SHA256,
    within="*/deps/lib/*.jar",
    runner=Path(__file__).parent,
)
