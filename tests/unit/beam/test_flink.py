"""Flink's REST interface: what is not cancelled, and what is no Flink."""

import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from tests.support.fake_flink import flink_cluster
from tests.support.web import Reply, web
from tfx_pipeline.beam.flink import FlinkJobs


def jobs(address: str) -> FlinkJobs:
    return FlinkJobs(PipelineOptions(["--job_name=mine", f"--flink_master={address}"]))


@pytest.mark.parametrize("status", [404, 409])
def test_a_job_may_end_by_itself_meanwhile(status):
    with flink_cluster({"1": ("mine", "RUNNING")}) as cluster:
        cluster.raced = status
        jobs(cluster.address).clear()
        assert cluster.states == {"1": "FINISHED"}


def test_what_ran_before_is_not_the_job_that_was_submitted():
    with flink_cluster({"1": ("mine", "FINISHED")}) as cluster:
        found = jobs(cluster.address)
        found.clear()
        cluster.coming["2"] = ("mine", "RUNNING")
        found.end()
        assert cluster.states == {"1": "FINISHED", "2": "CANCELED"}


def test_nothing_is_asked_where_only_the_job_server_knows_the_cluster():
    found = FlinkJobs(PipelineOptions(["--job_name=mine"]))
    found.clear()
    found.end()


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply("<html>"), "that is not Flink's REST interface"),
        (Reply({"jobs": None}), "that is not Flink's REST interface"),
        (Reply({}, 500), "HTTP Error 500"),
        (None, "Flink does not answer there .*Connection refused"),
    ],
    ids=["page", "other", "error", "nobody"],
)
def test_what_is_no_flink_is_named(reply, said):
    with web(lambda _: reply) as server:
        address = server.url
        if reply:
            with pytest.raises(RuntimeError, match=rf"--flink_master of beam.options, .*{said}"):
                jobs(address).clear()
            return
    with pytest.raises(RuntimeError, match=said):
        jobs(address).clear()
