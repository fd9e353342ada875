"""Cond around each kind of node, on each kind of value."""

from conformance import components as c
from conformance.registry import case
from tfx import v1
from tfx.dsl.placeholder import placeholder as ph
from tfx.types.channel import Channel
from tfx.types.standard_artifacts import Model

TOLD = repr((1, 0.5, "none", False))


def report(node):
    return node.outputs["report"].future()[0]


def under(condition, node=None):
    with v1.dsl.Cond(condition):
        return node() if node else c.Told()


def compared(compare, **written):
    """A report, and a component under a comparison of it."""
    made = c.Write(**written)
    return [made, under(compare(report(made)))]


@case(runs={"told/told": TOLD})
def a_condition_on_an_integer_holds():
    return compared(lambda it: it.property("lines") == 3)


@case(runs={"told/told": None})
def a_condition_on_an_integer_does_not_hold():
    return compared(lambda it: it.property("lines") == 4)


@case(runs={"told/told": TOLD})
def a_condition_on_a_float():
    return compared(lambda it: it.property("share") > 0.25)


@case(runs={"told/told": TOLD})
def a_condition_on_a_text():
    return compared(lambda it: it.property("by") == "me")


@case(runs={"told/told": TOLD})
def a_condition_on_a_text_with_a_quote():
    return compared(lambda it: it.property("by") == "it's me", by="it's me")


@case(runs={"told/told": TOLD})
def a_condition_on_a_text_with_double_quotes():
    return compared(lambda it: it.property("by") == 'say "me"', by='say "me"')


@case(runs={"told/told": TOLD})
def a_condition_on_a_text_with_backslashes():
    return compared(lambda it: it.property("by") == "C:\\new\\", by="C:\\new\\")


@case(runs={"told/told": TOLD})
def a_condition_on_a_text_with_a_line_break():
    return compared(lambda it: it.property("by") == "a\nb\tc", by="a\nb\tc")


@case(runs={"told/told": TOLD})
def a_condition_on_a_text_beyond_ascii():
    return compared(lambda it: it.property("by") == "Größe 日本 €", by="Größe 日本 €")


@case(runs={"told/told": TOLD})
def a_condition_on_the_text_Unknown():  # noqa: N802
    return compared(lambda it: it.property("by") == "Unknown", by="Unknown")


@case(runs={"told/told": TOLD})
def a_condition_on_a_text_of_operators():
    text = "a && b || !(c) == inputs.artifacts['x'].artifacts"
    return compared(lambda it: it.property("by") == text, by=text)


@case("either", at="Told", runs={"told/told": TOLD})
def a_condition_on_a_text_that_argo_would_expand():
    return compared(lambda it: it.property("by") == "{{workflow.name}}", by="{{workflow.name}}")


@case(runs={"told/told": TOLD})
def a_condition_on_an_empty_text():
    return compared(lambda it: it.property("by") != "")


def detailed(compare, **written):
    made = c.Detail(**written)
    return [made, under(compare(made.outputs["detailed"].future()[0]))]


@case("either", at="Told", runs={"told/told": TOLD})
def a_condition_on_a_truth():
    return detailed(lambda it: it.property("final") == True)  # noqa: E712


@case(runs={"told/told": TOLD})
def a_condition_on_a_truth_as_a_number():
    return detailed(lambda it: it.property("final") == 1)


@case(runs={"told/told": None})
def a_condition_on_a_falsehood_as_a_number():
    return detailed(lambda it: it.property("final") == 1, final=False)


@case(runs={"told/told": TOLD})
def a_condition_on_a_custom_property():
    return compared(lambda it: it.custom_property("pages") == 3)


@case(runs={"told/told": TOLD})
def a_condition_on_a_custom_text():
    return compared(lambda it: it.custom_property("title") == "me")


@case(runs={"told/told": TOLD})
def a_condition_on_a_negative_number():
    return compared(lambda it: it.property("lines") > -1)


@case(runs={"told/told": TOLD})
def a_condition_on_a_tiny_number():
    return compared(lambda it: it.property("share") > 1e-10)


@case("either", at="Told")
def a_condition_on_infinity():
    return compared(lambda it: it.property("share") < float("inf"))


@case("either", at="Told")
def a_condition_on_a_big_integer():
    return compared(lambda it: it.property("lines") < 2**53 + 1)


@case("either", at="Told")
def a_condition_on_json():
    return detailed(lambda it: it.property("details") == "x")


@case(runs={"told/told": TOLD})
def conditions_with_less_and_greater_or_equal():
    return compared(lambda it: ph.logical_and(it.property("lines") >= 3, it.property("lines") <= 3))


@case(runs={"told/told": TOLD})
def conditions_with_and_or_not():
    return compared(
        lambda it: ph.logical_and(
            ph.logical_or(it.property("lines") == 1, it.property("by") == "me"),
            ph.logical_not(it.property("share") > 1.0),
        )
    )


@case(runs={"told/told": None})
def conditions_inside_conditions():
    made = c.Write()
    with v1.dsl.Cond(report(made).property("lines") == 3):
        inner = c.Number(value=1)
        with v1.dsl.Cond(report(made).property("by") == "you"):
            told = c.Told()
    return [made, inner, told]


@case(runs={"told/told": TOLD})
def a_condition_on_two_artifacts():
    one, two = c.Write(lines=1).with_id("One"), c.Write(lines=2).with_id("Two")
    told = under(report(one).property("lines") != report(two).property("lines"))
    return [one, two, told]


@case(runs={"told/told": TOLD})
def a_condition_on_an_address():
    made = c.Write()
    return [made, under(report(made).uri != "")]


@case(runs={"read/told": repr((3, 0.5, "me"))})
def a_condition_on_what_the_step_takes():
    made = c.Write()
    read = under(report(made).property("lines") == 3, lambda: c.Read(report=made.outputs["report"]))
    return [made, read]


@case(runs={"both/told": "True"})
def a_condition_on_what_the_step_takes_twice():
    made = c.Write()
    output = made.outputs["report"]
    both = under(report(made).property("lines") == 3, lambda: c.Both(first=output, second=output))
    return [made, both]


@case("either", at="Told", runs={"told/told": TOLD})
def a_condition_on_a_value():
    made = c.Number(value=3)
    return [made, under(made.outputs["number"].future()[0].value == 3)]


@case("either", at="Told", runs={"told/told": None})
def a_condition_on_a_text_value():
    made = c.Text(value="no")
    return [made, under(made.outputs["text"].future()[0].value == "yes")]


@case("either", at="Told")
def a_condition_on_a_truth_value():
    made = c.Truth(value=True)
    return [made, under(made.outputs["truth"].future()[0].value == True)]  # noqa: E712


@case("either", at="Told", runs={"told/told": repr((3, 0.5, "none", False))})
def a_condition_on_a_value_that_is_a_parameter_as_well():
    made = c.Number(value=3)
    it = made.outputs["number"].future()[0].value
    return [made, under(it == 3, lambda: c.Told(integer=it))]


@case("either", at="Told")
def a_condition_on_the_value_of_an_artifact_that_is_none():
    made = c.MakeModel()
    return [made, under(made.outputs["model"].future()[0].value == 1)]


@case("either", at="Told", fails="nowhere")
def a_condition_on_a_property_that_is_not_there():
    made = c.Write()
    return [made, under(made.outputs["report"].future()[0].property("nowhere") == 1)]


@case("refused", at="Found")
def a_condition_on_an_importer():
    made = c.Write()
    found = under(
        report(made).property("lines") == 3,
        lambda: v1.dsl.Importer(source_uri="s3://b/m", artifact_type=Model).with_id("Found"),
    )
    return [made, found]


def resolver():
    return v1.dsl.Resolver(
        strategy_class=v1.dsl.experimental.LatestArtifactStrategy, model=Channel(type=Model)
    ).with_id("Found")


@case("either", at="Found")
def a_condition_on_a_resolver():
    made = c.Write()
    found = under(report(made).property("lines") == 3, resolver)
    return [made, found, c.UseModel(model=found.outputs["model"])]


@case("either", at="UseModel")
def a_condition_on_a_resolver_and_its_consumer():
    made = c.Write()
    with v1.dsl.Cond(report(made).property("lines") == 3):
        found = resolver()
        used = c.UseModel(model=found.outputs["model"])
    return [made, found, used]


@case("either", at="Told")
def a_condition_on_what_a_resolver_found():
    found = resolver()
    condition = found.outputs["model"].future()[0].custom_property("pushed") == 1
    return [found, under(condition)]


@case("either", at="Told")
def a_condition_on_what_an_importer_imported():
    found = v1.dsl.Importer(
        source_uri="s3://b/m", artifact_type=Model, custom_properties={"pages": 3}
    ).with_id("Found")
    return [found, under(found.outputs["result"].future()[0].custom_property("pages") == 3)]


@case()
def a_condition_on_an_example_gen():
    made = c.Write()
    examples = under(
        report(made).property("lines") == 3, lambda: v1.components.CsvExampleGen(input_base="/d")
    )
    return [made, examples, v1.components.StatisticsGen(examples=examples.outputs["examples"])]


@case()
def a_condition_on_a_blessing():
    model = v1.dsl.Importer(source_uri="s3://b/m", artifact_type=Model).with_id("Model")
    examples = v1.components.CsvExampleGen(input_base="/d")
    evaluator = v1.components.Evaluator(
        examples=examples.outputs["examples"], model=model.outputs["result"]
    )
    pusher = under(
        evaluator.outputs["blessing"].future()[0].custom_property("blessed") == 1,
        lambda: v1.components.Pusher(
            model=model.outputs["result"],
            push_destination=v1.proto.PushDestination(
                filesystem=v1.proto.PushDestination.Filesystem(base_directory="/serving")
            ),
        ),
    )
    return [model, examples, evaluator, pusher]


@case("either", at="Push")
def a_condition_on_a_container():
    from tfx.dsl.component.experimental.container_component import create_container_component

    made = c.Write()
    push = create_container_component(name="Push", image="busybox", command=["true"])
    return [made, under(report(made).property("lines") == 3, push)]


@case(runs={"told/told": None, "number/number": "1"})
def a_step_after_a_skipped_one_is_skipped():
    made = c.Write()
    text = under(report(made).property("lines") == 4, lambda: c.Text(value="a"))
    told = c.Told(text=text.outputs["text"].future()[0].value)
    return [made, text, told, c.Number(value=1)]


@case(runs={"told/told": None})
def a_step_that_waits_for_a_skipped_one_is_skipped():
    made = c.Write()
    text = under(report(made).property("lines") == 4, lambda: c.Text(value="a"))
    told = c.Told()
    told.add_upstream_node(text)
    return [made, text, told]


@case("either", at="Told", runs={"told/told": TOLD})
def a_condition_on_a_sum_of_texts():
    made = c.Write()
    return [made, under(report(made).property("by") + "x" == "mex")]


@case("refused", at="Told")
def a_condition_on_the_run():
    return [under(ph.execution_invocation().pipeline_run_id == "x")]


@case("refused", at="Told")
def a_condition_on_a_split():
    made = v1.components.CsvExampleGen(input_base="/d")
    return [made, under(made.outputs["examples"].future()[0].split_uri("train") != "")]


@case("either", at="Told")
def a_condition_on_the_second_artifact():
    made = c.Write()
    return [made, under(made.outputs["report"].future()[1].property("lines") == 3)]


@case(runs={"told/told": TOLD})
def a_node_that_is_renamed_after_it_was_in_a_condition():
    made = c.Write()
    told = under(report(made).property("lines") == 3)
    return [made.with_id("Other"), told]
