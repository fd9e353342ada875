import pytest
from kubeflow_cases import pipelines
from kubeflow_cases.compiling import SETTINGS, compiled
from tfx import v1
from tfx.components.example_gen.component import QueryBasedExampleGen
from tfx.components.example_gen.driver import FileBasedDriver
from tfx.dsl.component.experimental import container_component
from tfx.dsl.components.base.base_driver import BaseDriver
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.dsl.experimental.node_execution_options.utils import NodeExecutionOptions, TriggerStrategy
from tfx.types.standard_artifacts import Model
from tfx_kubeflow.compiler import ir
from tfx_kubeflow.errors import CompileError
from tfx_kubeflow.protocol import decode
from tfx_kubeflow.runner import KubeflowRunner
from tfx_kubeflow.settings import KubeflowSettings, NodeSettings


def count(**options):
    node = pipelines.Count(start=1)
    return node.with_node_execution_options(NodeExecutionOptions(**options))


def retries(spec, task_id):
    return ir.task(spec, task_id).body.get("retryPolicy", {}).get("maxRetryCount")


@pytest.mark.parametrize("asked", [None, 0, 3])
def test_a_nodes_own_retries_hold_where_the_settings_say_nothing(asked):
    spec = compiled(pipelines.pipeline(count(max_execution_retries=asked)))
    assert retries(spec, "count") == (asked or None)


@pytest.mark.parametrize(
    "settings",
    [
        {"defaults": NodeSettings(retries=2)},
        {"nodes": {"Count": NodeSettings(retries=2)}},
    ],
)
def test_the_settings_retries_are_stronger(settings):
    node = count(max_execution_retries=5)
    spec = compiled(pipelines.pipeline(node), KubeflowSettings(image="i", **settings))
    assert retries(spec, "count") == 2


def test_a_driver_step_and_a_resolver_are_tried_again_as_their_node():
    options = NodeExecutionOptions(max_execution_retries=4)
    pipeline = pipelines.with_resolver("/data")
    for node in pipeline.components:
        if node.id in ("CsvExampleGen", "Baseline"):
            node.node_execution_options = options
    spec = compiled(pipeline)
    for task_id in ("csv-example-gen-span", "csv-example-gen", "baseline"):
        assert retries(spec, task_id) == 4
    assert retries(spec, "evaluator") is None


@pytest.mark.parametrize(
    "options",
    [
        {"trigger_strategy": TriggerStrategy.ALL_UPSTREAM_NODES_COMPLETED},
        {"success_optional": True},
        {"execution_timeout_sec": 60},
        {"lifetime_start": "Other"},
    ],
    ids=lambda options: next(iter(options)),
)
def test_other_execution_options_are_refused(options):
    (name,) = options
    with pytest.raises(CompileError, match=rf"^Count: its NodeExecutionOptions have {name}"):
        compiled(pipelines.pipeline(count(**options)))


def test_options_of_an_exit_handler_are_looked_at_too():
    runner = KubeflowRunner(SETTINGS)
    runner.set_exit_handler(count(success_optional=True))
    with pytest.raises(CompileError, match=r"^Count: .*success_optional"):
        runner.compile(pipelines.pipeline(pipelines.Count(start=1).with_id("Other")))


def test_an_importer_is_not_tried_again():
    importer = v1.dsl.Importer(source_uri="s3://b/m", artifact_type=Model).with_id("M")
    importer.node_execution_options = NodeExecutionOptions(max_execution_retries=1)
    with pytest.raises(CompileError, match=r"^M: .*max_execution_retries.*an Importer"):
        compiled(pipelines.pipeline(importer))


class Driver(BaseDriver):
    """Of a component of one's own."""


class SpanDriver(FileBasedDriver):
    """Of an ExampleGen that finds its files by rules of its own."""

    def get_input_processor(self, splits, range_config=None, input_base_uri=None):
        raise NotImplementedError


class OtherDriver(FileBasedDriver):
    """Of an ExampleGen that does more than find files."""

    def resolve_exec_properties(self, exec_properties, pipeline_info, component_info):
        raise NotImplementedError


class CountWithDriver(pipelines.Count):
    DRIVER_CLASS = Driver


class CsvWithDriver(v1.components.CsvExampleGen):
    DRIVER_CLASS = SpanDriver


class CsvWithOtherDriver(v1.components.CsvExampleGen):
    DRIVER_CLASS = OtherDriver


@pytest.mark.parametrize(
    "node", [lambda: CountWithDriver(start=1), lambda: CsvWithOtherDriver(input_base="/data")]
)
def test_a_driver_of_ones_own_is_refused(node):
    with pytest.raises(CompileError, match=r"does not run its driver, (Other)?Driver\. Do what"):
        compiled(pipelines.pipeline(node().with_id("Node")))


def test_an_input_processor_of_ones_own_is_run_by_the_driver_step():
    spec = compiled(pipelines.pipeline(CsvWithDriver(input_base="/data").with_id("Csv")))
    (container,) = (found for task, found in ir.containers(spec) if task.id == "csv-span")
    driver = decode(container["args"][container["args"].index("--step") + 1])
    assert driver.driver == f"{__name__}.SpanDriver"


class Query(QueryBasedExampleGen):
    EXECUTOR_SPEC = BeamExecutorSpec(pipelines.CopyExecutor)


@pytest.mark.parametrize("query", ["SELECT 1", "SELECT '@spans'"])
def test_a_query_without_a_span_needs_no_driver(query):
    config = v1.proto.Input(splits=[v1.proto.Input.Split(name="a", pattern=query)])
    compiled(pipelines.pipeline(Query(input_config=config)))


def query_of(range_config):
    config = v1.proto.Input(splits=[v1.proto.Input.Split(name="a", pattern="SELECT 1")])
    return pipelines.pipeline(Query(input_config=config, range_config=range_config))


def test_examples_of_a_query_have_the_span_of_its_range():
    span = v1.proto.StaticRange(start_span_number=5, end_span_number=5)
    spec = compiled(query_of(v1.proto.RangeConfig(static_range=span)))
    made = spec["components"]["comp-query"]["outputDefinitions"]["artifacts"]["examples"]
    assert made["metadata"] == {"custom:span": 5}


@pytest.mark.parametrize(
    "span_range",
    [
        v1.proto.RangeConfig(static_range=v1.proto.StaticRange(start_span_number=1)),
        v1.proto.RangeConfig(rolling_range=v1.proto.RollingRange(num_spans=1)),
        v1.proto.RangeConfig(),
    ],
    ids=["two spans", "rolling", "none"],
)
def test_a_range_of_a_query_that_names_no_span_is_refused(span_range):
    with pytest.raises(CompileError, match=r"^Query: its range_config names no span"):
        compiled(query_of(span_range))


@pytest.mark.parametrize(
    "span_range",
    [
        None,
        v1.dsl.experimental.RuntimeParameter("range", str, "{}"),
        {"static_range": {"start_span_number": v1.dsl.experimental.RuntimeParameter("n", int, 1)}},
    ],
    ids=["none", "of the run", "number of the run"],
)
def test_examples_of_a_query_whose_range_is_not_known_have_no_span(span_range):
    spec = compiled(query_of(span_range))
    made = spec["components"]["comp-query"]["outputDefinitions"]["artifacts"]["examples"]
    assert "metadata" not in made


@pytest.mark.parametrize("name", ["begin_timestamp", "end_timestamp", "yyyymmdd_utc"])
def test_a_query_for_a_span_is_refused(name):
    query = f"SELECT * FROM t WHERE d = @span_{name}"
    config = v1.proto.Input(splits=[v1.proto.Input.Split(name="a", pattern=query)])
    with pytest.raises(CompileError, match=r"^Query: .*span into its query"):
        compiled(pipelines.pipeline(Query(input_config=config)))


@pytest.mark.parametrize("image", ["", "Not An Image", "a:b:c", "{{workflow.name}}"])
def test_a_container_whose_image_is_none_is_refused(image):
    make = container_component.create_container_component(
        name="Shell", image=image, command=["true"]
    )
    with pytest.raises(CompileError, match=r"^Shell: its image .* not a container image"):
        compiled(pipelines.pipeline(make()))
