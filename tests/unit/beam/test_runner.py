"""JobServerRunner, with a job service that only notes what it is asked."""

import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from apache_beam.options.pipeline_options import GoogleCloudOptions, PipelineOptions
from apache_beam.portability.api import beam_job_api_pb2 as api
from apache_beam.runners.portability.portable_runner import PipelineResult, PortableRunner

from tests.support.fake_flink import FakeFlink, flink_cluster
from tfx_pipeline.beam.runner import JobServerRunner

RUNNING, DONE = api.JobState.RUNNING, api.JobState.DONE


class JobService:
    """Knows three jobs."""

    def __init__(self) -> None:
        self.cancelled: list[str] = []
        self.gone = False

    def GetJobs(self, _: Any, timeout: float) -> Any:  # noqa: N802
        self._answer()
        jobs = [
            api.JobInfo(job_id="left", job_name="transform-1", state=RUNNING),
            api.JobInfo(job_id="done", job_name="transform-1", state=DONE),
            api.JobInfo(job_id="other", job_name="transform-2", state=RUNNING),
        ]
        return api.GetJobsResponse(job_info=jobs)

    def Cancel(self, request: Any, timeout: float) -> None:  # noqa: N802
        self._answer()
        self.cancelled.append(request.job_id)

    def _answer(self) -> None:
        if self.gone:
            raise Gone


class Gone(grpc.RpcError):
    """What grpc raises where a server has ended."""

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNAVAILABLE

    def details(self) -> str:
        return "Socket closed"


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


@pytest.fixture
def flink() -> Iterator[FakeFlink]:
    with flink_cluster({"mine": ("transform-1", "RUNNING"), "other": ("x", "RUNNING")}) as found:
        yield found


def options(flink: FakeFlink | None = None, *more: str) -> PipelineOptions:
    master = [f"--flink_master={flink.address}"] if flink else []
    return PipelineOptions(["--job_name=transform-1", "--job_endpoint=h:1", *master, *more])


def test_flinks_cluster_is_told_as_well(flink):
    JobServerRunner().create_job_service_handle(JobService(), options(flink))
    assert flink.states == {"mine": "CANCELED", "other": "RUNNING"}


def interrupted() -> Any:
    yield SimpleNamespace(state=RUNNING)
    raise KeyboardInterrupt


def broken() -> Any:
    yield SimpleNamespace(state=api.JobState.FAILED)


def gone() -> Any:
    yield SimpleNamespace(state=RUNNING)
    raise Gone


def submitting(service, flink, states, monkeypatch) -> Any:
    """A result whose job has come to Flink."""

    def submit(runner, *given):
        runner.create_job_service_handle(service, given[-1])
        flink.jobs["new"] = ("transform-1", "RUNNING")
        return PipelineResult(service, "left", iter(()), states())

    monkeypatch.setattr(PortableRunner, "run_portable_pipeline", submit)
    result = JobServerRunner().run_portable_pipeline(None, options(flink))
    service.cancelled.clear()
    return result


@pytest.mark.parametrize(
    ("states", "raised", "cancelled"),
    [(interrupted, KeyboardInterrupt, ["left"]), (broken, RuntimeError, [])],
)
def test_the_job_ends_where_its_run_is_interrupted(states, raised, cancelled, flink, monkeypatch):
    service = JobService()
    result = submitting(service, flink, states, monkeypatch)
    with pytest.raises(raised):
        result.wait_until_finish()
    assert service.cancelled == cancelled
    assert flink.states["new"] == ("CANCELED" if cancelled else "RUNNING")


@pytest.mark.parametrize("states", [interrupted, gone])
def test_flinks_job_ends_where_the_job_server_is_gone(states, flink, monkeypatch):
    service = JobService()
    result = submitting(service, flink, states, monkeypatch)
    service.gone = True
    raised, said = (KeyboardInterrupt, "") if states is interrupted else (RuntimeError, "h:1")
    with pytest.raises(raised, match=said):
        result.wait_until_finish()
    assert flink.states == {"mine": "CANCELED", "other": "RUNNING", "new": "CANCELED"}


def test_a_job_that_is_being_submitted_ends_as_soon_as_flink_has_it(flink, monkeypatch):
    service = JobService()

    def submit(runner, *given):
        runner.create_job_service_handle(service, given[-1])
        flink.coming["new"] = ("transform-1", "RUNNING")  # two answers from now on
        raise KeyboardInterrupt

    monkeypatch.setattr(PortableRunner, "run_portable_pipeline", submit)
    with pytest.raises(KeyboardInterrupt):
        JobServerRunner().run_portable_pipeline(None, options(flink))
    assert flink.states["new"] == "CANCELED"


def test_a_run_that_is_interrupted_before_it_submits_ends_at_once(monkeypatch):
    def wait(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(PortableRunner, "run_portable_pipeline", wait)
    with pytest.raises(KeyboardInterrupt):
        JobServerRunner().run_portable_pipeline(None, options())


@pytest.mark.parametrize("listening", [True, False])
def test_a_job_server_that_is_away_is_named(listening):
    with socket.create_server(("127.0.0.1", 0)) as server:  # takes connections, answers nothing
        port = server.getsockname()[1]
        if not listening:
            server.close()
        given = ["--job_server_timeout=1", f"--job_endpoint=127.0.0.1:{port}"]
        with pytest.raises(RuntimeError, match=rf"beam.address: no job .* at 127.0.0.1:{port} wit"):
            JobServerRunner().create_job_service(PipelineOptions(given))


def test_each_job_of_an_unfinished_name_has_one_of_its_own(monkeypatch):
    submitted = PipelineResult(JobService(), "new", iter(()), iter(()))
    monkeypatch.setattr(PortableRunner, "run_portable_pipeline", lambda *_: submitted)
    names = []
    for _ in range(2):
        named = PipelineOptions(["--job_name=transform-"])
        JobServerRunner().run_portable_pipeline(None, named)
        names.append(named.view_as(GoogleCloudOptions).job_name)
    assert all(name.startswith("transform-") for name in names)
    assert len(set(names)) == 2
