"""What people see of a run on this machine: a line per step, its log lines, the summary."""

import re
import shutil
from typing import Protocol, TextIO

from tfx_kubeflow.local.record import FILE, RunRecord, State, StepRecord
from tfx_kubeflow.log_records import LogRecord, own_message

UNREMARKABLE = re.compile(
    r"display_name|tfx_version|executor_flags|split_names|imported_by|state|\w+_format"
    r"|input_fingerprint|sample_rate_by_split|current_model(_id)?|custom:.*|_.*|.*_(uri|metadata)"
)
"""Properties that are for programs."""
SHOWN = 100
"""Characters of a value in the summary."""
MEGA = 1e6


class Progress(Protocol):
    """Receives the events of a run."""

    def begins(self, record: RunRecord) -> None:
        """The run begins."""

    def step_begins(self, title: str) -> None:
        """A step begins to run."""

    def logged(self, record: LogRecord) -> None:
        """The running step logged or printed something."""

    def step_ends(self, title: str, step: StepRecord) -> None:
        """A step has ended, or is skipped."""

    def ends(self, record: RunRecord) -> None:
        """The run has ended."""


class Silent:
    """Shows nothing; see Progress."""

    def begins(self, record: RunRecord) -> None:
        """Shows nothing."""

    def step_begins(self, title: str) -> None:
        """Shows nothing."""

    def logged(self, record: LogRecord) -> None:
        """Shows nothing."""

    def step_ends(self, title: str, step: StepRecord) -> None:
        """Shows nothing."""

    def ends(self, record: RunRecord) -> None:
        """Shows nothing."""


class Terminal:
    """Shows a run; see Progress.

    On a terminal the running step's latest line replaces the one before; into a file or a pipe
    they are written one below the other.

    Args:
        out: Where to.
        verbose: Whether to show everything that steps write, not only their own log lines.
    """

    def __init__(self, out: TextIO, verbose: bool = False) -> None:
        self._out = out
        self._verbose = verbose
        self._alive = out.isatty()
        self._title = ""

    def begins(self, record: RunRecord) -> None:
        """Says what runs and where."""
        self._print(f"{record.pipeline}: {len(record.steps)} steps, in {record.folder}")

    def step_begins(self, title: str) -> None:
        """Shows which step runs."""
        self._title = title
        self._pass(title)

    def logged(self, record: LogRecord) -> None:
        """Shows a log line of the step."""
        message = record.text if self._verbose else own_message(record)
        if message:
            self._pass(f"{self._title}: {message}" if self._alive else f"      {message}")

    def step_ends(self, title: str, step: StepRecord) -> None:
        """Shows what became of the step."""
        self._print(f"{title:<36} {step.state.lower():<9} {_cost(step)}".rstrip())
        if step.cause:
            self._print(f"      {step.cause}")

    def ends(self, record: RunRecord) -> None:
        """Shows the summary."""
        self._print("")
        for line in summary(record):
            self._print(line)

    def _pass(self, text: str) -> None:
        """Shows a line that the next one replaces, where it can."""
        if self._alive:
            width = shutil.get_terminal_size().columns - 1
            self._out.write(f"\r\x1b[K{text[:width]}")
            self._out.flush()
        elif text != self._title:
            self._print(text)

    def _print(self, text: str) -> None:
        clear = "\r\x1b[K" if self._alive else ""
        self._out.write(f"{clear}{text}\n")
        self._out.flush()


def summary(record: RunRecord) -> list[str]:
    """Returns the summary of a run: what became of each step, and what it made."""
    rows = [(step.task, step.state.lower(), _cost(step), _made(step)) for step in record.steps]
    width = max(len(row[0]) for row in rows)
    lines = [f"{row[0]:<{width}}  {row[1]:<9} {row[2]:<20} {row[3]}".rstrip() for row in rows]
    failed = [step.log for step in record.steps if step.state is State.FAILED and step.log]
    ends = [record.cause, *(f"its log: {log}" for log in failed[:1])] if record.cause else []
    total = f"{record.pipeline} {record.run_id} {record.state.lower()}, {record.seconds:.0f} s"
    return [*lines, *ends, f"{total}; all of it: {record.folder}/{FILE}"]


def _cost(step: StepRecord) -> str:
    memory = f"{step.peak_memory_bytes / MEGA:6.0f} MB" if step.peak_memory_bytes else ""
    return f"{step.seconds:7.1f} s {memory}" if step.seconds else ""


def _made(step: StepRecord) -> str:
    """What of a step's outputs is worth a look: properties, and values for other steps."""
    properties = {
        name: value
        for artifact in step.artifacts.values()
        for name, value in artifact.metadata.items()
    }
    found = properties | step.parameters
    return " ".join(
        f"{name}={shortened(value)}" for name, value in found.items() if _is_shown(name, value)
    )


def _is_shown(name: str, value: object) -> bool:
    if UNREMARKABLE.fullmatch(name) or not isinstance(value, str | int | float):
        return False
    return value != "" and str(value)[0] not in "{["  # JSON is for programs, too


def shortened(value: object) -> str:
    """Returns a value in one line that is not too long."""
    text = " ".join(f"{value:g}".split() if isinstance(value, float) else str(value).split())
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
