"""`python -m tools.mlflow`: MLflow's pages on this machine, until it is interrupted."""

import argparse
import signal
import sys
from pathlib import Path

from tools.environment.steps import SetupError
from tools.mlflow.server import provide, serve


def main() -> int:
    """Returns 0 when interrupted, 1 when the server cannot be had, or ends by itself."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path, default=Path("outputs/mlflow.sqlite"))
    parser.add_argument("--port", type=int, default=5000)
    options = parser.parse_args()
    try:
        mlflow = provide()
        print(f"MLflow: http://127.0.0.1:{options.port}, Ctrl+C ends it", flush=True)
        with serve(mlflow, options.file.absolute(), options.port) as process:
            process.wait()
    except KeyboardInterrupt:
        return 0
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
