"""JobServerRunner: Beam's runner for a job server, that leaves no job behind."""

import logging
from typing import Any

from apache_beam.options.pipeline_options import GoogleCloudOptions, PipelineOptions
from apache_beam.portability.api import beam_job_api_pb2 as api
from apache_beam.runners.portability.portable_runner import (
    TERMINAL_STATES,
    JobServiceHandle,
    PipelineResult,
    PortableRunner,
)

log = logging.getLogger(__name__)


class JobServerRunner(PortableRunner):
    """Submits to Beam's job server of Flink or Spark.

    A job goes on when the process that submitted it is gone, and takes the slots that the next run
    waits for. So an earlier job of the same name is cancelled first, and this one as soon as this
    process is told to end.
    """

    def create_job_service_handle(
        self, job_service: Any, options: PipelineOptions
    ) -> JobServiceHandle:
        """Cancels what is left of an earlier run."""
        handle = super().create_job_service_handle(job_service, options)
        name = options.view_as(GoogleCloudOptions).job_name
        for job in handle.job_service.GetJobs(api.GetJobsRequest()).job_info:
            if name and job.job_name == name and job.state not in TERMINAL_STATES:
                log.warning("cancelled job %s, which a run before this one left behind", job.job_id)
                handle.job_service.Cancel(api.CancelJobRequest(job_id=job.job_id))
        return handle

    def run_portable_pipeline(self, pipeline: Any, options: PipelineOptions) -> "_Result":
        """Submits the job."""
        return _Result(super().run_portable_pipeline(pipeline, options))


class _Result(PipelineResult):
    def __init__(self, submitted: PipelineResult) -> None:
        self.__dict__ = submitted.__dict__

    def wait_until_finish(self, duration: int | None = None) -> str:
        """Waits for the job's end, or ends it where the waiting is interrupted."""
        try:
            state: str = super().wait_until_finish(duration)
        except BaseException as error:
            if not isinstance(error, Exception):
                self.cancel()
            raise
        return state
