"""Values, conditions and texts of every kind, on a real Kubeflow Pipelines."""

import json

import pytest
from kubeflow_cases import pipelines
from tfx import v1
from tfx.orchestration.data_types import RuntimeParameter
from tfx.types.standard_artifacts import String
from tfx_kubeflow.metadata import values
from tfx_kubeflow.runner import KubeflowRunner

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(2 * 3600)]

EXPANDED = "{{workflow.name}} $$5 $(KFP_POD_NAME)"
"""What Argo and Kubernetes would make something else of."""
WORD = f"it's {EXPANDED} \\ && 日本"
BIG = 2**60 + 1
KINDS = ("integer", "real", "text", "truth", "structure")
VALUES = [3, 0.5, WORD, True, {"a": [1, {"b": "c"}]}]


@pytest.fixture(scope="module")
def left(cluster):
    """What one run of a pipeline left behind."""
    if not cluster.inside("knows_cases", {})["known"]:
        pytest.skip("the image lacks kubeflow_cases; tests/e2e/Dockerfile adds it")
    made = pipelines.Values(word=WORD)
    value = {name: made.outputs[name].future()[0].value for name in KINDS}
    taken = pipelines.Takes(**value).with_id("Taken")
    constants = pipelines.Takes(
        integer=BIG,
        text=EXPANDED,
        structure={"n": RuntimeParameter("n", int, 1), "{{inputs}}": [BIG]},
    ).with_id("Constants")
    total = pipelines.Sum(
        first=made.outputs["integer"],
        second=made.outputs["integer"],
        name=made.outputs["text"],
    )
    nodes = [made, taken, constants, total]
    holds = {
        "Three": value["integer"] == 3,
        "Word": value["text"] == WORD,
        "Truth": value["truth"] == True,  # noqa: E712
        "Given": taken.outputs["report"].future()[0].custom_property("given") != "it's",
        "Large": value["real"] > 1,
    }
    for name, predicate in holds.items():
        with v1.dsl.Cond(predicate):
            nodes.append(pipelines.Count(start=1).with_id(name))
    after = pipelines.Takes(integer=nodes[-1].outputs["number"].future()[0].value)
    nodes.append(after.with_id("AfterLarge"))
    for name, predicate in (("Found", value["integer"] == 3), ("NotAsked", value["integer"] > 3)):
        with v1.dsl.Cond(predicate):
            resolver = v1.dsl.Resolver(
                strategy_class=v1.dsl.experimental.LatestArtifactStrategy,
                word=v1.dsl.Channel(type=String),
            ).with_id(name)
            read = pipelines.Length(text=resolver.outputs["word"]).with_id(f"Read{name}")
        resolver.add_upstream_node(taken)
        nodes += [resolver, read]
    pipeline = pipelines.pipeline(*nodes, name="e2e-values")
    runner = KubeflowRunner(cluster.settings, str(cluster.folder))
    runner.run(pipeline)
    run_id = cluster.run_package(runner.package_path("e2e-values"), n=7)
    return cluster.look(run_id, f"{cluster.scratch()}/serving")


def recorded(left, task, name):
    """A property of a task's report, turned back into what the component set."""
    found = left["artifacts"][f"{task}/report"]["properties"]
    return values.decoded(found[name], json.loads(found.get(values.KINDS, "{}")).get(name))


def given(left, task):
    return json.loads(recorded(left, task, "given"))


def test_values_of_every_type_arrive(left):
    assert given(left, "taken") == VALUES


def test_constants_arrive_as_they_were_written(left):
    integer, _, text, _, structure = given(left, "constants")
    assert integer == BIG
    assert text == EXPANDED
    assert structure == {"n": 7, "{{inputs}}": [BIG]}


def test_value_artifacts_are_read_before_the_executor(left):
    assert recorded(left, "sum", "name") == WORD
    assert left["steps"]["sum"] == "COMPLETE"


def test_conditions_on_values_and_texts(left):
    states = {name: left["steps"].get(name) for name in ("three", "word", "truth", "given")}
    assert states == dict.fromkeys(states, "COMPLETE")
    assert left["steps"].get("large") in (None, "CANCELED")
    assert "after-large" not in left["steps"], "what follows a skipped step is skipped"


def test_a_resolver_is_asked_only_where_its_condition_holds(left):
    assert left["steps"]["read-found"] == "COMPLETE"
    for name in ("not-asked", "read-not-asked"):
        assert left["steps"].get(name) in (None, "CANCELED")
