"""Writes what a project needs beside its pipeline: runner, settings, the image's recipe."""

import argparse
import sys
from importlib import resources
from pathlib import Path

FILES = {
    "kubeflow_runner.py": "compiles the pipeline of a project of `tfx template copy`",
    "tfx-kubeflow.toml": "the settings",
    "requirements.txt": "the packages of the image",
    "Dockerfile": "the image of every step",
    ".dockerignore": "what stays out of it",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options to a command's parser."""
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), help="the project's")
    parser.add_argument("--force", action="store_true", help="replace files that are there")


def run(options: argparse.Namespace) -> int:
    """Writes the files; returns 0, or 1 where one is there already."""
    there = [name for name in FILES if (options.folder / name).exists()]
    if there and not options.force:
        print(
            f"error: {', '.join(there)} in {options.folder.absolute()}: there already; "
            "--force replaces them",
            file=sys.stderr,
        )
        return 1
    options.folder.mkdir(parents=True, exist_ok=True)
    templates = resources.files(__package__) / "template"
    for name, what in FILES.items():
        text = (templates / f"{name.lstrip('.')}.in").read_text(encoding="utf-8")
        (options.folder / name).write_text(text, encoding="utf-8")
        print(f"{options.folder / name}: {what}")
    return 0
