"""Spark and Beam's runner for it."""

from pathlib import Path

from tools.cluster.jars import Jars

_SHA256 = (
    "d41a9b76bd2aca370a6100d075c029e22ba44c5940927877e9435a3a9c566558"  # pragma: allowlist secret
)

SPARK = Jars(
    engine="pyspark==3.5.0",
    sha256=_SHA256,
    within="*/deps/jars/*.jar",
    runner=Path(__file__).parent,
    # Beam calls what Guava 14 does not have yet.
    left_out=("guava-*.jar", "gson-*.jar"),
)
