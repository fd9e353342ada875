import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from kubeflow_cases import pipelines
from kubeflow_cases.compiling import SETTINGS, compiled
from tfx import v1
from tfx.types.standard_artifacts import Examples, Model
from tfx_kubeflow.compiler.passes.names import (
    EXPRESSION_WORDS,
    check_pipeline_name,
    task_name,
    task_names,
)
from tfx_kubeflow.errors import CompileError
from tfx_kubeflow.runner import KubeflowRunner


def spec(**components):
    return {
        "root": {
            "dag": {
                "tasks": {
                    name: {"taskInfo": {"name": name}, "componentRef": {"name": name}, **body}
                    for name, body in components.items()
                }
            }
        },
        "components": {name: {"executorLabel": f"{name}_executor"} for name in components},
        "deploymentSpec": {"executors": {f"{name}_executor": {} for name in components}},
    }


@pytest.mark.parametrize(
    ("node_id", "name"),
    [
        ("CsvExampleGen", "csv-example-gen"),
        ("latest_blessed_model_resolver", "latest-blessed-model-resolver"),
        ("Resolver.latest", "resolver-latest"),
        ("BERTTrainer2", "bert-trainer2"),
        ("CsvExampleGen_Unlabelled", "csv-example-gen-unlabelled"),
    ],
)
def test_ids_become_names_that_argo_takes(node_id, name):
    assert task_name(node_id) == name


def test_every_mention_of_a_task_is_renamed():
    after = spec(
        MyGen={},
        my_user={
            "dependentTasks": ["MyGen"],
            "inputs": {
                "artifacts": {"x": {"taskOutputArtifact": {"producerTask": "MyGen"}}},
                "parameters": {
                    "a": {"runtimeValue": {"constant": "MyGen"}},
                    "b": {"componentInputParameter": "MyGen"},
                },
            },
        },
    )
    task_names(after, None)
    task = after["root"]["dag"]["tasks"]["my-user"]
    assert task["dependentTasks"] == ["my-gen"]
    assert task["inputs"]["artifacts"]["x"]["taskOutputArtifact"]["producerTask"] == "my-gen"
    assert task["inputs"]["parameters"]["a"] == {"runtimeValue": {"constant": "MyGen"}}
    assert task["taskInfo"]["name"] == "my-user"
    assert task["componentRef"]["name"] == "comp-my-user"
    assert after["components"]["comp-my-gen"]["executorLabel"] == "exec-my-gen"
    assert set(after["deploymentSpec"]["executors"]) == {"exec-my-gen", "exec-my-user"}


@pytest.mark.parametrize(
    ("node_id", "reason"),
    [
        *((word, "key word of the expressions") for word in sorted(EXPRESSION_WORDS)),
        *((word, "key word of the expressions") for word in ("If", "Nil", "LET", "_in_", "Else")),
        ("Root", "like one of Kubeflow Pipelines' own"),
        ("Executor", "like one of Kubeflow Pipelines' own"),
        ("Entrypoint", "like one of Kubeflow Pipelines' own"),
        ("my_driver", "'my-driver', and Kubeflow Pipelines calls the drivers"),
        ("9x", "begins with a digit"),
        ("_1", "begins with a digit"),
        ("__", "no Latin letter or digit"),
        ("日本", "no Latin letter or digit"),
        ("a" * 122, "122 characters; 121 are the most"),
        ("aB" * 41, "123 characters; 121 are the most"),
    ],
)
def test_a_name_that_argo_or_kfp_does_not_take_is_refused_for_its_reason(node_id, reason):
    with pytest.raises(CompileError, match=rf"{reason}.*with_id") as error:
        task_names(spec(**{node_id: {}}), None)
    assert error.value.where == node_id


@pytest.mark.parametrize(
    "node_id",
    ["a" * 121, "notes", "NotIn", "if-else", "x9", "driver", "root-1", "system-x", "a日本"],
)
def test_names_beside_the_refused_ones_are_taken(node_id):
    task_names(spec(**{node_id: {}}), None)


@given(st.lists(st.text(min_size=1, max_size=130), min_size=1, max_size=4, unique=True))
@example(["CsvExampleGen", "csv_example_gen"])
def test_any_ids_become_names_that_argo_takes_or_are_refused_with_one_of_them_named(ids):
    built = spec(**{node_id: {} for node_id in ids})
    try:
        task_names(built, None)
    except CompileError as error:
        assert error.where in ids  # noqa: PT017 (it is no failure to be refused)
        return
    names = list(built["root"]["dag"]["tasks"])
    assert len(names) == len(ids)
    for name in names:
        assert re.fullmatch(r"[a-zA-Z][-a-zA-Z0-9]*", name)  # Argo's rule for a task in `depends`
        assert len(f"{name}-driver") <= 128
        assert name.replace("-", "_") not in EXPRESSION_WORDS
        assert f"comp-{name}" in built["components"]


def test_two_ids_that_become_one_name_are_refused():
    with pytest.raises(CompileError, match="'my-gen', like that of MyGen"):
        task_names(spec(MyGen={}, my_gen={}), None)


@pytest.mark.parametrize(
    "name", ["My_Pipeline", "chicago_taxi", "-a", "a-", "a.b", "a" * 53, "a\n"]
)
def test_pipeline_names_that_fail_at_run_creation_are_refused(name):
    with pytest.raises(CompileError, match=r"at most 52 characters. Call it '[a-z0-9-]+'"):
        check_pipeline_name(name)


@pytest.mark.parametrize("name", ["household-power-2", "2a", "a", "a" * 52])
def test_good_pipeline_names_pass(name):
    check_pipeline_name(name)


def csv(name):
    return v1.components.CsvExampleGen(input_base="/data").with_id(name)


def counter(name):
    return pipelines.Count(start=1).with_id(name)


def evaluated(resolver):
    model = v1.dsl.Importer(source_uri="s3://b/m", artifact_type=Model).with_id("Candidate")
    examples = v1.dsl.Importer(source_uri="s3://b/e", artifact_type=Examples).with_id("Examples")
    evaluator = v1.components.Evaluator(
        examples=examples.outputs["result"],
        model=model.outputs["result"],
        baseline_model=resolver.outputs["model"],
    )
    return [model, examples, resolver, evaluator]


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        (lambda: [csv("A"), counter("A-span")], r"^A-span: .*driver step of A\b"),
        (lambda: [csv("A"), counter("a_span")], r"^.*'a-span', like that of"),
        (lambda: [csv("A"), csv("A-span")], r"^A-span: .*driver step of A\b"),
        (
            lambda: [csv("A"), *evaluated(pipelines.blessed_model("A-span"))],
            r"^A-span: .*driver step of A\b",
        ),
        (
            lambda: [*evaluated(pipelines.blessed_model("Res")), counter("Res-model")],
            r"^Res-model: .*importer of what Res finds as 'model'",
        ),
        (
            lambda: [*evaluated(pipelines.blessed_model("Res")), counter("Res-model-importer")],
            r"^Res-model-importer: .*importer of what Res finds as 'model'",
        ),
        (
            lambda: [
                *evaluated(pipelines.blessed_model("Res")),
                pipelines.blessed_model("Res-model"),
            ],
            r"^Res-model: .*importer of what Res finds as 'model'",
        ),
        (
            lambda: [*evaluated(pipelines.blessed_model("Res")), counter("RES_MODEL")],
            r"'res-model', like that of",
        ),
    ],
)
def test_a_node_never_vanishes_behind_a_step_of_ours(nodes, message):
    with pytest.raises(CompileError, match=message):
        compiled(pipelines.pipeline(*nodes()))


def test_a_node_never_vanishes_behind_the_dag_that_an_exit_handler_needs():
    runner = KubeflowRunner(SETTINGS)
    runner.set_exit_handler(counter("Last"))
    with pytest.raises(CompileError, match=r"^tfx-dag: .*DAG of that name"):
        runner.compile(pipelines.pipeline(counter("tfx-dag")))
    KubeflowRunner(SETTINGS).compile(pipelines.pipeline(counter("tfx-dag")))
