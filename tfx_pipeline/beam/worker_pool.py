"""A pool of Python workers that the task managers of a machine start theirs from.

`python -m tfx_pipeline.beam.worker_pool --port=50000` stands beside each task manager, with the
project's packages. Beam's own pool starts a new Python for each worker, which takes seconds to
import TensorFlow; here a worker is a fork of a process that has done that.
"""

import argparse
import logging
import multiprocessing
import signal
import sys
from concurrent import futures
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from typing import Any

import grpc
from apache_beam.portability.api import beam_fn_api_pb2 as api
from apache_beam.portability.api import beam_fn_api_pb2_grpc
from apache_beam.runners.worker.sdk_worker import SdkHarness

log = logging.getLogger(__name__)

IMPORTED = [
    "tfx_pipeline.components.example_gen.executor",
    "tfx_pipeline.components.statistics_gen.executor",
    "tfx.components.transform.executor",
    "tfx_pipeline.components.evaluator.executor",
    "tfx_pipeline.evaluation.metrics",
    "modules.transform",
]
"""What the steps of the pipeline run in workers."""


class WorkerPool(beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolServicer):
    """Starts workers; each ends when its task manager closes the connection, or is gone."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(IMPORTED)
        forkserver.ensure_running()  # it imports while nobody waits
        self.workers: list[BaseProcess] = []

    def StartWorker(self, request: Any, _: Any) -> Any:  # noqa: N802
        """Forks a worker."""
        self.workers = [worker for worker in self.workers if worker.is_alive()]
        address = request.control_endpoint.url
        worker = self._context.Process(
            target=run_worker, args=(address, request.worker_id), daemon=True
        )
        worker.start()
        self.workers.append(worker)
        log.info("worker %s of %s is process %s", request.worker_id, address, worker.pid)
        return api.StartWorkerResponse()

    def StopWorker(self, request: Any, _: Any) -> Any:  # noqa: N802
        """Does nothing: two task managers may give their workers the same id."""
        return api.StopWorkerResponse()


def run_worker(address: str, worker_id: str) -> None:
    """Works for a task manager until it closes the connection.

    Args:
        address: Of its control service, host:port.
        worker_id: How it calls the worker.
    """
    logging.getLogger().setLevel(logging.INFO)
    SdkHarness(address, worker_id=worker_id).run()


def serve(host: str, port: int) -> None:
    """Serves until the process is ended.

    Args:
        host: Address to listen at.
        port: The port; task managers have it in `beam.worker_pool`.

    Raises:
        OSError: The port is taken.
    """
    # Two pools at one port would share the requests between them.
    server = grpc.server(futures.ThreadPoolExecutor(), options=[("grpc.so_reuseport", 0)])
    try:
        server.add_insecure_port(f"{host}:{port}")
    except RuntimeError as error:
        raise OSError(f"cannot listen at {host}:{port}; another pool may") from error
    beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(WorkerPool(), server)
    server.start()
    log.info("workers are started at %s:%d", host, port)
    server.wait_for_termination()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at")
    parser.add_argument("--port", type=int, default=50000)
    # As the first process of a container it would not be ended by the signal alone.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    serve(**vars(parser.parse_args()))
