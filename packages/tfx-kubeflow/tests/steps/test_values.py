"""Values between steps: value artifacts are read before an executor runs, and become parameters."""

import json
from typing import Dict, List, Optional  # noqa: UP035 (TFX knows no other)

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kubeflow_cases.steps import TYPES, executor_input, runtime, step
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact
from tfx.dsl.component.experimental.decorators import component
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.types import standard_artifacts as standard
from tfx.types.standard_artifacts import Integer, JsonValue, String
from tfx_kubeflow.errors import StepError
from tfx_kubeflow.metadata import values
from tfx_kubeflow.metadata.artifacts import make_artifact, properties
from tfx_kubeflow.steps.executor import run_executor
from tfx_kubeflow.steps.parameters import parameter, unescaped

SEEN = []


@component
def Takes(  # noqa: N802
    number: int,
    share: float,
    name: str,
    raw: bytes,
    flag: bool,
    table: Dict[str, float],  # noqa: UP006
    rows: List[int],  # noqa: UP006
    artifact: InputArtifact[Integer],
    maybe: Optional[int],  # noqa: UP045
    absent: Optional[int] = 7,  # noqa: UP045
) -> None:
    """Takes a value of every type that TFX's function components know."""
    given = (number, share, name, raw, flag, table, rows, artifact.value, maybe, absent)
    SEEN.append(given)


def stored(folder, kind, value, key="x"):
    """A value artifact as an earlier step left it: KFP's RuntimeArtifact."""
    (folder / key).mkdir(parents=True, exist_ok=True)
    artifact = make_artifact(f"{TYPES}{kind}", str(folder / key / "value"), "1", {})
    artifact.value = value
    return runtime(artifact.uri, **properties(artifact))


def taking(cls, folder, artifacts, kinds, **more):
    handed = executor_input(folder, **more)
    handed["inputs"]["artifacts"] = artifacts
    executor = step(cls, inputs={key: f"{TYPES}{kind}" for key, kind in kinds.items()})
    return run_executor(executor, handed, [])


def test_a_function_component_gets_the_values_of_others(tmp_path):
    given = {
        "number": ("Integer", 2**70),
        "share": ("Float", 0.1),
        "name": ("String", "Ä {{x}}"),
        "raw": ("Bytes", b"\xff\0"),
        "flag": ("Boolean", False),
        "table": ("JsonValue", {"a": 1.5}),
        "rows": ("JsonValue", [1, 2]),
        "artifact": ("Integer", 3),
        "maybe": ("Integer", None),
    }
    artifacts = {key: stored(tmp_path, kind, value, key) for key, (kind, value) in given.items()}
    cls = Takes.EXECUTOR_SPEC.executor_class
    taking(cls, tmp_path, artifacts, {key: kind for key, (kind, _) in given.items()})
    assert SEEN.pop() == (*(value for _, value in given.values()), 7)


class ReadsAll(BaseExecutor):
    def Do(self, inputs, outputs, exec_properties):  # noqa: N802
        SEEN.append([artifact.value for artifact in inputs["numbers"]])


def test_all_artifacts_of_an_input_are_read(tmp_path):
    items = [stored(tmp_path, "Integer", number, str(number)) for number in (1, 2, 3)]
    group = {"artifacts": [item for group in items for item in group["artifacts"]]}
    taking(ReadsAll, tmp_path, {"numbers": group}, {"numbers": "Integer"})
    assert SEEN.pop() == [1, 2, 3]


@pytest.mark.parametrize("scheme", ["gs", "s3", "minio"])
def test_values_are_read_where_kfp_has_put_them(tmp_path, monkeypatch, scheme):
    from tfx_kubeflow.storage import uris

    monkeypatch.setitem(uris.MOUNTS, f"{scheme}://", f"{tmp_path}/{scheme}/")
    stored(tmp_path / scheme / "bucket", "Integer", 5, "task")
    given = {"numbers": runtime(f"{scheme}://bucket/task/value")}
    taking(ReadsAll, tmp_path, given, {"numbers": "Integer"})
    assert SEEN.pop() == [5]


def test_a_value_that_is_not_there_or_none_names_the_input(tmp_path):
    for place, text in (("nowhere", None), ("broken", "five")):
        if text:
            (tmp_path / place).write_text(text)
        given = {"numbers": runtime(tmp_path / place)}
        with pytest.raises(StepError, match="the value of input 'numbers' cannot be read: "):
            taking(ReadsAll, tmp_path, given, {"numbers": "Integer"})


class Gives(BaseExecutor):
    VALUE = None

    def Do(self, inputs, outputs, exec_properties):  # noqa: N802
        outputs["out"][0].value = Gives.VALUE


def as_parameter(folder, kind, value):
    """The parameter that KFP hands to another step for an output."""
    Gives.VALUE = value
    outputs = {"out": f"{TYPES}{kind}"}
    handed = executor_input(folder, outputs=outputs, parameters=["out"])
    made = run_executor(step(Gives, outputs), handed, [])
    text = json.dumps(made, allow_nan=False)
    return json.loads(text)["parameterValues"]["out"]


KINDS = {"Integer": "int", "Float": "float", "String": "str", "Boolean": "bool"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("ab{}'\""), inner),
    max_leaves=5,
)


@given(
    st.tuples(st.just("Integer"), st.integers(-values.EXACT, values.EXACT))
    | st.tuples(st.just("Float"), st.floats(allow_nan=False, allow_infinity=False))
    | st.tuples(st.just("String"), st.text(st.characters(exclude_categories=["Cs"])))
    | st.tuples(st.just("Boolean"), st.booleans())
    | st.tuples(st.just("JsonValue"), JSON)
)
def test_a_value_that_becomes_a_parameter_arrives_as_it_was(tmp_path_factory, drawn):
    kind, value = drawn
    handed = as_parameter(tmp_path_factory.mktemp("step"), kind, value)
    if isinstance(handed, int | float) and not isinstance(handed, bool):
        handed = float(handed)  # as KFP knows numbers
    found = parameter(unescaped({"p": handed}, ())["p"], KINDS.get(kind, "json"))
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("Integer", 2**53 + 1),
        ("Integer", -(2**63)),
        ("Float", float("nan")),
        ("Float", float("-inf")),
        ("Integer", None),
        ("Bytes", b"x"),
    ],
)
def test_a_value_that_no_parameter_can_be_is_named(tmp_path, kind, value):
    with pytest.raises(StepError, match=r"output 'out' is .*, and Kubeflow Pipelines has no such"):
        as_parameter(tmp_path, kind, value)


def test_a_value_that_no_step_could_be_given_is_named(tmp_path):
    with pytest.raises(StepError, match="output 'out' takes 140002 bytes as a parameter"):
        as_parameter(tmp_path, "String", "x" * 140_000)


def test_the_standard_value_artifacts_are_all_known():
    known = {"Bytes", "Boolean", "Float", "Integer", "JsonValue", "String"}
    base = standard.ValueArtifact
    found = {
        name
        for name, cls in vars(standard).items()
        if isinstance(cls, type) and issubclass(cls, base) and cls is not base
    }
    assert found == known


@component
def Makes(name: OutputArtifact[String], table: OutputArtifact[JsonValue]) -> None:  # noqa: N802
    """Writes values."""
    name.value = "x"
    table.value = {"a": [None]}


def test_what_one_component_writes_another_reads(tmp_path):
    outputs = {"name": f"{TYPES}String", "table": f"{TYPES}JsonValue"}
    handed = executor_input(tmp_path, outputs=outputs)
    made = run_executor(step(Makes.EXECUTOR_SPEC.executor_class, outputs), handed, [])
    taking(ReadsNamed, tmp_path, made["artifacts"], {"name": "String", "table": "JsonValue"})
    assert SEEN.pop() == ("x", {"a": [None]})


class ReadsNamed(BaseExecutor):
    def Do(self, inputs, outputs, exec_properties):  # noqa: N802
        SEEN.append((inputs["name"][0].value, inputs["table"][0].value))
