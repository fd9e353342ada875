"""How a step runs: as a subprocess of this Python, or in a container."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self, cast

from tfx_kubeflow.protocol import ENTRYPOINT, METADATA_HOST

DOCKER = ("docker", "run", "--rm")
HIGH_WATER = re.compile(r"VmHWM:\s+(\d+) kB")
INTERVAL = 0.1
"""Seconds between two looks at a process's memory."""
PATIENCE = 10.0
"""Seconds that an interrupted step has to end by itself."""


@dataclass(frozen=True)
class Command:
    """A step that is ready to run.

    Attributes:
        task: Its task.
        arguments: As they would stand in the pod.
        image: The pod's image.
        environment: The pod's variables; this machine's own win where the step runs here.
        root: Folder of all artifacts.
        folder: The step's own below it, which is there.
    """

    task: str
    arguments: Sequence[str]
    image: str
    environment: Mapping[str, str]
    root: Path
    folder: Path


@dataclass(frozen=True)
class Ended:
    """How a step's process ended.

    Attributes:
        code: Its exit code; minus the signal's number where one ended it.
        peak_memory_bytes: Largest resident size; None: not known.
    """

    code: int
    peak_memory_bytes: int | None = None


Launch = Callable[[Command, Callable[[str], None]], Ended]
"""Runs a command to its end and hands on each line that it writes."""


class NotRunnableError(RuntimeError):
    """A step that cannot run in this way; the message names one in which it can."""


def in_subprocess(command: Command, log: Callable[[str], None]) -> Ended:
    """Runs a step's entrypoint with this Python; see Launch.

    Raises:
        NotRunnableError: The step is a container of its own.
    """
    if list(command.arguments[: len(ENTRYPOINT)]) != ENTRYPOINT:
        raise NotRunnableError(
            f"{command.task} is a container component, which needs its image: run it with --docker"
        )
    arguments = [sys.executable, *command.arguments[1:]]
    environment = {**command.environment, **os.environ}
    # A notebook in a cluster has that cluster's, which knows nothing of this machine's files.
    environment.pop(METADATA_HOST, None)
    return follow(arguments, log, environment)


@dataclass(frozen=True)
class Docker:
    """Runs each step in a container of its image, which shares the root with this machine.

    Attributes:
        options: Further options of `docker run`, such as `--volume=/data:/data`. Without `--user`
            the container runs as this machine's user, who owns the artifacts.
    """

    options: Sequence[str] = ()

    def __call__(self, command: Command, log: Callable[[str], None]) -> Ended:
        """Runs a step; see Launch."""
        program, *arguments = command.arguments
        variables = [f"--env={name}={value}" for name, value in command.environment.items()]
        share = f"--volume={command.root}:{command.root}"
        run = [*DOCKER, share, *self._user(command), *variables, *self.options]
        run.append(f"--entrypoint={program}")
        ended = follow([*run, command.image, *arguments], log, os.environ)
        return Ended(ended.code)  # the memory is that of docker's client

    def _user(self, command: Command) -> list[str]:
        if any(option.startswith(("--user", "-u")) for option in self.options):
            command.folder.chmod(0o777)  # whoever that user is
            return []
        # Images have a home for their own user alone.
        return [f"--user={os.getuid()}:{os.getgid()}", "--env=HOME=/tmp"]


def follow(
    arguments: Sequence[str], log: Callable[[str], None], environment: Mapping[str, str]
) -> Ended:
    """Runs a process to its end, and ends it where this one is interrupted."""
    process = subprocess.Popen(
        arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment,
    )
    with _Peak(process.pid) as peak:
        try:
            with cast(IO[str], process.stdout) as lines:
                for line in lines:
                    log(line.rstrip("\n"))
            code = process.wait()
        except BaseException:
            _end(process)
            raise
    return Ended(code, peak.bytes)


class _Peak:
    """Watches the largest resident size of a process, where the system reports it.

    What a process has used when it is over, as `wait4` reports, holds what its parent used before.

    Attributes:
        bytes: The size; None: not known.
    """

    def __init__(self, pid: int) -> None:
        self.bytes: int | None = None
        self._status = Path(f"/proc/{pid}/status")
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(INTERVAL):
            try:
                found = HIGH_WATER.search(self._status.read_text())
            except OSError:
                return
            if found:  # not of a process that is over and not yet waited for
                self.bytes = 1024 * int(found[1])


def _end(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def cause_of(ended: Ended, last_line: str) -> str:
    """Returns in one line why a process failed.

    Args:
        ended: How it ended.
        last_line: What it wrote last: the entrypoint's is its cause.
    """
    if " failed: " in last_line:
        return last_line.partition(" failed: ")[2]
    if ended.code < 0:
        name = signal.Signals(-ended.code).name
        memory = ", perhaps for want of memory" if -ended.code == signal.SIGKILL else ""
        end = f"its process was stopped ({name}){memory}"
        return f"{end}; its last line: {last_line}" if last_line else end
    return last_line or f"exit code {ended.code}, without a word"
