"""TFX's taxi template on a real Kubeflow Pipelines: run, run again, retrained."""

import pytest
from kubeflow_cases import pipelines
from tfx_kubeflow.runner import KubeflowRunner

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(2 * 3600)]

ROWS = 700
ALWAYS_RUN = {"csv-example-gen-span", "latest-blessed-model-resolver", "pusher"}


@pytest.fixture(scope="module")
def run(cluster):
    """Runs the template with a number of training steps; returns what the run left behind."""
    base = cluster.scratch()
    rows = pipelines.TAXI_DATA.read_text().splitlines(keepends=True)[: ROWS + 1]
    cluster.place(f"{base}/data/data.csv", text="".join(rows))

    def run(steps):
        serving = f"{base}/serving"
        runner = KubeflowRunner(cluster.settings, str(cluster.folder))
        runner.run(pipelines.taxi(f"{base}/data", serving, steps))
        return cluster.look(cluster.run_package(runner.package_path("taxi")), serving)

    return run


def test_the_taxi_template_runs_is_cached_and_meets_its_served_model(run):
    first = run(steps=50)
    assert set(first["steps"].values()) == {"COMPLETE"}
    assert len(first["versions"]) == 1

    again = run(steps=50)
    assert {step for step, state in again["steps"].items() if state == "COMPLETE"} == ALWAYS_RUN
    assert again["versions"] == first["versions"]

    trained = run(steps=60)
    assert trained["steps"]["transform"] == "CACHED"
    assert trained["steps"]["trainer"] == "COMPLETE"
    served = first["artifacts"]["trainer/model"]["uri"]
    assert trained["inputs"]["evaluator/baseline_model"] == served
