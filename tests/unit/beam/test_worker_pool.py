"""The pool of Python workers, with a control service in place of task managers."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import pytest
from apache_beam.portability.api import beam_fn_api_pb2 as api
from apache_beam.portability.api import beam_fn_api_pb2_grpc

from tfx_pipeline.beam import worker_pool
from tfx_pipeline.beam.worker_pool import WorkerPool

PROJECT = Path(__file__).parents[3]


class TaskManager(beam_fn_api_pb2_grpc.BeamFnControlServicer):
    """Lets workers come, and keeps them until it closes."""

    def __init__(self) -> None:
        self.came = threading.Semaphore(0)
        self.closed = threading.Event()
        self._server = grpc.server(futures.ThreadPoolExecutor())
        beam_fn_api_pb2_grpc.add_BeamFnControlServicer_to_server(self, self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def Control(self, responses: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        self.came.release()
        self.closed.wait()
        yield from ()

    def close(self) -> None:
        self.closed.set()
        self._server.stop(grace=None)


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> WorkerPool:
    monkeypatch.setattr(worker_pool, "IMPORTED", [])
    return WorkerPool()


@pytest.fixture
def task_managers() -> Iterator[list[TaskManager]]:
    made = [TaskManager(), TaskManager()]
    yield made
    for one in made:
        one.close()


def start(pool: WorkerPool, task_manager: TaskManager) -> Any:
    endpoint = {"url": task_manager.address}
    pool.StartWorker(api.StartWorkerRequest(worker_id="1-1", control_endpoint=endpoint), None)
    return pool.workers[-1]


def test_workers_of_one_id_belong_to_different_task_managers(pool, task_managers):
    first, second = (start(pool, one) for one in task_managers)
    for one in task_managers:
        assert one.came.acquire(timeout=60)
    # Beam's own pool would end the other's.
    pool.StopWorker(api.StopWorkerRequest(worker_id="1-1"), None)
    task_managers[0].close()
    first.join(timeout=60)
    assert not first.is_alive()
    assert second.is_alive()


def test_a_taken_port_is_said(task_managers):
    port = task_managers[0].address.partition(":")[2]
    command = [sys.executable, "-m", "tfx_pipeline.beam.worker_pool", f"--port={port}"]
    found = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert found.returncode == 1
    assert f"cannot listen at 127.0.0.1:{port}" in found.stderr


def test_what_is_imported_exists():
    program = f"import importlib; [importlib.import_module(m) for m in {worker_pool.IMPORTED}]"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
