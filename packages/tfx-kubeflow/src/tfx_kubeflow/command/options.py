"""Options that several commands have."""

import argparse
from pathlib import Path


def add_runtime_parameters(parser: argparse.ArgumentParser, description: str) -> None:
    """Adds `-p NAME=VALUE`, which may be repeated; `runtime_parameter` holds the pairs.

    Args:
        parser: The command's.
        description: What the option is for.
    """
    parser.add_argument(
        *("-p", "--runtime-parameter"),
        action="append",
        default=[],
        type=_pair,
        metavar="NAME=VALUE",
        help=description,
    )


def file(text: str) -> Path:
    """Returns the path of a file, as an argument's type."""
    if not Path(text).is_file():
        raise argparse.ArgumentTypeError(f"{text}: no such file")
    return Path(text)


def package(text: str) -> Path:
    """Returns the path of a compiled package, as an argument's type."""
    import yaml

    from tfx_kubeflow.compiler.package import read_package

    path = Path(text)
    try:
        spec, _ = read_package(path)
        found = bool(spec["pipelineInfo"]["name"] and spec["root"]["dag"]["tasks"])
    except (OSError, UnicodeDecodeError, yaml.YAMLError, LookupError, TypeError):
        found = False
    if not found:
        raise argparse.ArgumentTypeError(
            f"{text}: no such package; `tfx pipeline compile` writes one"
        )
    return path


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign):
        raise argparse.ArgumentTypeError(f"{text!r}: expected NAME=VALUE")
    return name, value
