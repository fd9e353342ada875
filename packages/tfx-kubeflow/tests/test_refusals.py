"""What does not run on Kubeflow Pipelines is refused by the compiler; modules that look so, run."""

import pytest
from kubeflow_cases import pipelines
from kubeflow_cases.compiling import compiled
from tfx import v1
from tfx.dsl.component.experimental import container_component, placeholders
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec, ExecutorSpec
from tfx.types.channel import union
from tfx.types.component_spec import ComponentSpec, ExecutionParameter
from tfx.types.standard_artifacts import Examples, Model
from tfx_kubeflow.errors import CompileError
from tfx_kubeflow.settings import KubeflowSettings, NodeSettings


def unions():
    writes = [pipelines.Write(number=n, name="a", share=0.1).with_id(f"W{n}") for n in (1, 2)]
    both = union([write.outputs["report"] for write in writes])
    return [*writes, pipelines.Read(report=both)], "Read: .*one output"


def infra_validator():
    model = v1.dsl.Importer(source_uri="s3://b/m", artifact_type=Model).with_id("M")
    return [
        model,
        v1.components.InfraValidator(
            model=model.outputs["result"], serving_spec=v1.proto.ServingSpec()
        ),
    ], "InfraValidator: "


def several_spans():
    resolver = v1.dsl.Resolver(
        strategy_class=v1.dsl.experimental.SpanRangeStrategy,
        config={"range_config": v1.proto.RangeConfig()},
        examples=v1.dsl.Channel(type=Examples),
    ).with_id("Spans")
    statistics = v1.components.StatisticsGen(examples=resolver.outputs["examples"])
    return [resolver, statistics], "Spans: .*latest artifact only"


def plain_import():
    return [
        v1.dsl.Importer(source_uri="/data/m", artifact_type=Model).with_id("M")
    ], "M: '/data/m' cannot be imported"


def missing_module():
    importer = v1.dsl.Importer(source_uri="s3://b/m", artifact_type=Examples).with_id("E")
    return [
        importer,
        v1.components.Trainer(
            module_file="/nowhere/m.py",
            examples=importer.outputs["result"],
            train_args=v1.proto.TrainArgs(),
            eval_args=v1.proto.EvalArgs(),
        ),
    ], "Trainer: module_file .*run_fn='pkg.mod.fn'"


def container_value():
    make = container_component.create_container_component(
        name="Shell",
        image="busybox",
        inputs={"model": Model},
        command=["echo", placeholders.InputValuePlaceholder("model")],
    )
    importer = v1.dsl.Importer(source_uri="s3://b/m", artifact_type=Model).with_id("M")
    return [importer, make(model=importer.outputs["result"])], "Shell: .*value of an artifact"


def nested_pipeline():
    inner = pipelines.pipeline(pipelines.Count(start=1), name="inner")
    return [inner], "inner: .*pipeline of its own"


def reserved_name():
    return [pipelines.Count(start=1).with_id("not")], "not: .*with_id"


def two_pushers():
    model = v1.dsl.Importer(source_uri="s3://b/m", artifact_type=Model).with_id("M")
    result = model.outputs["result"]
    pushers = [
        v1.components.Pusher(
            model=result,
            push_destination=v1.proto.PushDestination(
                filesystem=v1.proto.PushDestination.Filesystem(base_directory=f"/{name}")
            ),
        ).with_id(name)
        for name in ("P1", "P2")
    ]
    resolver = pipelines.blessed_model("B")
    examples = v1.components.CsvExampleGen(input_base="/d")
    evaluator = v1.components.Evaluator(
        examples=examples.outputs["examples"],
        model=result,
        baseline_model=resolver.outputs["model"],
    )
    return [model, resolver, examples, evaluator, *pushers], r"P1, P2: .*one Pusher"


def conditional_import():
    write = pipelines.Write(number=1, name="a", share=0.5)
    with v1.dsl.Cond(write.outputs["report"].future()[0].property("lines") == 1):
        importer = v1.dsl.Importer(source_uri="s3://b/m", artifact_type=Model).with_id("M")
    return [write, importer], "M: .*no condition on an importer"


def taken_property():
    importer = v1.dsl.Importer(
        source_uri="s3://b/e",
        artifact_type=Examples,
        custom_properties={"span": 2},
    ).with_id("E")
    return [importer], "E: custom property 'span' of its output has the name of a property of Exa"


@pytest.mark.parametrize(
    "case",
    [
        unions,
        infra_validator,
        several_spans,
        plain_import,
        missing_module,
        container_value,
        nested_pipeline,
        reserved_name,
        two_pushers,
        conditional_import,
        taken_property,
    ],
)
def test_what_cannot_run_is_refused_with_the_nodes_name_and_a_way_out(case):
    nodes, message = case()
    with pytest.raises(CompileError, match=message):
        compiled(pipelines.pipeline(*nodes))


def executor_of(module):
    class Executor(BaseExecutor):
        __module__ = module

        def Do(self, *_):  # noqa: N802
            raise NotImplementedError

    count = pipelines.Count(start=1)
    count.executor_spec = ExecutorClassSpec(Executor)
    return pipelines.pipeline(count)


@pytest.mark.parametrize(
    "name", ["_run_id", "module_source", "model__metadata", "__runtime_parameter__x"]
)
def test_parameters_that_a_step_keeps_for_itself_are_refused(name):
    class Spec(ComponentSpec):
        INPUTS = OUTPUTS = {}
        PARAMETERS = {name: ExecutionParameter(type=str)}

    class Named(BaseComponent):
        SPEC_CLASS = Spec
        EXECUTOR_SPEC = ExecutorClassSpec(pipelines.CopyExecutor)

    node = Named(Spec(**{name: "mine"}))
    with pytest.raises(CompileError, match=f"Named: parameter '{name}': steps keep parameters"):
        compiled(pipelines.pipeline(node))


def test_code_of_the_started_file_is_refused():
    with pytest.raises(CompileError, match="Count: Executor is defined in the file that is run"):
        compiled(executor_of("__main__"))


def test_classes_that_cannot_be_imported_are_refused():
    with pytest.raises(CompileError, match=r"Count: .*cannot be imported by name"):
        compiled(executor_of(__name__))


def test_executors_that_are_neither_python_nor_a_container_are_refused():
    count = pipelines.Count(start=1)
    count.executor_spec = ExecutorSpec()
    with pytest.raises(CompileError, match=r"Count: an executor of kind ExecutorSpec"):
        compiled(pipelines.pipeline(count))


def test_settings_of_a_node_that_is_not_there_are_refused():
    settings = KubeflowSettings(image="i", nodes={"Trainr": NodeSettings(gpus=1)})
    with pytest.raises(CompileError, match=r"Trainr.*There are Count"):
        compiled(pipelines.pipeline(pipelines.Count(start=1)), settings)
