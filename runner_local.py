"""Runs the pipeline on this machine: settings -> pipeline -> LocalDagRunner.

`python runner_local.py --help` lists the settings; the `tfx` command takes this file too:
`tfx pipeline create --engine=local --pipeline-path=runner_local.py`.
"""

import sys

from tfx_pipeline.settings import load_settings


def main() -> int:
    """Returns 0 when the pipeline ran to its end, whatever its gate decided; 1 when it failed."""
    settings = (
        load_settings()
    )  # `--help` and wrong settings end here, before TensorFlow is imported
    from tfx_pipeline.local.run import run_locally

    return run_locally(settings)


if __name__ == "__main__":
    sys.exit(main())
