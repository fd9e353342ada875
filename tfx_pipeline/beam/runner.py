"""JobServerRunner: Beam's for a job server, that has all workers read and leaves no job behind."""

import json
import logging
import time
import urllib.request
import uuid
from typing import Any

from apache_beam.io.iobase import BoundedSource, Read
from apache_beam.options.pipeline_options import (
    FlinkRunnerOptions,
    GoogleCloudOptions,
    PipelineOptions,
)
from apache_beam.portability.api import beam_job_api_pb2 as api
from apache_beam.runners.portability.portable_runner import (
    TERMINAL_STATES,
    JobServiceHandle,
    PipelineResult,
    PortableRunner,
)
from apache_beam.transforms import PTransform

from tfx_pipeline.beam.reading import ReadByAll

log = logging.getLogger(__name__)

ENDED = ("FINISHED", "FAILED", "CANCELED")
"""States of a Flink job that holds no slot any more."""
PATIENCE = 60
"""Seconds until a cancelled job must have given its slots back."""


class JobServerRunner(PortableRunner):
    """Submits to Beam's job server of Flink or Spark.

    A job goes on when the process that submitted it is gone, and takes the slots that the next run
    waits for. So an earlier job of the same name is cancelled first, and this one as soon as this
    process is told to end. A name that ends in `-` is completed to one that no other job has.
    """

    def apply_PTransform(  # noqa: N802
        self, transform: PTransform, given: Any, options: PipelineOptions
    ) -> Any:
        """Has all workers read a source."""
        if isinstance(transform, Read) and isinstance(transform.source, BoundedSource):
            return ReadByAll(transform.source).expand(given)
        return super().apply_PTransform(transform, given, options)

    def create_job_service_handle(
        self, job_service: Any, options: PipelineOptions
    ) -> JobServiceHandle:
        """Cancels what is left of an earlier run."""
        handle = super().create_job_service_handle(job_service, options)
        name = options.view_as(GoogleCloudOptions).job_name
        for job in handle.job_service.GetJobs(api.GetJobsRequest()).job_info:
            if job.job_name == name and job.state not in TERMINAL_STATES:
                log.warning("cancelled job %s, which a run before this one left behind", job.job_id)
                handle.job_service.Cancel(api.CancelJobRequest(job_id=job.job_id))
        _cancel_on_flink(options)
        return handle

    def run_portable_pipeline(self, pipeline: Any, options: PipelineOptions) -> "_Result":
        """Submits the job."""
        named = options.view_as(GoogleCloudOptions)
        name = named.job_name or "beam-"
        named.job_name = f"{name}{uuid.uuid4()}" if name.endswith("-") else name
        return _Result(super().run_portable_pipeline(pipeline, options), options)


class _Result(PipelineResult):
    def __init__(self, submitted: PipelineResult, options: PipelineOptions) -> None:
        self.__dict__ = submitted.__dict__
        self._options = options

    def wait_until_finish(self, duration: int | None = None) -> str:
        """Waits for the job's end, or ends it where the waiting is interrupted."""
        try:
            state: str = super().wait_until_finish(duration)
        except BaseException as error:
            if not isinstance(error, Exception):
                self.cancel()
                _cancel_on_flink(self._options)
            raise
        return state


def _cancel_on_flink(options: PipelineOptions) -> None:
    """Cancels unfinished jobs of this name: Beam's job server does not tell Flink's cluster.

    Needs `--flink_master`, the address of the cluster's REST interface.
    """
    address = options.view_as(FlinkRunnerOptions).flink_master
    name = options.view_as(GoogleCloudOptions).job_name
    if address.startswith("["):  # [auto]: only the job server knows
        return
    base = address if "://" in address else f"http://{address}"
    limit = time.monotonic() + PATIENCE
    while left := _unfinished(base, name):
        if time.monotonic() > limit:
            raise RuntimeError(f"Flink job {left[0]} is still not cancelled after {PATIENCE} s")
        for job in left:
            log.warning("cancelled Flink job %s (%s)", job, name)
            _ask("PATCH", f"{base}/jobs/{job}?mode=cancel")
        time.sleep(1)


def _unfinished(base: str, name: str) -> list[str]:
    jobs = json.loads(_ask("GET", f"{base}/jobs/overview"))["jobs"]
    return [job["jid"] for job in jobs if job["name"] == name and job["state"] not in ENDED]


def _ask(method: str, url: str) -> bytes:
    request = urllib.request.Request(url, method=method)  # noqa: S310
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        found: bytes = answer.read()
    return found
