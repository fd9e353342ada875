"""Turns a compiled package into the custom resources that `kubectl apply` takes, for GitOps."""

import argparse
import re
import sys

from tfx_kubeflow.command.options import package
from tfx_kubeflow.compiler.package import manifest_text, read_package

KUBERNETES_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options to a command's parser."""
    parser.add_argument("package", type=package, help="what `tfx pipeline compile` wrote")
    parser.add_argument("--version", required=True, type=_name, help="of the PipelineVersion")
    parser.add_argument("--namespace", help="else kubectl's own")


def run(options: argparse.Namespace) -> int:
    """Writes the resources to standard output; returns 0."""
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
