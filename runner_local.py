"""Runs the pipeline on this machine: settings -> pipeline -> LocalDagRunner.

`python runner_local.py --help` lists the settings; the `tfx` command takes this file too:
`tfx pipeline create --engine=local --pipeline-path=runner_local.py`.
"""

import os
import signal
import sys
from typing import NoReturn

from tfx_pipeline.settings import load_settings


def main() -> int:
    """Returns 0 when the pipeline ran to its end, whatever its gate decided, else 1."""
    # `--help` and wrong settings end here, before the slow imports
    settings = load_settings(read=lambda settings: settings.read_here)
    from tfx_kubeflow.imports import quick_imports

    from tfx_pipeline.local.cores import share_cores
    from tfx_pipeline.local.terminal import muted_errors

    share_cores(os.environ)
    print(f"{settings.name}: loading TFX ...", flush=True)
    with muted_errors(), quick_imports():
        from tfx_pipeline.local.run import run_pipeline

    return run_pipeline(settings)


def _terminated(number: int, _: object) -> NoReturn:
    raise KeyboardInterrupt(signal.Signals(number))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _terminated)
    try:
        sys.exit(main())
    except KeyboardInterrupt as interrupt:
        [number] = interrupt.args or [signal.SIGINT]
        word = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}[number]
        print(f"{word}; run it again: finished steps are kept", file=sys.stderr)
        sys.exit(128 + number)
