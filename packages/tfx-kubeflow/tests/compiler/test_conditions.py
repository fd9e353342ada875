"""Conditions: from TFX's predicates to CEL, and what is refused."""

import pytest
from kubeflow_cases import pipelines
from kubeflow_cases.compiling import compiled
from tfx import v1
from tfx.dsl.component.experimental.annotations import OutputArtifact
from tfx.dsl.component.experimental.decorators import component
from tfx.types.artifact import Artifact, Property, PropertyType
from tfx_kubeflow import cel
from tfx_kubeflow.compiler import ir
from tfx_kubeflow.errors import CompileError
from tfx_kubeflow.metadata.values import encoded
from tfx_kubeflow.protocol import received, sent

Cond = v1.dsl.Cond


def conditioned(predicate, node=pipelines.Takes):
    """The task of a node within a condition on the outputs of Values and Write."""
    values = pipelines.Values()
    write = pipelines.Write(number=1, name="a", share=0.5)
    with Cond(predicate(values, write)):
        inside = node()
    spec = compiled(pipelines.pipeline(values, write, inside))
    name = inside.id.lower()
    return spec, ir.task(spec, name).body


def lines(write):
    return write.outputs["report"].future()[0].property("lines")


@pytest.mark.parametrize(
    "text", ["it's me", "back\\\\slash\\n", "Unknown", "a && b", "{{x}}", "日本", "🙂"]
)
def test_texts_are_compared_as_they_are(text):
    by = "inputs.artifacts['_Write.report'].artifacts[0].metadata['by']"
    _, body = conditioned(
        lambda _, write: write.outputs["report"].future()[0].property("by") == text
    )
    condition = body["triggerPolicy"]["condition"]
    assert condition == f"({by} == {cel.quote(text)})"
    assert "{{" not in condition
    assert all(ord(letter) < 0x10000 for letter in condition)
    artifact = {"uri": "", "metadata": {"by": text}}
    inputs = {"artifacts": {"_Write.report": {"artifacts": [artifact]}}}
    assert cel.holds(condition, {"inputs": inputs})


@pytest.mark.parametrize(
    ("name", "value", "cel_value"),
    [
        ("integer", 3, "3.0"),
        ("real", 0.5, "0.5"),
        ("text", "it's", cel.quote("it's")),
        ("truth", True, "true"),
        ("truth", 0, "false"),
    ],
)
def test_a_condition_on_a_value_looks_at_a_parameter(name, value, cel_value):
    spec, body = conditioned(lambda values, _: values.outputs[name].future()[0].value == value)
    key = f"_Values.{name}"
    expected = f"(inputs.parameter_values['{key}'] == {cel_value})"
    assert body["triggerPolicy"]["condition"] == expected
    assert body["inputs"]["parameters"][key]["taskOutputParameter"] == {
        "producerTask": "values",
        "outputParameterKey": f"{name}__value",
    }
    assert f"{name}__value" in spec["components"]["comp-values"]["outputDefinitions"]["parameters"]
    assert "artifacts" not in body["inputs"]
    assert body["dependentTasks"] == ["values"]


@pytest.mark.parametrize("text", ["{{workflow.name}}", "🙂", "tfx-kubeflow-json:x"])
def test_a_text_that_argo_would_change_is_compared_as_it_is_sent(text):
    _, body = conditioned(lambda values, _: values.outputs["text"].future()[0].value == text)
    given = {"parameterValues": {"_Values.text": sent(text)}}
    assert "{{" not in sent(text)
    assert received(sent(text)) == text
    assert cel.holds(body["triggerPolicy"]["condition"], {"inputs": given})


def test_a_truth_value_is_a_number_among_properties():
    _, body = conditioned(lambda _, write: lines(write) == True)  # noqa: E712
    assert body["triggerPolicy"]["condition"].endswith("['lines'] == 1.0)")


def truth(values):
    return values.outputs["truth"].future()[0].value


@pytest.mark.parametrize(
    "compare", [lambda one, other: one == other, lambda one, other: other == one]
)
@pytest.mark.parametrize("value", [True, False])
@pytest.mark.parametrize("found", [1.0, 0.0, 2.0, "true"])
def test_a_truth_value_and_a_property_are_compared_as_python_does(compare, value, found):
    _, body = conditioned(lambda values, write: compare(truth(values), lines(write)))
    artifact = {"uri": "", "metadata": {"lines": found}}
    inputs = {
        "artifacts": {"_Write.report": {"artifacts": [artifact]}},
        "parameterValues": {"_Values.truth": value},
    }
    assert cel.holds(body["triggerPolicy"]["condition"], {"inputs": inputs}) is (value == found)


@pytest.mark.parametrize("text", ["$$5", "$(NAME)", "{{x}}", "plain"])
def test_a_text_is_compared_with_a_property_as_it_is_kept(text):
    _, body = conditioned(lambda _, write: lines(write) == text)
    kept, _ = encoded(text)
    artifact = {"uri": "", "metadata": {"lines": kept}}
    inputs = {"artifacts": {"_Write.report": {"artifacts": [artifact]}}}
    assert cel.holds(body["triggerPolicy"]["condition"], {"inputs": inputs})


def test_two_truth_values_are_compared_as_they_are():
    one, other = (pipelines.Values().with_id(name) for name in ("One", "Other"))
    with Cond(truth(one) == truth(other)):
        inside = pipelines.Takes()
    body = ir.task(compiled(pipelines.pipeline(one, other, inside)), "takes").body
    assert body["triggerPolicy"]["condition"] == (
        "(inputs.parameter_values['_One.truth'] == inputs.parameter_values['_Other.truth'])"
    )


class Split(Artifact):
    """Holds a proto."""

    TYPE_NAME = "Split"
    PROPERTIES = {"split": Property(PropertyType.PROTO)}


@component
def MakeSplit(made: OutputArtifact[Split]) -> None:  # noqa: N802
    """Makes a proto."""


def test_a_condition_on_a_proto_is_refused():
    split = MakeSplit()
    with Cond(split.outputs["made"].future()[0].property("split") == "x"):
        inside = pipelines.Takes()
    with pytest.raises(CompileError, match=r"^Takes: its condition: it looks into a proto, 'split"):
        compiled(pipelines.pipeline(split, inside))


def test_nested_conditions_hold_together():
    values = pipelines.Values()
    with (
        Cond(values.outputs["integer"].future()[0].value > 1),
        Cond(values.outputs["real"].future()[0].value < 1),
    ):
        inside = pipelines.Takes()
    body = ir.task(compiled(pipelines.pipeline(values, inside)), "takes").body
    left, right = body["triggerPolicy"]["condition"].strip("()").split(") && (")
    assert {left[-5:], right[-5:]} == {"> 1.0", "< 1.0"}


def blessed():
    return pipelines.blessed_model("Baseline")


def test_a_resolver_step_has_the_condition_around_it():
    write = pipelines.Write(number=1, name="a", share=0.5)
    with Cond(lines(write) == 1):
        found = blessed()
        pusher = v1.components.Pusher(
            model=found.outputs["model"],
            push_destination=v1.proto.PushDestination(
                filesystem=v1.proto.PushDestination.Filesystem(base_directory="/m")
            ),
        )
    spec = compiled(pipelines.pipeline(write, found, pusher))
    for name in ("baseline", "pusher"):
        body = ir.task(spec, name).body
        assert "'_Write.report'" in body["triggerPolicy"]["condition"]
        assert "_Write.report" in body["inputs"]["artifacts"]
        assert "write" in body["dependentTasks"]


def test_a_condition_on_what_a_resolver_finds_is_refused():
    found = blessed()
    with Cond(found.outputs["model"].future()[0].custom_property("good") == 1):
        takes = pipelines.Takes()
    with pytest.raises(CompileError, match=r"^Takes: its condition looks at what Baseline finds"):
        compiled(pipelines.pipeline(found, takes))


@pytest.mark.parametrize(
    "predicate",
    [
        lambda values, _: values.outputs["structure"].future()[0].value["a"] == 1,
        lambda values, _: values.outputs["integer"].future()[0].value == 2**60,
        lambda values, _: values.outputs["integer"].future()[1].value == 1,
        lambda _, write: write.outputs["report"].future()[0].uri == 1,
        lambda _, write: write.outputs["report"].future()[0].value == 1,
        lambda values, _: values.outputs["real"].future()[0].value == float("nan"),
        lambda values, write: truth(values) > lines(write),
    ],
)
def test_what_kubeflow_cannot_evaluate_is_refused_with_the_node(predicate):
    with pytest.raises(CompileError, match=r"^Takes: its condition"):
        conditioned(predicate)


def test_an_example_gen_and_its_driver_wait_for_the_same_condition():
    spec, _ = conditioned(
        lambda _, write: lines(write) == 1,
        lambda: v1.components.CsvExampleGen(input_base="/d").with_id("gen"),
    )
    for name in ("gen", "gen-span"):
        body = ir.task(spec, name).body
        assert "'_Write.report'" in body["triggerPolicy"]["condition"]
        assert "_Write.report" in body["inputs"]["artifacts"]
