"""What TFX's language has beside the standard graph, on a real Kubeflow Pipelines."""

import json

import pytest
from kubeflow_cases import penguins
from tfx import v1
from tfx.dsl.component.experimental import placeholders
from tfx.dsl.component.experimental.container_component import create_container_component
from tfx.orchestration.data_types import RuntimeParameter
from tfx.orchestration.kubeflow.decorators import FinalStatusStr
from tfx.orchestration.kubeflow.v2.test_utils import range_config_generator
from tfx.orchestration.test_pipelines.custom_exit_handler import test_exit_handler as exit_handler
from tfx.types.standard_artifacts import Schema, String
from tfx_kubeflow.runner import KubeflowRunner
from tfx_kubeflow.settings import NodeSettings

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(2 * 3600)]


@pytest.fixture(scope="module")
def left(cluster, tmp_path_factory):
    """What one run of a pipeline with a bit of everything left behind."""
    base = cluster.scratch()
    folder = tmp_path_factory.mktemp("features")
    text = (penguins.write_penguins(folder / "data") / "labelled/penguins.csv").read_text()
    for span in (0, 1):
        cluster.place(f"{base}/data/span-{span}/penguins.csv", text=text)
    cluster.place(f"{base}/word/value", text="imported")

    generator = range_config_generator(input_date=RuntimeParameter("date", str, "19700102"))
    example_gen = v1.components.CsvExampleGen(
        input_base=f"{base}/data",
        input_config=v1.proto.Input(
            splits=[v1.proto.Input.Split(name="all", pattern="span-{SPAN}/*")]
        ),
        range_config=generator.outputs["range_config"].future()[0].value,
    )
    statistics_gen = v1.components.StatisticsGen(examples=example_gen.outputs["examples"])
    schema_gen = v1.components.SchemaGen(statistics=statistics_gen.outputs["statistics"])
    word = v1.dsl.Importer(source_uri=f"{base}/word/value", artifact_type=String).with_id("Word")
    split_names = example_gen.outputs["examples"].future()[0].property("split_names")
    found = [
        v1.dsl.Resolver(
            strategy_class=v1.dsl.experimental.LatestArtifactStrategy,
            schema=v1.dsl.Channel(type=Schema),
        ).with_id(name)
        for name in ("Found", "FoundAgain")
    ]
    for resolver in found:
        resolver.add_upstream_node(schema_gen)
    schemas = ("a", "b", "c", "d")
    script = """
        for copy in "$1" "$2" "$3"; do cmp "$0/schema.pbtxt" "$copy/schema.pbtxt" || exit 1; done
        grep -q imported "$4" && cp -r "$0/." "$5"
    """
    with v1.dsl.Cond(split_names != "[]"):
        shell = create_container_component(
            name="Shell",
            image=cluster.image,
            inputs=dict.fromkeys(schemas, Schema) | {"word": String},
            outputs={"copy": Schema},
            command=[
                *("bash", "-c", script),
                *(placeholders.InputUriPlaceholder(name) for name in (*schemas, "word")),
                placeholders.OutputUriPlaceholder("copy"),
            ],
        )(
            a=schema_gen.outputs["schema"],
            b=schema_gen.outputs["schema"],
            c=found[0].outputs["schema"],
            d=found[1].outputs["schema"],
            word=word.outputs["result"],
        )
    with v1.dsl.Cond(split_names == "[]"):
        skipped = v1.components.ExampleValidator(
            statistics=statistics_gen.outputs["statistics"], schema=schema_gen.outputs["schema"]
        )
    pipeline = v1.dsl.Pipeline(
        pipeline_name="e2e-features",
        pipeline_root="",
        components=[
            *(generator, example_gen, statistics_gen, schema_gen, word, *found, shell, skipped)
        ],
        beam_pipeline_args=["--runner=DirectRunner", "--sdk_container_image=none"],
    )
    run_id, status = run_with_exit_handler(cluster, pipeline, base, date="19700101")
    return cluster.look(run_id, f"{base}/serving") | {"status": status}


def run_with_exit_handler(cluster, pipeline, base, **options):
    """Runs a pipeline; returns the run's id, and what the exit handler was told."""
    store = cluster.settings.store
    reader = NodeSettings(
        env={"MINIO_ENDPOINT": store.endpoint} if store.endpoint else {},
        secrets=(store.secret,) if store.secret else (),
    )
    settings = cluster.settings.model_copy(update={"nodes": {"test_exit_handler": reader}})
    runner = KubeflowRunner(settings, str(cluster.folder))
    runner.set_exit_handler(exit_handler(final_status=FinalStatusStr(), file_dir=f"{base}/status"))
    runner.run(pipeline)
    package = runner.package_path(pipeline.pipeline_info.pipeline_name)
    run_id = cluster.run_package(package, **options)
    return run_id, json.loads(cluster.read(f"{base}/status"))


def test_a_value_of_another_node_and_a_runtime_parameter_choose_the_span(left):
    examples = left["artifacts"]["csv-example-gen/examples"]["properties"]
    assert examples["custom:span"] == 0  # not the newest


def test_a_container_takes_one_artifact_by_four_ways_and_an_imported_one(left):
    ways = {left["inputs"][f"shell/{name}"] for name in ("a", "c", "d")}
    assert ways == {left["artifacts"]["schema-gen/schema"]["uri"]}
    assert left["artifacts"]["shell/copy"]["objects"] == 1
    assert left["artifacts"]["shell/copy"]["type"] == "tfx.Schema"


def test_a_condition_runs_one_step_and_skips_another(left):
    assert left["steps"]["shell"] == "COMPLETE"
    assert left["steps"].get("example-validator") in (None, "CANCELED")  # by KFP's version


def test_the_exit_handler_is_told_how_the_run_ended(left):
    assert left["status"]["state"] == "SUCCEEDED"


def test_the_exit_handler_is_told_of_a_failure(cluster):
    pipeline = v1.dsl.Pipeline(
        pipeline_name="e2e-failure",
        pipeline_root="",
        components=[
            create_container_component(
                name="Fails", image=cluster.image, command=["bash", "-c", "exit 3"]
            )()
        ],
    )
    _, status = run_with_exit_handler(cluster, pipeline, cluster.scratch(), state="FAILED")
    assert status["state"] == "FAILED"
