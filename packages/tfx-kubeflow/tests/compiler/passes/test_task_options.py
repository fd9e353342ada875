import pytest
from kubeflow_cases import pipelines
from kubeflow_cases.compiling import compiled
from tfx.dsl.component.experimental import container_component
from tfx_kubeflow.compiler import ir
from tfx_kubeflow.runner import KubeflowRunner
from tfx_kubeflow.settings import KubeflowSettings, NodeSettings


def images(spec):
    return {task.id: container["image"] for task, container in ir.containers(spec)}


def test_a_nodes_image_holds_for_its_step_its_driver_and_its_resolver(tmp_path):
    settings = KubeflowSettings(
        image="taxi:1",
        nodes={
            "CsvExampleGen": NodeSettings(image="data:1"),
            "Baseline": NodeSettings(image="lookup:1"),
            "Evaluator": NodeSettings(image="registry:5000/evaluate:2"),
        },
    )
    assert images(compiled(pipelines.with_resolver(tmp_path), settings)) == {
        "csv-example-gen-span": "data:1",
        "csv-example-gen": "data:1",
        "baseline": "lookup:1",
        "evaluator": "registry:5000/evaluate:2",
        "pusher": "taxi:1",
    }


def test_a_container_component_keeps_its_own_image_unless_told_otherwise():
    shell = container_component.create_container_component(
        name="Shell", image="busybox", command=["true"]
    )
    assert images(compiled(pipelines.pipeline(shell()))) == {"shell": "busybox"}
    other = KubeflowSettings(image="i", nodes={"Shell": NodeSettings(image="alpine:3")})
    assert images(compiled(pipelines.pipeline(shell()), other)) == {"shell": "alpine:3"}


def test_a_runner_without_settings_takes_those_of_the_project(tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").write_text("[tool.tfx-kubeflow]\nimage = 'taxi:2'")
    monkeypatch.chdir(tmp_path)
    spec, _ = KubeflowRunner().compile(pipelines.pipeline(pipelines.Count(start=1)))
    assert images(spec) == {"count": "taxi:2"}


@pytest.mark.parametrize("retries", [0, 1, 10])
def test_retries_become_a_policy_with_a_longest_wait(retries):
    settings = KubeflowSettings(image="i", defaults=NodeSettings(retries=retries))
    body = ir.task(compiled(pipelines.pipeline(pipelines.Count(start=1)), settings), "count").body
    policy = body.get("retryPolicy", {"maxRetryCount": 0, "backoffMaxDuration": ""})
    assert policy["maxRetryCount"] == retries
    assert "backoffMaxDuration" in policy
