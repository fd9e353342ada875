"""Schemas that runs left in their store, whatever their nodes are called."""

from types import SimpleNamespace

import pytest
from kubeflow_cases import pipelines
from tfx import v1
from tfx_kubeflow.client.connection import ServerError
from tfx_kubeflow.client.schema import newest_schema, schema_outputs
from tfx_kubeflow.runner import KubeflowRunner
from tfx_kubeflow.settings import KubeflowSettings


@pytest.fixture(scope="module")
def spec():
    examples = v1.components.CsvExampleGen(input_base="s3://data/a")
    statistics = v1.components.StatisticsGen(examples=examples.outputs["examples"])
    inferred = v1.components.SchemaGen(statistics=statistics.outputs["statistics"])
    curated = v1.components.ImportSchemaGen(schema_file="s3://data/schema.pbtxt")
    nodes = (examples, statistics, curated.with_id("A"), inferred.with_id("Zeta"))
    compiled, _ = KubeflowRunner(KubeflowSettings(image="i")).compile(pipelines.pipeline(*nodes))
    return compiled


def test_they_are_found_by_their_type_the_inferred_one_first(spec):
    assert schema_outputs(spec) == [("zeta", "schema"), ("a", "schema")]


def run(root, run_id, *tasks):
    for task in tasks:
        folder = root / "small" / run_id / task / "attempt/schema"
        folder.mkdir(parents=True)
        (folder / "schema.pbtxt").write_text(f"{run_id} {task}")
    return SimpleNamespace(run_id=run_id, runtime_config=SimpleNamespace(pipeline_root=str(root)))


def test_the_newest_run_that_made_one_counts(spec, tmp_path):
    runs = [run(tmp_path, "three"), run(tmp_path, "two", "a", "zeta"), run(tmp_path, "one", "zeta")]
    assert newest_schema(runs, "small", lambda run: spec) == "two zeta"
    assert newest_schema([run(tmp_path, "0", "a"), *runs], "small", lambda run: spec) == "0 a"


def test_without_one_it_says_what_to_do(spec, tmp_path):
    with pytest.raises(ServerError, match="no run of small has made a schema"):
        newest_schema([run(tmp_path, "three")], "small", lambda run: spec)
