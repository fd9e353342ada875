import pytest
from tfx_kubeflow.compiler.passes.names import check_pipeline_name, task_name, task_names
from tfx_kubeflow.errors import CompileError


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


@pytest.mark.parametrize("node_id", ["not", "Root", "Executor", "Entrypoint", "my_driver", "__"])
def test_names_that_argo_keeps_for_itself_are_refused(node_id):
    with pytest.raises(CompileError, match="with_id") as error:
        task_names(spec(**{node_id: {}}), None)
    assert error.value.where == node_id


def test_two_ids_that_become_one_name_are_refused():
    with pytest.raises(CompileError, match="'my-gen', like that of MyGen"):
        task_names(spec(MyGen={}, my_gen={}), None)


@pytest.mark.parametrize("name", ["My_Pipeline", "chicago_taxi", "-a", "a" * 60])
def test_pipeline_names_that_fail_at_run_creation_are_refused(name):
    with pytest.raises(CompileError, match=r"Call it '[a-z0-9-]+'"):
        check_pipeline_name(name)


def test_good_pipeline_names_pass():
    check_pipeline_name("household-power-2")
