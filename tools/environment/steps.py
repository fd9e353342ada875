"""Telling the user what happens, one line per step, and running other programs quietly."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

# What another active environment sets, and would lead Python or uv away from this project's own.
FOREIGN = (
    "CONDA_PREFIX",
    "PYTHONHOME",
    "PYTHONPATH",
    "UV_COMPILE_BYTECODE",
    "UV_PROJECT_ENVIRONMENT",
    "UV_PYTHON",
    "VIRTUAL_ENV",
)


class SetupError(Exception):
    """The set-up cannot go on; the message says why and what to do."""


@contextmanager
def step(title: str) -> Iterator[None]:
    """Prints `title` and the seconds that the block took; on a terminal they count meanwhile."""
    start = time.monotonic()
    over = threading.Event()

    def show(end: str) -> None:
        print(f"\rsetup: {title} ... {time.monotonic() - start:.0f} s", end=end, flush=True)

    def count() -> None:
        while not over.wait(1):
            show("")

    print(f"setup: {title} ...", end="", flush=True)
    counter = threading.Thread(target=count, daemon=True)
    terminal = sys.stdout.isatty()
    if terminal:
        counter.start()
    try:
        yield
    except BaseException:
        over.set()
        print(" not possible", flush=True)
        raise
    over.set()
    if terminal:
        counter.join()
        show("\n")
    else:
        print(f" {time.monotonic() - start:.0f} s", flush=True)


def run(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    timeout: float | None = None,
) -> str:
    """Runs a program and returns what it printed.

    Args:
        command: the program and its arguments.
        environment: variables to add to those of this process, without the FOREIGN ones.
        folder: where to run it.
        timeout: seconds after which it is killed.

    Raises:
        SetupError: it is missing, failed or took too long; the message has its last lines.
    """
    words = [str(word) for word in command]
    variables = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    try:
        done = subprocess.run(
            words,
            env={**variables, **(environment or {})},
            cwd=folder,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            close_fds=False,  # they inherit the set-up's lock
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SetupError(f"{words[0]}: {error}") from error
    if done.returncode != 0:
        last = "\n".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-15:])
        raise SetupError(f"`{' '.join(words)}` ended with status {done.returncode}:\n{last}")
    return done.stdout
