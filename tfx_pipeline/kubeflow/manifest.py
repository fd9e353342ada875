"""Turns a compiled package into the custom resources that `kubectl apply` takes, for GitOps.

`python -m tfx_pipeline.kubeflow.manifest household-power.yaml --version=v1 | kubectl apply -f -`
"""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from tfx_pipeline.kubeflow.package import manifest_text, read_package

KUBERNETES_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the resources to standard output; returns 0."""
    parser = argparse.ArgumentParser(prog="manifest", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("package", type=Path, help="what `tfx pipeline compile` wrote")
    parser.add_argument("--version", required=True, type=_name, help="of the PipelineVersion")
    parser.add_argument("--namespace", help="else kubectl's own")
    options = parser.parse_args(arguments)
    if not options.package.is_file():
        parser.error(f"{options.package}: no such package; `tfx pipeline compile` writes it")
    sys.stdout.write(
        manifest_text(*read_package(options.package), options.version, options.namespace)
    )
    return 0


def _name(text: str) -> str:
    if not KUBERNETES_NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"{text!r}: Kubernetes takes lower-case letters, digits and dashes"
        )
    return text


if __name__ == "__main__":
    sys.exit(main())
