"""Compiles a file that runs KubeflowRunner: `python -m tfx_kubeflow.command.compile FILE FOLDER`.

A process of its own, since TFX takes half a gigabyte that is of no use once the package is there.
"""

import sys

from tfx.tools.cli import labels

from tfx_kubeflow.command.handler import KubeflowHandler, Patcher, plain_errors


def main(path: str, folder: str) -> None:
    """Writes the package into a folder, where it is the only file.

    Args:
        path: The user's file.
        folder: Where to.
    """
    flags = {labels.ENGINE_FLAG: "kubeflow", labels.PIPELINE_DSL_PATH: path}
    with plain_errors():
        KubeflowHandler(flags).execute_dsl(Patcher(folder=folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
