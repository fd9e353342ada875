"""Values of one node as parameters and inputs of another."""

import json

from conformance import components as c
from conformance.registry import case
from tfx import v1
from tfx.dsl.placeholder import placeholder as ph
from tfx.types.channel import Channel
from tfx.types.standard_artifacts import Integer

TEXT = 'it\'s "quoted" \\ Ünïcode {{workflow.name}}\n'
EACH = [41, 0.25, TEXT, True, {"a": [1, None, "b"]}, b"\x00\xff"]


def value(node, key):
    return node.outputs[key].future()[0].value


@case(runs={"told/told": repr((41, 0.25, TEXT, True))})
def values_of_every_type_are_parameters():
    made = c.Values()
    told = c.Told(
        integer=value(made, "integer"),
        decimal=value(made, "decimal"),
        text=value(made, "text"),
        truth=value(made, "truth"),
    )
    return [made, told]


@case(runs={"read-each/told": repr(EACH)})
def values_of_every_type_are_read_from_input_artifacts():
    made = c.Values()
    return [made, c.ReadEach(**made.outputs)]


@case(runs={"take-each/told": repr([41, 0.25, TEXT, True, b"\x00\xff"])})
def values_of_every_type_are_taken_as_arguments():
    made = c.Values()
    keys = ("integer", "decimal", "text", "truth", "raw")
    return [made, c.TakeEach(**{key: made.outputs[key] for key in keys})]


@case("tfx refuses")  # a JsonValue of a type of its own is no dict[str, Any]
def a_json_value_is_taken_as_an_argument():
    made = c.Values()
    return [made, c.TakeJson(table=made.outputs["json_value"])]


@case("either", at="Structured")
def a_json_value_is_a_parameter():
    made = c.Values()
    return [made, c.Structured(items=[1], table=value(made, "json_value"))]


@case(runs={"take-each/told": repr([7, 1.5, "seven", False, b"7"])})
def returned_values_are_taken_as_arguments():
    made = c.Returns()
    return [made, c.TakeEach(**made.outputs)]


@case(runs={"told/told": repr((7, 1.5, "seven", False))})
def returned_values_are_parameters():
    made = c.Returns()
    told = c.Told(
        integer=value(made, "integer"),
        decimal=value(made, "decimal"),
        text=value(made, "text"),
        truth=value(made, "truth"),
    )
    return [made, told]


@case(runs={"take-json/told": json.dumps({"b": [1, 2]})})
def a_returned_dictionary_is_taken_as_an_argument():
    made = c.ReturnsJson()
    return [made, c.TakeJson(table=made.outputs["table"])]


@case(runs={"take-optional/told": repr((None, "default"))})
def a_returned_none_is_taken_as_an_argument():
    made = c.ReturnsJson()
    return [made, c.TakeOptional(integer=made.outputs["maybe"])]


@case(runs={"take-optional/told": repr((None, "default"))})
def arguments_that_are_not_given_keep_their_defaults():
    return [c.TakeOptional()]


@case(runs={"read-temperature/told": "21.5"})
def a_value_of_a_type_of_ones_own_is_read():
    made = c.Temperature()
    return [made, c.ReadTemperature(celsius=made.outputs["celsius"])]


@case("either", at="Temperature")
def a_value_of_a_type_of_ones_own_is_a_parameter():
    made = c.Temperature()
    return [made, c.Told(decimal=value(made, "celsius"))]


@case(runs={"told/told": repr((9007199254740991, 0.5, "none", False))})
def the_largest_exact_integer_is_a_value():
    made = c.Number(value=2**53 - 1)
    return [made, c.Told(integer=value(made, "number"))]


@case(runs={"second/told": repr((5, 0.5, "none", False)), "first/told": "5"})
def one_value_is_a_parameter_and_an_input():
    made = c.Number(value=5)
    first = c.ReadInteger(value=made.outputs["number"]).with_id("First")
    second = c.Told(integer=value(made, "number")).with_id("Second")
    return [made, first, second]


@case(runs={"last/number": "3"})
def values_travel_through_a_chain():
    first = c.Number(value=3).with_id("First")
    second = c.Number(value=value(first, "number")).with_id("Second")
    return [first, second, c.Number(value=value(second, "number")).with_id("Last")]


@case("either", at="Told")
def a_number_is_given_as_a_text():
    made = c.Number(value=3)
    return [made, c.Told(text=value(made, "number"))]


@case("either", at="Told")
def a_text_is_given_as_a_number():
    made = c.Text(value="3")
    return [made, c.Told(integer=value(made, "text"))]


@case("refused", at="Told")
def a_value_is_part_of_a_text():
    made = c.Text(value="a")
    return [made, c.Told(text=value(made, "text") + "-suffix")]


@case("refused", at="Told")
def a_parameter_is_an_artifacts_address():
    made = c.MakeModel()
    return [made, c.Told(text=made.outputs["model"].future()[0].uri)]


@case("refused", at="Told")
def a_parameter_is_an_artifacts_property():
    made = c.Write()
    return [made, c.Told(integer=made.outputs["report"].future()[0].property("lines"))]


@case("refused", at="Told")
def a_parameter_is_the_runs_name():
    return [c.Told(text=ph.execution_invocation().pipeline_run_id)]


@case("refused", at="Told")
def a_parameter_is_of_the_platform():
    return [c.Told(text=ph.runtime_info("platform_config").base_dir)]


@case("refused", at="Told")
def a_parameter_is_another_parameter():
    return [c.Told(text=ph.exec_property("integer"))]


@case("refused", at="MakeModel")
def a_value_is_of_an_output_that_is_no_value():
    made = c.MakeModel()
    return [made, c.Told(text=value(made, "model"))]


@case("refused", at="Told")
def a_value_is_of_a_resolver():
    found = v1.dsl.Resolver(
        strategy_class=v1.dsl.experimental.LatestArtifactStrategy,
        number=Channel(type=Integer),
    ).with_id("Found")
    return [found, c.Told(integer=value(found, "number"))]


@case("refused", at="Told")
def a_value_is_of_an_importer():
    found = v1.dsl.Importer(source_uri="s3://b/n", artifact_type=Integer).with_id("Found")
    return [found, c.Told(integer=value(found, "result"))]


@case()
def a_value_is_read_from_an_importer():
    found = v1.dsl.Importer(source_uri="s3://b/n", artifact_type=Integer).with_id("Found")
    return [found, c.ReadInteger(value=found.outputs["result"])]


@case()
def a_value_is_read_from_a_resolver():
    found = v1.dsl.Resolver(
        strategy_class=v1.dsl.experimental.LatestArtifactStrategy,
        number=Channel(type=Integer),
    ).with_id("Found")
    return [found, c.ReadInteger(value=found.outputs["number"])]


@case("refused", at="Told")
def the_second_artifact_of_an_output_is_a_value():
    made = c.Number(value=1)
    return [made, c.Told(integer=made.outputs["number"].future()[1].value)]
