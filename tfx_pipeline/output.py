"""The console that commands print to."""

from __future__ import annotations

from rich.console import Console


class Output(Console):
    """Leaves it to the command what happens when the reader has enough; rich would exit with 1."""

    def on_broken_pipe(self) -> None:
        """Is called while the error is handled."""
        raise BrokenPipeError
