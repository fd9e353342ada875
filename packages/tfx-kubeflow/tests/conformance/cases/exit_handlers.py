"""Exit handlers with each kind of argument."""

from conformance import components as c
from conformance.registry import Built, case
from kubeflow_cases import pipelines
from tfx import v1
from tfx.dsl.component.experimental.container_component import create_container_component
from tfx.dsl.component.experimental.placeholders import InputValuePlaceholder
from tfx.orchestration.kubeflow.decorators import FinalStatusStr
from tfx.types.channel import Channel
from tfx.types.standard_artifacts import Model

Run = v1.dsl.experimental.RuntimeParameter


def ended(handler, *nodes):
    return Built(pipelines.pipeline(*(nodes or [c.Told()])), exit_handler=handler)


@case()
def an_exit_handler_with_the_runs_state():
    return ended(c.Handler(status=FinalStatusStr()))


@case()
def an_exit_handler_with_constants():
    return ended(c.CountingHandler(status=FinalStatusStr(), count=3))


@case()
def an_exit_handler_without_the_runs_state():
    return ended(c.PlainHandler(note="bye"))


@case()
def an_exit_handler_with_its_default():
    return ended(c.Handler(status="none"))


@case("either", at="Handler")
def an_exit_handler_with_a_parameter_of_the_run():
    return ended(c.Handler(status=FinalStatusStr(), note=Run("note", str, "x")))


@case("either", at="Handler")
def an_exit_handler_with_a_parameter_that_a_node_has_as_well():
    note = Run("note", str, "x")
    return ended(c.Handler(status=FinalStatusStr(), note=note), c.Told(text=note))


@case("refused", at="CountingHandler")
def an_exit_handler_with_another_nodes_value():
    made = c.Number(value=3)
    value = made.outputs["number"].future()[0].value
    return ended(c.CountingHandler(status=FinalStatusStr(), count=value), made)


@case("refused", at="ReadingHandler")
def an_exit_handler_with_an_artifact():
    made = c.Told()
    return ended(c.ReadingHandler(told=made.outputs["told"]), made)


@case("either", at="Handler")
def an_exit_handler_with_text_that_argo_would_expand():
    return ended(c.Handler(status=FinalStatusStr(), note="{{workflow.name}}"))


@case()
def an_exit_handler_that_is_a_container():
    handler = create_container_component(
        name="Handler", image="busybox", parameters={"status": str},
        command=["echo", InputValuePlaceholder("status")],
    )  # fmt: skip
    return ended(handler(status=FinalStatusStr()))


@case("refused", at="Handler")
def an_exit_handler_that_is_a_node_as_well():
    handler = c.Handler(status=FinalStatusStr())
    return ended(handler, c.Told(), handler)


@case("refused", at="Told")
def an_exit_handler_of_the_same_name_as_a_node():
    return ended(c.Handler(status=FinalStatusStr()).with_id("Told"))


@case("either", at="tfx-dag")
def an_exit_handler_beside_a_node_called_tfx_dag():
    return ended(c.Handler(status=FinalStatusStr()), c.Told().with_id("tfx-dag"))


@case("refused", at="Found")
def an_exit_handler_that_is_an_importer():
    return ended(v1.dsl.Importer(source_uri="s3://b/m", artifact_type=Model).with_id("Found"))


@case("refused", at="Told")
def the_runs_state_in_a_node_that_is_no_exit_handler():
    return [c.Told(text=FinalStatusStr())]


@case()
def an_exit_handler_beside_values_conditions_resolvers_and_example_gens():
    made = c.Number(value=3)
    told = c.Told(integer=made.outputs["number"].future()[0].value, text=Run("t", str, "x"))
    report = c.Write()
    with v1.dsl.Cond(report.outputs["report"].future()[0].property("lines") == 3):
        again = c.Told().with_id("Again")
    found = v1.dsl.Resolver(
        strategy_class=v1.dsl.experimental.LatestArtifactStrategy, model=Channel(type=Model)
    ).with_id("Found")
    used = c.UseModel(model=found.outputs["model"])
    examples = v1.components.CsvExampleGen(input_base=Run("data", str, "/d"))
    nodes = [made, told, report, again, found, used, examples]
    return ended(c.Handler(status=FinalStatusStr()), *nodes)


@case("either", at="Handler")
def an_exit_handler_that_makes_an_artifact():
    return ended(c.Text(value="x").with_id("Handler"))


@case("either", at="Handler")
def an_exit_handler_under_a_condition():
    made = c.Write()
    with v1.dsl.Cond(made.outputs["report"].future()[0].property("lines") == 3):
        handler = c.Handler(status=FinalStatusStr())
    return ended(handler, made)
