"""Follows a run: what becomes of its tasks and what they log, until it ends."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from tfx_kubeflow.client.connection import Connection, ServerAway
from tfx_kubeflow.client.failures import FAILED, Failure, failures
from tfx_kubeflow.client.pod_logs import UNREADABLE, PodLogs
from tfx_kubeflow.client.runs import Runs
from tfx_kubeflow.client.tasks import Task, TaskState, tasks
from tfx_kubeflow.log_records import LogRecord

INTERVAL = 3.0
"""Seconds between two looks; KFP's own record of a run is about as old."""
LONGEST_PAUSE = 30.0
"""Seconds between two looks for a server that is away."""
AWAY = 600.0
"""Seconds after which a server that stays away is given up."""
LOG_PAUSE = 10
"""A log is read anew, as a whole, after this many times the time that its reading took."""
TAIL = 200
"""Characters by which a log is recognised as the one that was read before."""
FINAL = {"SUCCEEDED", FAILED, "ERROR", "SKIPPED", "CANCELED"}


@dataclass(frozen=True)
class Progress:
    """A look at the run.

    Attributes:
        tasks: All tasks; see `tasks`.
        changed: Those that are not as they were at the look before; at the first, all that began.
    """

    tasks: list[Task]
    changed: list[Task]


@dataclass(frozen=True)
class Logged:
    """A task logged or printed a line."""

    task: str
    record: LogRecord


@dataclass(frozen=True)
class NoLog:
    """A task ended, and nothing of its log can be read."""

    task: str
    cause: str


@dataclass(frozen=True)
class Away:
    """The connection broke; the next look is taken in some seconds."""

    cause: str


@dataclass(frozen=True)
class Ended:
    """The run has ended.

    Attributes:
        state: How, by KFP's name: SUCCEEDED, FAILED, CANCELED, SKIPPED.
        tasks: What became of its tasks.
        failures: Those that failed, with the cause.
    """

    state: str
    tasks: list[Task]
    failures: list[Failure]


Event = Progress | Logged | NoLog | Away | Ended


def watch(connection: Connection, run_id: str, timeout: float | None = None) -> Iterator[Event]:
    """Follows a run, through restarts of the server; to stop changes nothing about the run.

        for event in watch(Connection("http://localhost:8888"), run_id):
            print(event)

    Args:
        connection: The server.
        run_id: Of the run, which may have ended.
        timeout: Seconds; None: until the run ends.

    Yields:
        What happened; `Ended` at last.

    Raises:
        ServerError: The server refuses, or stays away for `AWAY` seconds.
        TimeoutError: The run has not ended in time.
    """
    runs = Runs(connection)
    spec = runs.spec(runs.get(run_id))
    deadline = time.monotonic() + (float("inf") if timeout is None else timeout)
    seen: dict[str, Task] = {}
    logs = _NewLines(PodLogs(connection, run_id))
    lost: _Lost | None = None
    while True:
        try:
            state, workflow = runs.workflow(run_id)
            found = tasks(spec, workflow)
            yield Progress(found, [task for task in found if _differs(task, seen)])
            seen = {task.name: task for task in found}
            yield from logs.lines(found)
            if state in FINAL:
                break
            lost = None
            pause = INTERVAL
        except ServerAway as error:
            lost = lost or _Lost(time.monotonic())
            pause = lost.pause(error)
            yield Away(str(error))
        if time.monotonic() + pause > deadline:
            raise TimeoutError(f"run {run_id} has not ended within {timeout:g} s; it goes on")
        time.sleep(pause)
    run = runs.get(run_id)
    causes = failures(connection, run, spec, found) if run.state == FAILED else []
    yield Ended(run.state, found, causes)


def _differs(task: Task, seen: dict[str, Task]) -> bool:
    before = seen.get(task.name, Task(task.name))
    return (task.state, task.message, task.lost) != (before.state, before.message, before.lost)


@dataclass
class _Lost:
    """A connection that broke."""

    since: float
    _pause: float = INTERVAL / 2

    def pause(self, error: ServerAway) -> float:
        """Returns the seconds to wait, twice as many each time, as long as there is patience."""
        if time.monotonic() - self.since > AWAY:
            raise error
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
        return self._pause


class _NewLines:
    """What is new in the logs of a run's pods.

    KFP's server reads a whole log at each request: it knows no offset, and does not follow.
    """

    def __init__(self, logs: PodLogs) -> None:
        self._logs = logs
        self._lengths: dict[str, int] = {}
        self._tails: dict[str, str] = {}
        self._not_before: dict[str, float] = {}
        self._closed: set[str] | None = None
        """Pods of which nothing more is shown."""

    def lines(self, found: list[Task]) -> Iterator[Logged | NoLog]:
        """Yields what was logged since the last look; nothing of pods that ended before the first.

        Args:
            found: All tasks.
        """
        if self._closed is None:
            ended_pods = (pod for task in found if task.state.is_final for pod in task.pods)
            self._closed = set(ended_pods)
        for task in found:
            for number, pod in enumerate(task.pods, start=1):
                ended = task.state.is_final or number < len(task.pods)
                if pod in self._closed or (not ended and task.state is not TaskState.RUNNING):
                    continue
                if ended or time.monotonic() >= self._not_before.get(pod, 0.0):
                    yield from self._new_lines(task, pod, ended)
                    self._closed.update([pod] if ended else [])

    def _new_lines(self, task: Task, pod: str, ended: bool) -> Iterator[Logged | NoLog]:
        started = time.monotonic()
        text = self._logs.read(pod)
        self._not_before[pod] = started + (LOG_PAUSE + 1) * (time.monotonic() - started)
        whole = text if ended else text[: text.rfind("\n") + 1]
        length = self._lengths.get(pod, 0)
        if not whole[:length].endswith(self._tails.get(pod, "")):
            length = 0  # Kubernetes began a new file, and hands out that alone
        for line in whole[length:].splitlines():
            yield Logged(task.name, LogRecord.of_text(line))
        if whole:
            self._lengths[pod], self._tails[pod] = len(whole), whole[-TAIL:]
        if ended and pod not in self._lengths:
            yield NoLog(task.name, UNREADABLE)
