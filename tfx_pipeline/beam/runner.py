"""JobServerRunner: Beam's for a job server, that has all workers read and leaves no job behind."""

import logging
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc
from apache_beam.io.iobase import BoundedSource, Read
from apache_beam.options.pipeline_options import (
    GoogleCloudOptions,
    PipelineOptions,
    PortableOptions,
)
from apache_beam.portability.api import beam_job_api_pb2 as api
from apache_beam.runners.portability.portable_runner import (
    TERMINAL_STATES,
    JobServiceHandle,
    PipelineResult,
    PortableRunner,
)
from apache_beam.transforms import PTransform

from tfx_pipeline.beam.flink import FlinkJobs
from tfx_pipeline.beam.reading import ReadByAll

log = logging.getLogger(__name__)

SOON = 5
"""Seconds after which a job server that is waited for is told of."""
CALL = 10
"""Seconds that a job server has to say which jobs there are, or to cancel one."""


class JobServerRunner(PortableRunner):
    """Submits to Beam's job server of Flink or Spark.

    A job goes on when the process that submitted it is gone, and takes the slots that the next run
    waits for. So an earlier job of the same name is cancelled first, and this one as soon as this
    process is told to end, or the job server is gone. A name that ends in `-` is completed to one
    that no other job has.
    """

    _service: Any = None
    _flink: FlinkJobs | None = None

    def apply_PTransform(  # noqa: N802
        self, transform: PTransform, given: Any, options: PipelineOptions
    ) -> Any:
        """Has all workers read a source."""
        if isinstance(transform, Read) and isinstance(transform.source, BoundedSource):
            return ReadByAll(transform.source).expand(given)
        return super().apply_PTransform(transform, given, options)

    def create_job_service(self, options: PipelineOptions) -> JobServiceHandle:
        """Waits for the job server.

        Raises:
            RuntimeError: It does not answer.
        """
        given = options.view_as(PortableOptions)
        address, limit = given.job_endpoint, given.job_server_timeout
        with grpc.insecure_channel(address) as channel:
            ready = grpc.channel_ready_future(channel)
            try:
                ready.result(timeout=min(SOON, limit))
            except grpc.FutureTimeoutError:
                log.warning("no job server answers at %s (beam.address); waiting", address)
            try:
                ready.result(timeout=max(limit - SOON, 0))
            except grpc.FutureTimeoutError:
                raise RuntimeError(
                    f"beam.address: no job server answers at {address} within {limit} s "
                    "(--job_server_timeout of beam.options)"
                ) from None
        return super().create_job_service(options)

    def create_job_service_handle(
        self, job_service: Any, options: PipelineOptions
    ) -> JobServiceHandle:
        """Cancels what is left of an earlier run."""
        handle = super().create_job_service_handle(job_service, options)
        self._service = handle.job_service
        with _in_words(options):
            for job in _unfinished(self._service, options):
                log.warning("cancelled job %s, which a run before this one left behind", job)
                self._service.Cancel(api.CancelJobRequest(job_id=job), timeout=CALL)
        self._flink = FlinkJobs(options)
        self._flink.clear()
        return handle

    def run_portable_pipeline(self, pipeline: Any, options: PipelineOptions) -> "_Result":
        """Submits the job."""
        named = options.view_as(GoogleCloudOptions)
        name = named.job_name or "beam-"
        named.job_name = f"{name}{uuid.uuid4()}" if name.endswith("-") else name
        with _in_words(options), _ended_with_its_run(lambda: self._end(options)):
            submitted = super().run_portable_pipeline(pipeline, options)
        return _Result(submitted, options, lambda: self._end(options))

    def _end(self, options: PipelineOptions) -> None:
        """Cancels the job; what is in the way is said, for there is a reason to end already."""
        if self._service is not None:
            try:
                for job in _unfinished(self._service, options):
                    self._service.Cancel(api.CancelJobRequest(job_id=job), timeout=CALL)
            except grpc.RpcError as error:
                log.warning("the job server did not cancel the job: %s", _reason(error))
        if self._flink is not None:
            try:
                self._flink.end()
            except RuntimeError as error:
                log.warning("%s", error)


class _Result(PipelineResult):
    def __init__(
        self, submitted: PipelineResult, options: PipelineOptions, end: Callable[[], None]
    ) -> None:
        self.__dict__ = submitted.__dict__
        self._options = options
        self._end = end

    def wait_until_finish(self, duration: int | None = None) -> str:
        """Waits for the job's end, or ends it where the waiting is interrupted.

        Raises:
            RuntimeError: The job failed, or the job server is gone.
        """
        with _in_words(self._options), _ended_with_its_run(self._end):
            state: str = super().wait_until_finish(duration)
        return state


@contextmanager
def _ended_with_its_run(end: Callable[[], None]) -> Iterator[None]:
    """Ends the job where this process is told to end, or nobody would watch the job any more."""
    try:
        yield
    except BaseException as error:
        if isinstance(error, grpc.RpcError) or not isinstance(error, Exception):
            end()
        raise


@contextmanager
def _in_words(options: PipelineOptions) -> Iterator[None]:
    try:
        yield
    except grpc.RpcError as error:
        address = options.view_as(PortableOptions).job_endpoint
        raise RuntimeError(
            f"the job server at {address} (beam.address): {_reason(error)}"
        ) from None


def _reason(error: grpc.RpcError) -> str:
    call: Any = error
    return f"{call.code().name}, {call.details() or 'no details'}"


def _unfinished(service: Any, options: PipelineOptions) -> list[str]:
    """Jobs of this name that the job server has not brought to an end."""
    name = options.view_as(GoogleCloudOptions).job_name
    found = service.GetJobs(api.GetJobsRequest(), timeout=CALL).job_info
    return [
        job.job_id for job in found if job.job_name == name and job.state not in TERMINAL_STATES
    ]
