"""JobServerRunner, with a job service that only notes what it is asked."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import Any

import pytest
from apache_beam.options.pipeline_options import GoogleCloudOptions, PipelineOptions
from apache_beam.portability.api import beam_job_api_pb2 as api
from apache_beam.runners.portability.portable_runner import PipelineResult, PortableRunner

from tfx_pipeline.beam.runner import JobServerRunner

RUNNING, DONE = api.JobState.RUNNING, api.JobState.DONE


class JobService:
    """Knows three jobs."""

    def __init__(self) -> None:
        self.cancelled: list[str] = []

    def GetJobs(self, _: Any) -> Any:  # noqa: N802
        jobs = [
            api.JobInfo(job_id="left", job_name="transform-1", state=RUNNING),
            api.JobInfo(job_id="done", job_name="transform-1", state=DONE),
            api.JobInfo(job_id="other", job_name="transform-2", state=RUNNING),
        ]
        return api.GetJobsResponse(job_info=jobs)

    def Cancel(self, request: Any) -> None:  # noqa: N802
        self.cancelled.append(request.job_id)


def test_a_job_that_an_earlier_run_left_is_cancelled():
    service = JobService()
    JobServerRunner().create_job_service_handle(
        service, PipelineOptions(["--job_name=transform-1"])
    )
    assert service.cancelled == ["left"]


def test_a_job_without_a_name_cancels_none():
    service = JobService()
    JobServerRunner().create_job_service_handle(service, PipelineOptions([]))
    assert service.cancelled == []


class Flink(BaseHTTPRequestHandler):
    """Flink's REST interface: two unfinished jobs, which are cancelled when it is told to."""

    states: dict[str, str]

    def do_GET(self) -> None:
        names = {"mine": "transform-1", "others": "transform-2"}
        jobs = [{"jid": job, "name": names[job], "state": self.states[job]} for job in self.states]
        self._answer({"jobs": jobs})

    def do_PATCH(self) -> None:
        self.states[self.path.split("/")[2].partition("?")[0]] = "CANCELED"
        self._answer({})

    def log_message(self, *_: Any) -> None:
        pass

    def _answer(self, found: Any) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(found).encode())


@pytest.fixture
def flink() -> Iterator[str]:
    Flink.states = {"mine": "RUNNING", "others": "RUNNING"}
    with HTTPServer(("127.0.0.1", 0), Flink) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def test_flinks_cluster_is_told_as_well(flink):
    options = PipelineOptions(["--job_name=transform-1", f"--flink_master={flink}"])
    JobServerRunner().create_job_service_handle(JobService(), options)
    assert Flink.states == {"mine": "CANCELED", "others": "RUNNING"}


def interrupted() -> Any:
    yield SimpleNamespace(state=RUNNING)
    raise KeyboardInterrupt


def broken() -> Any:
    yield SimpleNamespace(state=api.JobState.FAILED)


@pytest.mark.parametrize(
    ("states", "raised", "cancelled"),
    [(interrupted, KeyboardInterrupt, ["new"]), (broken, RuntimeError, [])],
)
def test_the_job_ends_where_its_run_is_interrupted(states, raised, cancelled, monkeypatch):
    service = JobService()
    submitted = PipelineResult(service, "new", iter(()), states())
    monkeypatch.setattr(PortableRunner, "run_portable_pipeline", lambda *_: submitted)
    result = JobServerRunner().run_portable_pipeline(None, PipelineOptions([]))
    with pytest.raises(raised):
        result.wait_until_finish()
    assert service.cancelled == cancelled


def test_each_job_of_an_unfinished_name_has_one_of_its_own(monkeypatch):
    submitted = PipelineResult(JobService(), "new", iter(()), iter(()))
    monkeypatch.setattr(PortableRunner, "run_portable_pipeline", lambda *_: submitted)
    names = []
    for _ in range(2):
        options = PipelineOptions(["--job_name=transform-"])
        JobServerRunner().run_portable_pipeline(None, options)
        names.append(options.view_as(GoogleCloudOptions).job_name)
    assert all(name.startswith("transform-") for name in names)
    assert len(set(names)) == 2
