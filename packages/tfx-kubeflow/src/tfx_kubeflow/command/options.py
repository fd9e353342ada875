"""Options that several commands have."""

import argparse


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


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign):
        raise argparse.ArgumentTypeError(f"{text!r}: expected NAME=VALUE")
    return name, value
