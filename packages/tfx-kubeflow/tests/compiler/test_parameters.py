"""Execution parameters on their way into the package, and back in the pod."""

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kubeflow_cases import pipelines
from kubeflow_cases.compiling import compiled, step
from tfx import v1
from tfx.proto import trainer_pb2
from tfx_kubeflow.compiler import ir
from tfx_kubeflow.compiler.parameters import parameter
from tfx_kubeflow.errors import CompileError
from tfx_kubeflow.steps import parameters as in_pod

RuntimeParameter = v1.dsl.experimental.RuntimeParameter
VALUES = st.one_of(
    st.integers(),
    st.floats(),
    st.booleans(),
    st.text(alphabet=st.sampled_from("{}$.'\\\\ \\n\"aé日\U0001f600")),
    st.recursive(
        st.none() | st.integers() | st.text(alphabet="{}a\\\\'\""),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(alphabet="{}ab"), inner),
        max_leaves=8,
    ).filter(lambda value: isinstance(value, list | dict)),
)


def through_kubeflow(value: Any, runtime: dict[str, Any] | None = None) -> Any:
    """What an executor is passed: KFP's numbers are doubles, and the package is JSON."""
    found = parameter(pipelines.Count(start=1), "p", value)
    constant = found.source["runtimeValue"]["constant"]
    assert "{{" not in json.dumps(constant)
    assert not isinstance(constant, str) or all(ord(letter) < 0x10000 for letter in constant)
    if found.type == ir.INTEGER:
        constant = float(constant)
    hidden = {f"__runtime_parameter__{name}": item for name, item in (runtime or {}).items()}
    raw = in_pod.unescaped({"p": constant, **hidden}, ["p"] if found.escaped else [])
    return in_pod.parameter(raw["p"], found.kind)


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_every_value_arrives_as_it_was(value):
    found = through_kubeflow(value)
    assert type(found) is type(value)
    assert found == value or (isinstance(value, float) and math.isnan(value) and math.isnan(found))


def test_a_runtime_parameter_inside_a_structure_is_filled_in():
    steps, name = RuntimeParameter("steps", int, 3), RuntimeParameter("name", str, "{{a}}")
    value = {"a": [steps, {"b": name}], "{{": 1}
    found = through_kubeflow(value, {"steps": 5, "name": "x"})
    assert found == {"a": [5, {"b": "x"}], "{{": 1}


def test_a_runtime_parameter_inside_a_proto_is_declared_and_filled_in():
    examples = v1.components.CsvExampleGen(input_base="/d")
    trainer = v1.components.Trainer(
        run_fn="m.run_fn",
        examples=examples.outputs["examples"],
        train_args={"num_steps": RuntimeParameter("steps", int, 3)},
        eval_args=trainer_pb2.EvalArgs(num_steps=1),
    )
    spec = compiled(pipelines.pipeline(examples, trainer))
    declared = spec["root"]["inputDefinitions"]["parameters"]
    assert declared == {"steps": {"parameterType": "NUMBER_INTEGER", "defaultValue": 3}}
    inputs = ir.task(spec, "trainer").body["inputs"]["parameters"]
    hidden = "__runtime_parameter__steps"
    assert inputs[hidden] == {"componentInputParameter": "steps"}
    text = inputs["train_args"]["runtimeValue"]["constant"]
    filled = in_pod.unescaped({"train_args": text, hidden: 7}, step(spec, "trainer").escaped)
    assert json.loads(filled["train_args"]) == {"num_steps": 7}
    assert "__tfx_object_type__" not in json.dumps(spec)


def test_a_proto_of_a_function_component_is_a_constant():
    config = v1.proto.RangeConfig()
    config.static_range.start_span_number = 3
    assert through_kubeflow(config) == config


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (("n", int, 1), ("n", int, 2), "declared twice"),
        (("n", int, 1), ("n", str, "1"), "declared twice"),
        (("n", int, 1), ("a b", str, ""), "its name is not one"),
        (("n", int, 1), ("m", int, 2**53 + 1), "beyond 2\\^53"),
        (("n", int, 1), ("m", float, math.nan), "is no number"),
    ],
)
def test_runtime_parameters_that_cannot_be_are_refused(first, second, message):
    takes = pipelines.Takes(
        integer=RuntimeParameter(*first), structure={"x": RuntimeParameter(*second)}
    )
    with pytest.raises(CompileError, match=message):
        compiled(pipelines.pipeline(takes))


def test_a_default_may_stand_in_one_place_only():
    nodes = [
        pipelines.Takes(integer=RuntimeParameter("n", int, default)).with_id(f"T{number}")
        for number, default in enumerate((None, 3, None))
    ]
    declared = compiled(pipelines.pipeline(*nodes))["root"]["inputDefinitions"]["parameters"]
    assert declared["n"]["defaultValue"] == 3


@pytest.mark.parametrize(
    ("values", "message"),
    [({"nowhere": 1}, "no such parameter.*It has: n"), ({"n": "one"}, "is no NUMBER_INTEGER")],
)
def test_values_for_parameters_that_are_not_there_are_refused(values, message):
    takes = pipelines.Takes(integer=RuntimeParameter("n", int, 1))
    with pytest.raises(CompileError, match=message):
        compiled(pipelines.pipeline(takes), **values)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("integer", 2**53 + 1, "beyond 2\\^53"),
        ("real", math.nan, "is no number"),
        ("text", "🙂", "character"),
    ],
)
def test_values_that_could_be_no_default_are_refused(key, value, message):
    takes = pipelines.Takes(**{key: RuntimeParameter("n", type(value))})
    with pytest.raises(CompileError, match=rf"^runtime parameter 'n': its default .*{message}"):
        compiled(pipelines.pipeline(takes), n=value)


def test_values_of_every_type_become_parameters_of_another_node():
    values = pipelines.Values()
    kinds = ("integer", "real", "text", "truth", "structure")
    given = {name: values.outputs[name].future()[0].value for name in kinds}
    spec = compiled(pipelines.pipeline(values, pipelines.Takes(**given)))
    made = spec["components"]["comp-values"]["outputDefinitions"]["parameters"]
    taken = spec["components"]["comp-takes"]["inputDefinitions"]["parameters"]
    expected = ("NUMBER_INTEGER", "NUMBER_DOUBLE", "STRING", "BOOLEAN", "STRING")
    assert [made[f"{name}__value"]["parameterType"] for name in kinds] == list(expected)
    assert {name: made[f"{name}__value"] for name in kinds} == {name: taken[name] for name in kinds}
    assert step(spec, "takes").parameters == dict(
        zip(kinds, ("int", "float", "str", "bool", "jsonable"), strict=True)
    )
    assert ir.task(spec, "takes").body["dependentTasks"] == ["values"]


def text_of(values):
    return values.outputs["text"].future()[0]


@pytest.mark.parametrize(
    "expression",
    [
        lambda values: text_of(values).value + "-x",
        lambda values: text_of(values).uri,
        lambda values: text_of(values).property("x"),
        lambda values: values.outputs["text"].future()[1].value,
        lambda values: v1.dsl.placeholders.execution_invocation().pipeline_run_id,
        lambda values: v1.dsl.placeholders.exec_property("x"),
    ],
)
def test_other_expressions_name_the_node_and_the_parameter(expression):
    values = pipelines.Values()
    takes = pipelines.Takes(text=expression(values))
    with pytest.raises(CompileError, match=r"^Takes: parameter 'text': "):
        compiled(pipelines.pipeline(values, takes))


def test_the_value_of_what_is_imported_or_found_is_none_that_kubeflow_knows():
    imported = v1.dsl.Importer(
        source_uri="s3://b/n", artifact_type=v1.types.standard_artifacts.Integer
    ).with_id("M")
    found = v1.dsl.Resolver(
        strategy_class=v1.dsl.experimental.LatestArtifactStrategy,
        number=v1.dsl.Channel(type=v1.types.standard_artifacts.Integer),
    ).with_id("Found")
    for node, key in ((imported, "result"), (found, "number")):
        takes = pipelines.Takes(integer=node.outputs[key].future()[0].value)
        with pytest.raises(CompileError, match=r"^Takes: .*as an input, and read"):
            compiled(pipelines.pipeline(node, takes))


def test_what_json_does_not_know_is_refused():
    takes = pipelines.Takes(structure={"x": {1, 2}})
    with pytest.raises(CompileError, match=r"^Takes: parameter 'structure': .*JSON"):
        compiled(pipelines.pipeline(takes))


def test_a_proto_beside_a_runtime_parameter_is_refused_with_the_node():
    examples = v1.components.CsvExampleGen(input_base="/d")
    trainer = v1.components.Trainer(
        run_fn="m.run_fn",
        examples=examples.outputs["examples"],
        train_args=trainer_pb2.TrainArgs(),
        eval_args=trainer_pb2.EvalArgs(),
        custom_config={"rate": RuntimeParameter("rate", float, 0.1), "a": trainer_pb2.TrainArgs()},
    )
    with pytest.raises(CompileError, match=r"^Trainer: parameter 'custom_config': .*JSON"):
        compiled(pipelines.pipeline(examples, trainer))
