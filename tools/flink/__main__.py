"""`python -m tools.flink`: a Flink cluster for the pipeline, until it is interrupted."""

import argparse
import signal
import sys
from pathlib import Path

from tools.flink.cluster import cluster
from tools.flink.download import MissingToolError, download


def main() -> int:
    """Returns 0 when interrupted, 1 when the cluster cannot be had."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("outputs/flink"))
    parser.add_argument("--task-managers", type=int, default=2)
    options = parser.parse_args()
    folder = options.folder.absolute()
    try:
        with cluster(download(folder), folder / "cluster", options.task_managers) as made:
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
