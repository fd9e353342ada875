"""The user's terminal: our progress goes to it, all other libraries' messages to the run's log."""

import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.status import Status

OUR_LOGGERS = ("tfx_pipeline", "tfx_kubeflow", "modules")


class Terminal:
    """Shows one line per finished step, and the progress of the running one.

    On a terminal the running step's messages replace each other beside a spinner; into a file or a
    pipe they are written line by line.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self._status: Status | None = None
        self._step = ""

    @contextlib.contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Marks what is running now."""
        self._step = title
        if self.console.is_terminal:
            with self.console.status(escape(title)) as self._status:
                yield
            self._status = None
        else:
            yield

    def progress(self, message: str) -> None:
        """Shows a message of the running step."""
        if self._status:
            self._status.update(escape(f"{self._step}: {message}"))
        else:
            self.line(f"      {message}", "dim")

    def line(self, text: str, style: str = "") -> None:
        """Prints one line that stays."""
        self.console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


@contextlib.contextmanager
def muted_errors() -> Iterator[None]:
    """Drops what is written to standard error: TensorFlow logs while it is imported."""
    sys.stderr.flush()
    saved = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)


class _Progress(logging.Handler):
    def __init__(self, terminal: Terminal) -> None:
        super().__init__(logging.INFO)
        self._terminal = terminal

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno == logging.INFO:
            self._terminal.progress(record.getMessage())
        else:
            self._terminal.line(f"      {record.getMessage()}", "yellow")


@contextlib.contextmanager
def logged_to(log_file: Path) -> Iterator[Terminal]:
    """Sends what any code of this process and its children prints to a file; yields the terminal.

    Standard output and error are redirected as file descriptors, because TensorFlow's and
    gRPC's C++ code writes to them directly.

    Args:
        log_file: Written from its start; its folder is made.
    """
    log_file.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    saved_out, saved_err = os.dup(1), os.dup(2)
    with (
        log_file.open("wb", buffering=0) as log,
        os.fdopen(os.dup(saved_out), "w", encoding="utf-8", buffering=1) as output,
    ):
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        terminal = Terminal(Console(file=output))
        handler = _Progress(terminal)
        for name in OUR_LOGGERS:
            logging.getLogger(name).addHandler(handler)
            logging.getLogger(name).setLevel(logging.INFO)
        try:
            yield terminal
        finally:
            for name in OUR_LOGGERS:
                logging.getLogger(name).removeHandler(handler)
            with contextlib.suppress(OSError):  # the log's disk may be full
                sys.stdout.flush()
                sys.stderr.flush()
            os.dup2(saved_out, 1)
            os.dup2(saved_err, 2)
            os.close(saved_out)
            os.close(saved_err)
