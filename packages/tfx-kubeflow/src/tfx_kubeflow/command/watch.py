"""What people see of a run on a cluster: a line for what becomes of each task, and its log."""

from __future__ import annotations

from collections import Counter
from types import TracebackType
from typing import Self

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from tfx_kubeflow.client.tasks import Task, TaskState
from tfx_kubeflow.client.watch import Away, Ended, Event, Logged, NoLog, Progress
from tfx_kubeflow.log_records import own_message

WORDS = {
    TaskState.STARTING: "starts",
    TaskState.RUNNING: "runs",
    TaskState.CACHED: "from the cache",
    TaskState.PENDING: "not run",
}
STYLES = {TaskState.FAILED: "red", TaskState.SUCCEEDED: "green", TaskState.CACHED: "cyan"}
REFRESHES = 2
"""A second, of what runs."""
WIDTH = 38
"""Characters of a task's name."""


class Terminal:
    """Shows the events of `watch`.

    On a terminal, what runs now stays below the lines of what happened; into a file or a pipe goes
    one line for each event.

    Args:
        link: KFP's page of the run.
        verbose: Whether to show everything that steps write, not only their own log lines.
        console: Where to; None: standard output.
    """

    def __init__(
        self, link: str = "", verbose: bool = False, console: Console | None = None
    ) -> None:
        self.succeeded = False
        self._link = link
        self._verbose = verbose
        self._console = console or Console()
        self._running = _Running()
        self._live = Live(
            self._running, console=self._console, refresh_per_second=REFRESHES, transient=True
        )
        self._away = False
        self._attempts: Counter[str] = Counter()

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def show(self, event: Event) -> None:
        """Shows an event."""
        match event:
            case Progress():
                self._progress(event)
            case Logged():
                message = event.record.text if self._verbose else own_message(event.record)
                if message:
                    self._running.lines[event.task] = message
                    self._print(f"      {event.task}: {message}")
            case NoLog():
                self._print(f"      {event.task}: no log: {event.cause}", "yellow")
            case Away() if not self._away:
                self._away = True
                self._print(f"the connection broke, trying again: {event.cause}", "yellow")
            case Ended():
                self._end(event)

    def _progress(self, event: Progress) -> None:
        if self._away:
            self._away = False
            self._print("connected again", "yellow")
        self._running.tasks = event.tasks
        for task in event.changed:
            attempt = len(task.pods)
            if attempt > max(1, self._attempts[task.name]):
                self._print(f"{task.name}: attempt {attempt}, after: {task.lost}", "yellow")
            self._attempts[task.name] = attempt
            if task.state is not TaskState.PENDING:
                self._print(_line(task), STYLES.get(task.state, ""))

    def _end(self, event: Ended) -> None:
        self.succeeded = event.state == "SUCCEEDED"
        self._running.tasks = []
        for failure in event.failures:
            self._print(f"{failure.task} failed: {failure.cause}", "red")
            self._print(f"      more: {failure.command}")
        states = Counter(task.state for task in event.tasks)
        order = (*TaskState, TaskState.PENDING)[1:]
        counts = ", ".join(f"{states[state]} {_word(state)}" for state in order if states[state])
        self._print(f"{event.state.lower()}: {counts or 'no task began'}")
        if self._link:
            self._print(self._link)

    def _print(self, text: str, style: str = "") -> None:
        self._console.print(Text(text, style=style), soft_wrap=True)


class _Running:
    """The tasks that run now, with the seconds so far and the line that each logged last."""

    def __init__(self) -> None:
        self.tasks: list[Task] = []
        self.lines: dict[str, str] = {}

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        active = [
            task for task in self.tasks if task.state in (TaskState.STARTING, TaskState.RUNNING)
        ]
        done = sum(task.state.is_final for task in self.tasks)
        for task in active:
            text = Text(f"{_line(task)}  {self.lines.get(task.name, '')}", style="bold")
            text.truncate(options.max_width, overflow="ellipsis")
            yield text
        if self.tasks:
            yield Text(f"{done} of {len(self.tasks)} tasks done", style="dim")


def _line(task: Task) -> str:
    seconds = f"{task.seconds:5.0f} s" if task.seconds else ""
    message = f"  {task.message}" if task.message else ""
    return f"{task.name:<{WIDTH}} {_word(task.state):<14} {seconds}{message}".rstrip()


def _word(state: TaskState) -> str:
    return WORDS.get(state, state.lower())
