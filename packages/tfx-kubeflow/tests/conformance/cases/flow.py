"""Shape of the graph: sizes, order, unions, loops, pipelines inside pipelines."""

from conformance import components as c
from conformance.registry import Built, case
from kubeflow_cases import pipelines
from tfx import v1
from tfx.dsl.control_flow.for_each import ForEach
from tfx.dsl.experimental.node_execution_options.utils import NodeExecutionOptions, TriggerStrategy
from tfx.orchestration.pipeline import ExecutionMode, Pipeline, PipelineInputs
from tfx.types.channel import union
from tfx.types.channel_utils import external_pipeline_artifact_query
from tfx.types.standard_artifacts import Model


@case(runs={})
def one_node():
    return [c.Nothing()]


@case("refused", at="pipeline")
def no_node():
    return []


@case(runs={"told/told": repr((4, 0.5, "none", False))})
def nodes_listed_in_reverse():
    made = c.Number(value=4)
    return [c.Told(integer=made.outputs["number"].future()[0].value), made]


@case(runs={"told/told": repr((1, 0.5, "none", False))})
def a_node_that_only_waits():
    told = c.Told()
    told.add_upstream_node(c.Nothing())
    return [*told.upstream_nodes, told]


@case()
def a_hundred_nodes_in_a_row():
    nodes = [c.Number(value=0).with_id("N0")]
    for n in range(1, 100):
        value = nodes[-1].outputs["number"].future()[0].value
        nodes.append(c.Number(value=value).with_id(f"N{n}"))
    return nodes


@case()
def a_hundred_nodes_at_once():
    nodes = [c.Number(value=n).with_id(f"N{n}") for n in range(99)]
    last = c.Told()
    last.add_upstream_nodes(nodes)
    return [*nodes, last]


@case("tfx refuses")
def nodes_in_a_circle():
    one, two = c.Told().with_id("One"), c.Told().with_id("Two")
    one.add_upstream_node(two)
    two.add_upstream_node(one)
    return [one, two]


@case("refused", at="Read")
def a_union():
    made = [c.Write().with_id(name) for name in ("One", "Two")]
    both = union([node.outputs["report"] for node in made])
    return [*made, c.Read(report=both)]


@case("either", at="Many")
def a_union_for_a_list_of_artifacts():
    made = [c.Write().with_id(name) for name in ("One", "Two")]
    both = union([node.outputs["report"] for node in made])
    return [*made, c.Many(reports=both)]


@case("refused", at="Found")
def a_union_into_a_resolver():
    made = [c.Write().with_id(name) for name in ("One", "Two")]
    both = union([node.outputs["report"] for node in made])
    found = v1.dsl.Resolver(
        strategy_class=v1.dsl.experimental.LatestArtifactStrategy, report=both
    ).with_id("Found")
    return [*made, found, c.Read(report=found.outputs["report"])]


@case("refused", at="Read")
def a_loop():
    made = c.Write()
    with ForEach(made.outputs["report"]) as each:
        read = c.Read(report=each)
    return [made, read]


@case("refused", at="inner")
def a_pipeline_inside_a_pipeline():
    return [pipelines.pipeline(c.Told(), name="inner")]


@case("refused", at="inner")
def a_pipeline_with_inputs_inside_a_pipeline():
    made = c.MakeModel()
    inputs = PipelineInputs({"model": made.outputs["model"]})
    used = c.UseModel(model=inputs.inputs["model"])
    inner = Pipeline(pipeline_name="inner", components=[used], inputs=inputs)
    return [made, inner]


@case("either", at="UseModel")
def a_pipeline_with_inputs_of_its_own():
    outer = Pipeline(pipeline_name="outer", components=[made := c.MakeModel()],
                     outputs={"model": made.outputs["model"]})  # fmt: skip
    inputs = PipelineInputs({"model": outer.outputs["model"]})
    used = c.UseModel(model=inputs.inputs["model"])
    return Pipeline(pipeline_name="consumer", components=[used], inputs=inputs)


@case("either", at="producer")
def a_pipeline_with_outputs():
    made = c.MakeModel()
    return Pipeline(
        pipeline_name="producer", components=[made], outputs={"model": made.outputs["model"]}
    )


@case("refused", at="UseModel")
def an_artifact_of_another_pipeline():
    other = external_pipeline_artifact_query(
        artifact_type=Model, owner="me", pipeline_name="other", producer_component_id="Trainer",
        output_key="model",
    )  # fmt: skip
    return [c.UseModel(model=other)]


@case("either", at="Told")
def node_execution_options_with_retries():
    options = NodeExecutionOptions(max_execution_retries=3)
    return [c.Told().with_node_execution_options(options)]


@case("either", at="Told")
def node_execution_options_with_a_timeout():
    options = NodeExecutionOptions(execution_timeout_sec=60)
    return [c.Told().with_node_execution_options(options)]


@case("either", at="Told")
def node_execution_options_where_failure_is_allowed():
    options = NodeExecutionOptions(success_optional=True)
    return [c.Told().with_node_execution_options(options)]


@case("either", at="Told")
def node_execution_options_with_another_trigger():
    options = NodeExecutionOptions(trigger_strategy=TriggerStrategy.ALL_UPSTREAM_NODES_COMPLETED)
    made = c.Nothing()
    told = c.Told().with_node_execution_options(options)
    told.add_upstream_node(made)
    return [made, told]


@case("either", at="Told")
def node_execution_options_with_a_lifetime():
    made = c.Nothing()
    told = c.Told().with_node_execution_options(NodeExecutionOptions(lifetime_start="Nothing"))
    told.add_upstream_node(made)
    return [made, told]


@case(runs={})
def a_pipeline_without_a_cache():
    return Pipeline(
        pipeline_name="small", pipeline_root="/r", components=[c.Told()], enable_cache=False
    )


@case(runs={})
def a_pipeline_without_a_root():
    return Pipeline(pipeline_name="small", components=[c.Told()])


@case("either", at="")
def a_pipeline_in_asynchronous_mode():
    return Pipeline(
        pipeline_name="small", components=[c.Told()], execution_mode=ExecutionMode.ASYNC
    )


@case(runs={})
def a_pipeline_with_beams_options():
    return Built(
        pipelines.pipeline(
            c.Told(), beam_pipeline_args=["--direct_num_workers=2", "--labels={a: 'b'}"]
        )
    )


@case("either", at="")
def beams_options_that_argo_would_expand():
    return Built(pipelines.pipeline(c.Told(), beam_pipeline_args=["--name={{workflow.name}}"]))


@case("either", at="")
def beams_options_with_a_placeholder():
    from tfx.dsl.placeholder import placeholder as ph

    return Built(
        pipelines.pipeline(
            v1.components.CsvExampleGen(input_base="/d"),
            beam_pipeline_args=[ph.execution_invocation().pipeline_run_id],
        )
    )


@case()
def beams_options_of_one_node():
    examples = v1.components.CsvExampleGen(input_base="/d")
    statistics = v1.components.StatisticsGen(examples=examples.outputs["examples"])
    return [examples.with_beam_pipeline_args(["--temp_location=/tmp/a b"]), statistics]
