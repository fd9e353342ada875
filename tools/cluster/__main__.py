"""`python -m tools.cluster ENGINE`: a cluster for the Beam steps, until it is interrupted."""

import argparse
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tools.cluster.jars import Jars, MissingToolError, bring
from tools.cluster.processes import started
from tools.flink import cluster as flink
from tools.flink.jars import FLINK
from tools.spark import cluster as spark
from tools.spark.jars import SPARK

Cluster = flink.Cluster | spark.Cluster
ENGINES: Mapping[str, tuple[Jars, Callable[[Path, Path, int], Cluster]]] = {
    "flink": (FLINK, flink.Cluster),
    "spark": (SPARK, spark.Cluster),
}


def main() -> int:
    """Returns 0 when interrupted, 1 when the cluster cannot be had."""
    parser = argparse.ArgumentParser(prog="python -m tools.cluster", description=__doc__)
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("--folder", type=Path, required=True, help="of jars, logs, configuration")
    parser.add_argument("--machines", type=int, default=2, help="each with an address of its own")
    options = parser.parse_args()
    folder = options.folder.absolute()
    jars, cluster = ENGINES[options.engine]
    try:
        with started(cluster(bring(jars, folder), folder / "cluster", options.machines)) as made:
            print(" ".join([*made.settings, "--beam.shared=/"]), flush=True)
            signal.pause()
    except KeyboardInterrupt:
        return 0
    except (MissingToolError, ValueError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
