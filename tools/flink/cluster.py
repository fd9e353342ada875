"""Starts and stops a Flink session cluster whose task managers have addresses of their own."""

from __future__ import annotations

import json
import os
import urllib.request
from functools import partial
from pathlib import Path
from typing import Any

from tools.cluster.processes import HOST, Processes, free_ports, listens

MAIN = {
    "job-manager": "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
    "task-manager": "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
    "job-server": "org.apache.beam.runners.flink.FlinkJobServerDriver",
}
# Beam keeps what workers have sent until Flink takes it: over 2 GiB of ten times the embedded rows.
HEAP = {"job-manager": "512m", "task-manager": "4g", "job-server": "512m"}


class Cluster:
    """A job manager, task managers of one slot each, Beam's job server, and Python workers.

    Args:
        jars: Folder of Flink's and Beam's jars.
        folder: For configuration, logs and temporary files.
        task_managers: How many; each has an address 127.0.0.x of its own.
    """

    def __init__(self, jars: Path, folder: Path, task_managers: int = 2) -> None:
        self._jars = jars
        self._folder = folder
        self._processes = Processes(folder)
        self._rpc, self._rest, self._jobs, self._pool = free_ports(folder, 4)
        self._names = [f"task-manager-{number}" for number in range(1, task_managers + 1)]

    @property
    def settings(self) -> list[str]:
        """Options of the pipeline that use this cluster."""
        return [
            "--beam.engine=flink",
            f"--beam.address={HOST}:{self._jobs}",
            f"--beam.worker_pool={HOST}:{self._pool}",
            f"--beam.workers={len(self._names)}",
            f"--beam.options=--flink_master={HOST}:{self._rest}",
        ]

    def start(self) -> None:
        """Starts everything.

        Raises:
            RuntimeError: Something ended or was not ready in time; its log is named.
        """
        self._java("job-manager", "job-manager", {})
        for name in self._names:
            self.start_task_manager(name)
        self._java("job-server", "job-server", {}, self._job_server_options())
        self._processes.start_pool(self._pool)
        self._processes.wait(lambda: self.slots() == len(self._names))
        for port in (self._jobs, self._pool):
            self._processes.wait(partial(listens, port))

    def start_task_manager(self, name: str) -> None:
        """Starts a task manager, also one that was killed before."""
        host = f"127.0.0.{self._names.index(name) + 2}"
        own = {"taskmanager.host": host, "taskmanager.bind-host": host}
        self._java(name, "task-manager", own)

    def kill(self, name: str) -> None:
        """Ends a process as a failing machine does."""
        self._processes.kill(name)

    def log(self, name: str) -> str:
        """What a process has said so far."""
        return (self._folder / f"{name}.log").read_text(errors="replace")

    @property
    def pool(self) -> int:
        """Process of the pool of Python workers, which are its descendants."""
        return self._processes.pool

    def signal_workers(self, number: int) -> None:
        """Sends a signal to all Python workers, such as SIGSTOP, so that no job ends."""
        os.killpg(self.pool, number)

    def slots(self) -> int:
        """Task slots of the task managers that the job manager knows."""
        try:
            return int(self.rest("overview")["slots-total"])
        except OSError:
            return 0

    def jobs(self) -> list[dict[str, Any]]:
        """All jobs, as Flink tells of them: `name`, `state`, `start-time`, `duration`."""
        found: list[dict[str, Any]] = self.rest("jobs/overview")["jobs"]
        return found

    def rest(self, path: str) -> Any:
        """What Flink's REST interface answers."""
        with urllib.request.urlopen(f"http://{HOST}:{self._rest}/{path}", timeout=10) as answer:
            return json.load(answer)

    def stop(self) -> None:
        """Ends everything."""
        self._processes.stop()

    def _job_server_options(self) -> list[str]:
        return [
            f"--flink-master={HOST}:{self._rest}",
            f"--job-host={HOST}",
            f"--job-port={self._jobs}",
            "--artifact-port=0",
            "--expansion-port=0",
            f"--artifacts-dir={self._folder / 'staged'}",
        ]

    def _java(
        self, name: str, kind: str, own: dict[str, Any], options: list[str] | None = None
    ) -> None:
        folder = self._folder / name
        folder.mkdir(parents=True, exist_ok=True)
        configuration = _CONFIGURATION | {
            "jobmanager.rpc.address": HOST,
            "jobmanager.rpc.port": self._rpc,
            "rest.port": self._rest,
            "rest.address": HOST,
            "io.tmp.dirs": folder,
            **own,
        }
        lines = [f"{key}: {value}\n" for key, value in configuration.items()]
        (folder / "config.yaml").write_text("".join(lines))
        (folder / "log4j.properties").write_text(_LOGGING)
        log = f"-Dlog4j.configurationFile=file:{folder / 'log4j.properties'}"
        opened = [f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in _OPENED]
        java = ["java", f"-Xmx{HEAP[kind]}", log, *opened, "-cp", f"{self._jars}/*", MAIN[kind]]
        self._processes.start(name, [*java, *(options or ["--configDir", str(folder)])])


_CONFIGURATION = {
    "jobmanager.bind-host": HOST,
    "rest.bind-address": HOST,
    # What Flink's own scripts compute; without them it has to be said.
    "taskmanager.cpu.cores": 1.0,
    "taskmanager.memory.framework.heap.size": "128m",
    "taskmanager.memory.framework.off-heap.size": "128m",
    "taskmanager.memory.jvm-metaspace.size": "256m",
    "taskmanager.memory.jvm-overhead.min": "192m",
    "taskmanager.memory.jvm-overhead.max": "192m",
    "taskmanager.memory.task.heap.size": "3968m",
    "taskmanager.memory.task.off-heap.size": "0m",
    "taskmanager.memory.managed.size": "256m",
    # The Evaluator has some hundred exchanges, and by default each wants 512 buffers of 32 KiB.
    "taskmanager.network.sort-shuffle.min-buffers": 64,
    "taskmanager.memory.network.min": "256m",
    "taskmanager.memory.network.max": "256m",
    "taskmanager.numberOfTaskSlots": 1,
    # Beam is among Flink's own jars.
    "classloader.resolve-order": "parent-first",
    "pekko.startup-timeout": "120 s",
    # A job whose task manager is lost waits so long for another, and then fails.
    "slot.request.timeout": 60000,
    "heartbeat.timeout": 20000,
    # One that is out of memory has lost its stream to the Python workers, and would wait for ever.
    "taskmanager.jvm-exit-on-oom": "true",
    "cluster.uncaught-exception-handling": "FAIL",
}
_OPENED = ("java.lang", "java.util", "java.net", "java.nio", "java.util.concurrent", "java.time")
_LOGGING = """rootLogger.level = INFO
rootLogger.appenderRef.out.ref = out
appender.out.name = out
appender.out.type = CONSOLE
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{HH:mm:ss,SSS} %-5p %c{1} %m%n
"""
