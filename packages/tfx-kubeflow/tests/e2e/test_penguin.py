"""TFX's own penguin example through the runner, on a real Kubeflow Pipelines."""

import pytest
from kubeflow_cases import penguins, pipelines
from tfx_kubeflow.runner import KubeflowRunner

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(2 * 3600)]

STEPS = {
    "csv-example-gen",
    "statistics-gen",
    "schema-gen",
    "transform",
    "trainer",
    "evaluator",
    "pusher",
}


def test_tfx_penguin_goes_from_data_to_a_pushed_model(cluster, tmp_path):
    base = cluster.scratch()
    data = penguins.write_penguins(tmp_path / "data")
    text = (data / "labelled/penguins.csv").read_text()
    cluster.place(f"{base}/data/labelled/penguins.csv", text=text)
    # The example's tuner_fn builds tf_keras models, which keras-tuner on Keras 3 refuses.
    pipeline = pipelines.penguin(f"{base}/data", f"{base}/serving", enable_tuning=False)
    KubeflowRunner(cluster.settings, str(tmp_path)).run(pipeline)
    run_id = cluster.run_package(tmp_path / "penguin.yaml")
    left = cluster.look(run_id, f"{base}/serving")
    assert {step: left["steps"].get(step) for step in STEPS} == dict.fromkeys(STEPS, "COMPLETE")
    assert left["artifacts"]["evaluator/blessing"]["properties"]["blessed"] == 1
    assert left["artifacts"]["pusher/pushed_model"]["properties"]["pushed"] == 1
    assert len(left["versions"]) == 1
    assert {"tfx.Examples", "tfx.Model", "tfx.PushedModel"} <= set(left["ancestors"])
