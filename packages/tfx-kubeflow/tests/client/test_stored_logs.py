"""A failure's cause in the store, when the pod is gone."""

from kubeflow_cases import failed_runs
from kubeflow_cases.buckets import write
from kubeflow_cases.fake_server import FakeServer
from tfx_kubeflow.client.connection import Connection


def test_a_failures_last_words_come_from_the_store_when_the_pod_is_gone(bucket, tmp_path):
    server = FakeServer()
    try:
        words = "INFO x\nTrainer failed: OSError: disk full\n"
        write(bucket, **{"root__small__run-1__trainer__try__executor-logs-0": words})
        failed_runs.failed_run(server, [failed_runs.detail("trainer", "FAILED", "gone")])
        server.runs["run-1"]["runtime_config"]["pipeline_root"] = f"{bucket}/root"
        (failure,) = failed_runs.explained(Connection(server.url))
    finally:
        server.close()
    assert failure.cause == "Trainer failed: OSError: disk full"
