"""Every pipeline that TFX ships, built by the installed package itself."""

import importlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tfx
from conformance.registry import Built, case
from kubeflow_cases import pipelines
from tfx import v1
from tfx.orchestration.data_types import PipelineInfo
from tfx.orchestration.kubeflow.decorators import FinalStatusStr
from tfx.orchestration.pipeline import Pipeline

TFX = Path(tfx.__file__).parent
V2 = "tfx.orchestration.kubeflow.v2.test_utils"
TAXI_MODULE = str(TFX / "examples/chicago_taxi_pipeline/taxi_utils_native_keras.py")
KEYS = {"project": "p", "bucket": "b"}
CLOUD: dict[str, Any] = {
    "ai_platform_training_args": {"project": "p", "region": "r"},
    "ai_platform_serving_args": {"model_name": "m", "project_id": "p", "regions": ["r"]},
    "beam_pipeline_args": ["--runner=DataflowRunner", "--project=p"],
}


def shipped(name: str, module: str, expect: Any = "compiles", **more: Any) -> Callable[..., Any]:
    """A case that imports a module of TFX's when it is built."""

    def add(build: Callable[[Any], Any]) -> Callable[[Any], Any]:
        case(expect, name=f"TFX {name}", theme="shipped", source=module.replace(".", "/"), **more)(
            lambda: build(importlib.import_module(module))
        )
        return build

    return add


def renamed(pipeline: Pipeline) -> Pipeline:
    """The pipeline with a name that a Kubernetes object may have."""
    info = pipeline.pipeline_info
    pipeline.pipeline_info = PipelineInfo(info.pipeline_name.replace("_", "-"), "/root")
    return pipeline


def filled(create: Callable[..., Pipeline], **changes: Any) -> Pipeline:
    """A pipeline of one of TFX's functions, its arguments filled by their names."""
    known: dict[str, Any] = {
        "pipeline_name": "shipped",
        "beam_pipeline_args": [],
        "accuracy_threshold": 0.5,
        "eval_accuracy_threshold": 0.5,
        "train_args": v1.proto.TrainArgs(num_steps=1),
        "eval_args": v1.proto.EvalArgs(num_steps=1),
        "module_file": TAXI_MODULE,
    }
    arguments = {
        name: changes.get(name, known.get(name, "/data"))
        for name, parameter in inspect.signature(create).parameters.items()
        if name in changes or parameter.default is parameter.empty
    }
    return create(**arguments)


def utils(name: str, expect: Any = "compiles", **more: Any) -> None:
    shipped(f"test_utils {name}", V2, expect, **more)(lambda module: getattr(module, name)())


utils("two_step_pipeline")
utils("two_step_pipeline_with_dynamic_exec_properties")
utils("two_step_pipeline_with_illegal_dynamic_exec_property", "refused", at="BigQueryExampleGen")
utils("full_taxi_pipeline", "refused", at="module_utils.py")  # its module file is not there
utils("pipeline_with_one_container_spec_component", "refused", at="my_importer")
utils("pipeline_with_two_container_spec_components")
utils("pipeline_with_two_container_spec_components_2")
utils("two_step_kubeflow_artifacts_pipeline")
utils("two_step_pipeline_with_task_only_dependency")
utils("consume_primitive_artifacts_by_value_pipeline", "either", at="ConsumeByValue")
utils("pipeline_with_runtime_parameter", "either", at="ConsumeByValue")


@shipped("test_utils simple_pipeline_components", V2)
def _(module):
    return module.simple_pipeline_components("/data")


@shipped("test_utils create_pipeline_components of CSV", V2)
def _(module):
    return module.create_pipeline_components(
        "/root", TAXI_MODULE, TAXI_MODULE, csv_input_location="/data"
    )


@shipped("test_utils create_pipeline_components of BigQuery", V2)
def _(module):
    return module.create_pipeline_components("/root", TAXI_MODULE, TAXI_MODULE, "SELECT 1")


@shipped("test_utils dummy_exit_handler", V2)
def _(module):
    return Built(
        pipelines.pipeline(*module.simple_pipeline_components("/data")),
        exit_handler=module.dummy_exit_handler(param1=FinalStatusStr()),
    )


@shipped("test_utils dummy consumer under a condition", V2)
def _(module):
    one = module.dummy_producer_component(param1="1").with_id("producer_task_1")
    two = module.dummy_producer_component_2(param1="2").with_id("producer_task_2")
    condition = one.outputs["output1"].future()[0].uri != "uri"
    with (
        v1.dsl.Cond(condition),
        v1.dsl.Cond(two.outputs["output1"].future()[0].property("property") == "value1"),
    ):
        consumer = module.dummy_consumer_component(input1=one.outputs["output1"], param1=1)
    return [one, two, consumer]


@shipped(
    "e2e artifact_value_placeholder",
    "tfx.orchestration.kubeflow.v2.e2e_tests.artifact_value_placeholder_integration_test",
    "either",
    at="Print",
)
def _(module):
    return module._tasks_for_pipeline_with_artifact_value_passing("image")


@shipped("e2e exit_handler", "tfx.orchestration.test_pipelines.custom_exit_handler")
def _(module):
    handler = module.test_exit_handler(final_status=FinalStatusStr(), file_dir="/status")
    examples = v1.components.CsvExampleGen(input_base="/data")
    return Built(pipelines.pipeline(examples), exit_handler=handler)


@shipped(
    "e2e ai_platform_training_component",
    "tfx.orchestration.kubeflow.v2.components.experimental.ai_platform_training_component",
    "either",
    at="simple_aip_training",
)
def _(module):
    from tfx.dsl.component.experimental import placeholders
    from tfx.types.experimental import simple_artifacts
    from tfx.types.standard_artifacts import Model

    examples = v1.dsl.Importer(
        artifact_type=simple_artifacts.File, source_uri="gs://bucket/mnist"
    ).with_id("examples")
    train = module.create_ai_platform_training(
        name="simple_aip_training",
        project_id="p",
        region="r",
        image_uri="i",
        args=[
            "--dataset",
            placeholders.InputUriPlaceholder("examples"),
            "--model-dir",
            placeholders.OutputUriPlaceholder("model"),
            "--lr",
            placeholders.InputValuePlaceholder("learning_rate"),
        ],
        scale_tier="BASIC",
        inputs={"examples": examples.outputs["result"]},
        outputs={"model": Model},
        parameters={"learning_rate": "0.001"},
    )
    return [examples, train]


for _path in (
    "orchestration.test_pipelines.download_grep_print_pipeline",
    "examples.custom_components.container_components.download_grep_print_pipeline",
):

    @shipped(f"{_path.partition('.')[0]} download_grep_print", f"tfx.{_path}", "either", at="")
    def _(module):
        return module.create_pipeline_component_instances("http://host/file", "pattern")


for _name in ("beam_1", "beam_2", "beam_3", "kubeflow_v2_1", "kubeflow_v2_2", "local_1",
              "local_2", "local_3"):  # fmt: skip

    @shipped(f"CLI {_name}", f"tfx.tools.cli.testdata.test_pipeline_{_name}")
    def _(module):
        return filled(module._create_pipeline)


for _name in ("airflow_1", "kubeflow_1"):

    @shipped(f"CLI {_name}", f"tfx.tools.cli.testdata.test_pipeline_{_name}", "absent")
    def _(module):
        return module._create_pipeline()


def compiler(name: str, expect: Any = "compiles", **more: Any) -> None:
    module = f"tfx.dsl.compiler.testdata.{name}"
    shipped(f"compiler {name}", module, expect, **more)(
        lambda found: renamed(found.create_test_pipeline())
    )


compiler("additional_properties_test_pipeline_async", "either", at="CustomProducer")
compiler("channel_union_pipeline", "refused", at="ChannelUnionComponent")
compiler("composable_pipeline", "refused", at="data-ingestion-pipeline")
compiler("composable_pipeline_async", "refused", at="data-ingestion-pipeline")
compiler("conditional_pipeline", "refused", at="InfraValidator")
compiler("consumer_pipeline", "refused", at="Resolver.example_gen_resolver")
compiler("consumer_pipeline_different_project", "refused", at="Resolver.example_gen_resolver")
compiler("consumer_pipeline_with_tags", "refused", at="StatisticsGen")
compiler("dynamic_exec_properties_pipeline", "refused", at="DownstreamComponent")
compiler("external_artifacts_pipeline", "refused", at="CsvExampleGen")
compiler("foreach_pipeline", "refused", at="StatisticsGen")
compiler("iris_pipeline_async", "refused", at="")
compiler("iris_pipeline_sync", "refused", at="")
compiler("non_existent_component_pipeline", "refused", at="NonExistentComponent")
compiler("optional_and_allow_empty_pipeline", "refused", at="subpipeline")
compiler("pipeline_root_placeholder")
compiler("pipeline_with_annotations", "refused", at="Component")
compiler("resolver_function_pipeline", "refused", at="Trainer")


def example(
    path: str, module_file: str = "", expect: Any = "compiles", name: str = "", **more: Any
) -> None:
    changes = more.pop("changes", {})
    if module_file:
        file = str(TFX / "examples" / module_file)
        changes = {
            "module_file": file,
            "trainer_module_file": file,
            "evaluator_module_file": file,
        } | changes
    title = path.rpartition(".")[2] + (f" {name}" if name else "")

    def build(module: Any) -> Any:
        create = getattr(module, "create_pipeline", None) or module._create_pipeline
        made = {key: value() if callable(value) else value for key, value in changes.items()}
        return renamed(filled(create, **made))

    shipped(f"example {title}", f"tfx.examples.{path}", expect, **more)(build)


example("chicago_taxi_pipeline.taxi_pipeline_native_keras")
example("chicago_taxi_pipeline.taxi_pipeline_simple", expect="absent")
example("airflow_workshop.taxi.setup.dags.taxi_pipeline", expect="absent")
example("bigquery_ml.taxi_pipeline_kubeflow_gcp_bqml", expect="absent")
example("custom_components.hello_world.example.taxi_pipeline_hello")
example("custom_components.presto_example_gen.example.taxi_pipeline_presto", expect="absent")
example("custom_components.slack.example.taxi_pipeline_slack", expect="absent")
example("custom_components.slack.example.taxi_pipeline_slack_kubeflow", expect="absent")
example("imdb.imdb_pipeline_native_keras", "imdb/imdb_utils_native_keras.py")
example("mnist.mnist_pipeline_native_keras", "mnist/mnist_utils_native_keras.py")
example("bert.cola.bert_cola_pipeline", "bert/cola/bert_cola_utils.py")
example("bert.mrpc.bert_mrpc_pipeline", "bert/mrpc/bert_mrpc_utils.py")
# It uses an option that TFX 1.21's own model analysis no longer has.
example("ranking.ranking_pipeline", "ranking/ranking_utils.py", "tfx refuses")
example(
    "penguin.experimental.penguin_pipeline_sklearn_local",
    "penguin/experimental/penguin_utils_sklearn.py",
)
example(
    "penguin.experimental.penguin_pipeline_sklearn_gcp",
    "penguin/experimental/penguin_utils_sklearn.py",
    changes=CLOUD,
)
example(
    "penguin.penguin_pipeline_local_infraval",
    "penguin/penguin_utils_keras.py",
    "refused",
    at="InfraValidator",
    changes={"make_warmup": False, "infra_validator_host_ip_address": "localhost"},
)

PENGUIN: dict[str, Any] = {
    "user_provided_schema_path": None,
    "enable_tuning": False,
    "enable_bulk_inferrer": False,
    "enable_example_diff": False,
    "examplegen_input_config": None,
    "examplegen_range_config_date": None,
    "resolver_range_config": None,
    "enable_transform_input_cache": False,
}


def spans() -> Any:
    return v1.proto.Input(splits=[v1.proto.Input.Split(name="train", pattern="day{SPAN}/*")])


def several() -> Any:
    return v1.proto.RangeConfig(rolling_range=v1.proto.RollingRange(num_spans=2))


for _name, _expect, _at, _changes in (
    ("plain", "compiles", "", {}),
    ("with tuning", "compiles", "", {"enable_tuning": True}),
    ("with bulk inference", "compiles", "", {"enable_bulk_inferrer": True}),
    ("with an example diff", "compiles", "", {"enable_example_diff": True}),
    ("with a schema", "compiles", "", {"user_provided_schema_path": "/schema/schema.pbtxt"}),
    ("with an input cache", "compiles", "", {"enable_transform_input_cache": True}),
    ("with spans", "compiles", "", {"examplegen_input_config": spans}),
    (
        "with a date",
        "compiles",
        "",
        {"examplegen_input_config": spans, "examplegen_range_config_date": "20260102"},
    ),
    ("with several spans", "refused", "span_resolver", {"resolver_range_config": several}),
):
    example(
        "penguin.penguin_pipeline_local",
        "penguin/penguin_utils_keras.py",
        _expect,
        _name,
        at=_at,
        changes=PENGUIN | _changes,
    )

for _name, _cloud, _aip, _vertex, _tuning in (
    ("plain", False, False, False, False),
    ("with tuning", False, False, False, True),
    ("on AI Platform", True, True, False, True),
    ("on Vertex AI", True, False, True, True),
):
    example(
        "penguin.penguin_pipeline_kubeflow",
        "penguin/penguin_utils_keras.py",
        "compiles",
        _name,
        changes={
            **CLOUD,
            "enable_tuning": _tuning,
            "enable_cache": True,
            "user_provided_schema_path": "gs://bucket/schema.pbtxt",
            "use_cloud_component": _cloud,
            "use_aip": _aip,
            "use_vertex": _vertex,
            "serving_model_dir": "gs://bucket/serving",
        },
    )


@shipped("template penguin", "tfx.experimental.templates.penguin.pipeline.pipeline")
def _(module):
    return filled(module.create_pipeline, preprocessing_fn="models.fn", run_fn="models.run")


@shipped("template taxi", "tfx.experimental.templates.taxi.pipeline.pipeline")
def _(module):
    return filled(module.create_pipeline, preprocessing_fn="models.fn", run_fn="models.run")


@shipped("template taxi with all components", "tfx.experimental.templates.taxi.pipeline.pipeline")
def _(module):
    return pipelines.taxi("minio://bucket/data", "minio://bucket/serving", steps=1)


@shipped(
    "template penguin with all components", "tfx.experimental.templates.penguin.pipeline.pipeline"
)
def _(module):
    source = Path(module.__file__).read_text().replace("# components.append", "components.append")
    scope: dict[str, Any] = {"__name__": module.__name__}
    exec(source, scope)
    return filled(scope["create_pipeline"], preprocessing_fn="models.fn", run_fn="models.run")
