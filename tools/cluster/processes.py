"""Starts processes, waits until they are ready, and ends them together."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol, TypeVar

DEADLINE = 180
"""Seconds until everything must have started; Flink takes 10 on an idle machine."""
HOST = "127.0.0.1"
POOL = "worker-pool"


class Processes:
    """Processes of a cluster by name, each with its log.

    Args:
        folder: For the logs.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._started: dict[str, subprocess.Popen[bytes]] = {}

    def start(
        self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> None:
        """Starts one, in a group of its own."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f"{name}.log").open("ab") as log:
            self._started[name] = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2"} | dict(environment or {}),
                start_new_session=True,
            )

    def start_pool(self, port: int) -> None:
        """Starts the pool of Python workers."""
        self.start(POOL, [sys.executable, "-m", "tfx_pipeline.beam.worker_pool", f"--port={port}"])

    @property
    def pool(self) -> int:
        """Process of the pool, and group of all workers."""
        return self._started[POOL].pid

    def kill(self, name: str) -> None:
        """Ends a process as a failing machine does."""
        self._started[name].kill()
        self._started.pop(name).wait()

    def wait(self, ready: Callable[[], bool]) -> None:
        """Waits.

        Raises:
            RuntimeError: A process ended, or it was not ready in time; the log is named.
        """
        limit = time.monotonic() + DEADLINE
        while not ready():
            for name, process in self._started.items():
                if process.poll() is not None:
                    raise RuntimeError(f"{name} ended; see {self.folder / name}.log")
            if time.monotonic() > limit:
                raise RuntimeError(f"not ready after {DEADLINE} s; see {self.folder}/*.log")
            time.sleep(0.5)

    def stop(self) -> None:
        """Ends everything."""
        for process in self._started.values():
            process.terminate()
        for process in self._started.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=20)
            with suppress(ProcessLookupError):  # workers that a signal holds, too
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._started.clear()


def free_ports(folder: Path, count: int) -> list[int]:
    """Ports that nothing listens at.

    The same ones for a folder where they are free again: addresses are part of the cache's key.
    """
    file = folder / "ports.json"
    ports: list[int] = json.loads(file.read_text()) if file.exists() else []
    if len(ports) != count or any(map(listens, ports)):
        ports = _any_ports(count)
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(ports))
    return ports


def _any_ports(count: int) -> list[int]:
    sockets = [socket.create_server((HOST, 0)) for _ in range(count)]
    ports = [item.getsockname()[1] for item in sockets]
    for item in sockets:
        item.close()
    return ports


def listens(port: int) -> bool:
    """Whether something does."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


class Startable(Protocol):
    """A cluster."""

    def start(self) -> None:
        """Starts everything."""

    def stop(self) -> None:
        """Ends everything."""


AnyCluster = TypeVar("AnyCluster", bound=Startable)


@contextmanager
def started(cluster: AnyCluster) -> Iterator[AnyCluster]:
    """A cluster that is stopped at the end, whatever happens."""
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
