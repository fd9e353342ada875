"""Flink's REST interface: jobs that are cancelled when it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

Jobs = dict[str, tuple[str, str]]
"""Number -> name and state."""


class FakeFlink:
    """What a cluster knows.

    Attributes:
        address: host:port.
        jobs: Those that it has.
        coming: Those that it has two answers later.
        raced: Answers with this status when a job is to be cancelled, and has ended by itself.
    """

    def __init__(self, jobs: Jobs) -> None:
        self.address = ""
        self.jobs = jobs
        self.coming: Jobs = {}
        self.raced: int | None = None
        self._answers = 0

    @property
    def states(self) -> dict[str, str]:
        """Number -> state."""
        return {number: state for number, (_, state) in self.jobs.items()}

    def overview(self) -> Any:
        """Of all jobs."""
        self._answers += bool(self.coming)
        if self._answers > 2:
            self.jobs |= self.coming
            self.coming = {}
        jobs = [{"jid": job, "name": name, "state": at} for job, (name, at) in self.jobs.items()]
        return {"jobs": jobs}

    def cancel(self, number: str) -> int:
        """Ends a job, and returns the status of the answer."""
        self.jobs[number] = (self.jobs[number][0], "FINISHED" if self.raced else "CANCELED")
        return self.raced or 202


@contextmanager
def flink_cluster(jobs: Jobs) -> Iterator[FakeFlink]:
    """Serves it until the end of the block."""
    cluster = FakeFlink(dict(jobs))

    class Rest(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(200, cluster.overview())

        def do_PATCH(self) -> None:
            self._answer(cluster.cancel(self.path.split("/")[2].partition("?")[0]), {})

        def log_message(self, *_: Any) -> None:
            pass

        def _answer(self, status: int, found: Any) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(found).encode())

    with HTTPServer(("127.0.0.1", 0), Rest) as server:
        cluster.address = f"127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield cluster
        server.shutdown()
