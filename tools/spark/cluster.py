"""Starts and stops a standalone Spark cluster whose workers have addresses of their own."""

from __future__ import annotations

import json
import urllib.request
from functools import partial
from pathlib import Path
from typing import Any

from tools.cluster.processes import HOST, Processes, free_ports, listens

MAIN = {
    "master": "org.apache.spark.deploy.master.Master",
    "worker": "org.apache.spark.deploy.worker.Worker",
    "job-server": "org.apache.beam.runners.spark.SparkJobServerDriver",
}


class Cluster:
    """A master, workers of one core each, Beam's job server, and Python workers.

    Args:
        jars: Folder of Spark's and Beam's jars.
        folder: For logs and temporary files.
        workers: How many; each has an address 127.0.0.x of its own.
    """

    def __init__(self, jars: Path, folder: Path, workers: int = 2) -> None:
        self._jars = jars
        self._folder = folder
        self._workers = workers
        self._processes = Processes(folder)
        self._rpc, self._page, self._jobs, self._pool = free_ports(folder, 4)

    @property
    def settings(self) -> list[str]:
        """Options of the pipeline that use this cluster."""
        return [
            "--beam.engine=spark",
            f"--beam.address={HOST}:{self._jobs}",
            f"--beam.worker_pool={HOST}:{self._pool}",
            f"--beam.workers={self._workers}",
        ]

    def start(self) -> None:
        """Starts everything.

        Raises:
            RuntimeError: Something ended or was not ready in time; its log is named.
        """
        # Executors are started from the jars of Spark's home.
        home = self._folder / "home"
        home.mkdir(parents=True, exist_ok=True)
        (home / "jars").unlink(missing_ok=True)
        (home / "jars").symlink_to(self._jars)
        ports = ["--port", str(self._rpc), "--webui-port", str(self._page)]
        self._java("master", "master", HOST, "--host", HOST, *ports)
        self._processes.wait(partial(listens, self._rpc))
        master = f"spark://{HOST}:{self._rpc}"
        for number in range(1, self._workers + 1):
            host = f"127.0.0.{number + 1}"
            work = self._folder / f"worker-{number}"
            given = ["--host", host, "--cores", "1", "--memory", "1400m", "--webui-port", "0"]
            self._java(work.name, "worker", host, *given, "--work-dir", str(work), master)
        self._java("job-server", "job-server", HOST, *self._job_server_options(master))
        self._processes.start_pool(self._pool)
        self._processes.wait(lambda: self._alive() == self._workers)
        for port in (self._jobs, self._pool):
            self._processes.wait(partial(listens, port))

    @property
    def pool(self) -> int:
        """Process of the pool of Python workers, which are its descendants."""
        return self._processes.pool

    def applications(self) -> list[dict[str, Any]]:
        """Jobs of Beam that ran or run, as Spark's master tells of them: `name`, `state`."""
        found = self._state()
        return [*found["activeapps"], *found["completedapps"]]

    def stop(self) -> None:
        """Ends everything."""
        self._processes.stop()

    def _alive(self) -> int:
        try:
            return int(self._state()["aliveworkers"])
        except OSError:
            return 0

    def _state(self) -> Any:
        with urllib.request.urlopen(f"http://{HOST}:{self._page}/json/", timeout=10) as answer:
            return json.load(answer)

    def _job_server_options(self, master: str) -> list[str]:
        return [
            f"--spark-master-url={master}",
            f"--job-host={HOST}",
            f"--job-port={self._jobs}",
            "--artifact-port=0",
            "--expansion-port=0",
            f"--artifacts-dir={self._folder / 'staged'}",
        ]

    def _java(self, name: str, kind: str, host: str, *options: str) -> None:
        opened = [f"--add-opens=java.base/{one}=ALL-UNNAMED" for one in _OPENED]
        properties = {
            "spark.driver.host": HOST,
            "spark.executor.memory": "1g",
            "spark.executor.extraJavaOptions": " ".join(opened),
            "spark.ui.enabled": "false",
        }
        given = [f"-D{key}={value}" for key, value in properties.items()]
        java = ["java", "-Xmx512m", *opened, *given, "-cp", f"{self._jars}/*", MAIN[kind]]
        environment = {
            "SPARK_HOME": str(self._folder / "home"),
            "SPARK_LOCAL_IP": host,
            "SPARK_SCALA_VERSION": "2.12",
        }
        self._processes.start(name, [*java, *options], environment)


_OPENED = (
    *("java.lang", "java.lang.invoke", "java.lang.reflect", "java.io", "java.net", "java.nio"),
    *("java.util", "java.util.concurrent", "java.util.concurrent.atomic"),
    *("sun.nio.ch", "sun.nio.cs", "sun.security.action", "sun.util.calendar"),
)
"""What Spark reaches into on Java 17."""
