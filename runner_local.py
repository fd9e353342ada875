"""Runs the pipeline on this machine: settings -> pipeline -> LocalDagRunner.

`python runner_local.py --help` lists the settings; the `tfx` command takes this file too:
`tfx pipeline create --engine=local --pipeline-path=runner_local.py`.
"""

import sys

from tfx_pipeline.settings import load_settings


def main() -> int:
    """Returns 0 when the pipeline ran to its end, whatever its gate decided, else 1."""
    settings = load_settings()  # `--help` and wrong settings end here, before the slow imports
    from tfx_pipeline.local.terminal import muted_errors

    print(f"{settings.name}: loading TFX ...", flush=True)
    with muted_errors():
        from tfx_pipeline.local.run import run_pipeline

    return run_pipeline(settings)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("interrupted; run it again, finished steps are kept", file=sys.stderr)
        sys.exit(130)
