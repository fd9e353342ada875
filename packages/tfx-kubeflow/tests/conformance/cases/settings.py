"""Settings of nodes, images, stores and roots."""

from typing import Any

from conformance import components as c
from conformance.registry import Built, case
from kubeflow_cases import pipelines
from pydantic import ValidationError
from tfx import v1
from tfx.types.channel import Channel
from tfx.types.standard_artifacts import Model
from tfx_kubeflow.errors import CompileError
from tfx_kubeflow.settings import KubeflowSettings


def told(node: dict[str, Any] | None = None, **more: Any) -> Built:
    """A node with settings; wrong settings are refused as the pipeline is."""
    arguments: dict[str, Any] = {"image": "registry/image:1"}
    if node is not None:
        arguments["nodes"] = {"Told": node}
    try:
        settings = KubeflowSettings(**{**arguments, **more})
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in problem["loc"])
        raise CompileError(where, problem["msg"], "See the settings.") from error
    return Built(pipelines.pipeline(c.Told()), settings=settings)


GOOD: dict[str, dict[str, Any]] = {
    "resources": {"cpu_request": "500m", "cpu_limit": "2", "memory_request": "1Gi",
                  "memory_limit": "2Gi"},
    "gpus": {"gpus": 2, "gpu_type": "amd.com/gpu"},
    "retries": {"retries": 3},
    "no cache": {"cache": False},
    "variables": {"env": {"A": "it's \"quoted\" \\ Ü", "B": ""}},
    "a secret": {"secrets": [{"name": "s", "env": {"key": "TOKEN"}}]},
    "a volume": {"volumes": [{"claim": "data", "mount_path": "/d", "sub_path": "a/b"}]},
    "a selector": {"node_selector": {"disk.type/ssd": "true"}},
    "a toleration": {"tolerations": [{"key": "gpu", "operator": "Equal", "value": "yes",
                                      "effect": "NoSchedule"}]},
    "labels": {"labels": {"team": "a"}, "annotations": {"note": "any text: {x}"}},
    "a path to credentials": {"env": {"GOOGLE_APPLICATION_CREDENTIALS": "/secrets/key.json"}},
    "tokenizers": {"env": {"TOKENIZERS_PARALLELISM": "false"}},
}  # fmt: skip

for _name, _node in GOOD.items():

    @case(name=f"settings with {_name}")
    def _(_folder=None, _node=_node):
        return told(_node)


BAD: dict[str, tuple[str, dict[str, Any]]] = {
    "a request above the limit": ("cpu", {"cpu_request": "4", "cpu_limit": "2"}),
    "memory above the limit": ("memory", {"memory_request": "2Gi", "memory_limit": "1G"}),
    "a quantity that is none": ("memory_limit", {"memory_limit": "much"}),
    "a label that is none": ("labels", {"labels": {"a b": "c"}}),
    "a label's value that is none": ("labels", {"labels": {"a": "c d!"}}),
    "a selector that is none": ("node_selector", {"node_selector": {"a b": "c"}}),
    "a claim that is none": ("claim", {"volumes": [{"claim": "My_Claim", "mount_path": "/d"}]}),
    "a secret that is none": ("name", {"secrets": [{"name": "My Secret", "env": {"k": "V"}}]}),
    "a variable that is none": ("env", {"env": {"a b=c": "x"}}),
    "a password": ("DB_PASS", {"env": {"DB_PASS": "hunter2"}}),  # pragma: allowlist secret
    "a key": ("PRIVATE_KEY", {"env": {"PRIVATE_KEY": "x"}}),
    "an address with a password": (
        "DATABASE_URL",
        {"env": {"DATABASE_URL": "postgres://u:pw@h/d"}},  # pragma: allowlist secret
    ),
    "a toleration with a value that only exists": (
        "tolerations",
        {"tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]},
    ),
    "two volumes at one path": (
        "volumes",
        {"volumes": [{"claim": "a", "mount_path": "/d"}, {"claim": "b", "mount_path": "/d"}]},
    ),
    "an unknown key": ("cpus", {"cpus": 2}),
}

for _name, (_at, _node) in BAD.items():

    @case("refused", name=f"settings with {_name}", at=_at)
    def _(_folder=None, _node=_node):
        return told(_node)


@case("either", at="Told")
def settings_with_variables_that_argo_would_expand():
    return told({"env": {"A": "{{workflow.name}}"}})


@case("either", at="Told")
def settings_with_an_annotation_that_argo_would_expand():
    return told({"annotations": {"a": "{{workflow.name}}"}})


@case("either", at="Told")
def settings_with_a_variable_that_kubernetes_would_expand():
    return told({"env": {"A": "$(HOME)/x"}})


for _image in ("image", "image:1", "host:5000/a/b:1.2", "host/a@sha256:" + "0" * 64):

    @case(name=f"an image called {_image[:20]}")
    def _(_folder=None, _image=_image):
        return told(image=_image)


for _image in ("", "My Image", "image:", "http://host/image", "IMAGE:1", "image:{{workflow.name}}"):

    @case("refused", name=f"an image called {_image or 'nothing'} is none", at="image")
    def _(_folder=None, _image=_image):
        return told(image=_image)


for _root in ("minio://b", "s3://b/a/b", "gs://b/a"):

    @case(name=f"a pipeline root {_root}")
    def _(_folder=None, _root=_root):
        return told(pipeline_root=_root)


for _root in ("minio://", "/root", "s3://b/a\n", "https://b/a", "s3://b/a b\tc", "minio://b/{{x}}"):

    @case("refused", name=f"a pipeline root {_root!r} is none", at="pipeline_root")
    def _(_folder=None, _root=_root):
        return told(pipeline_root=_root)


@case("refused", at="Nobody")
def settings_of_a_node_that_is_not_there():
    return told(nodes={"Nobody": {"gpus": 1}})


@case()
def settings_of_a_resolver():
    resolver = v1.dsl.Resolver(
        strategy_class=v1.dsl.experimental.LatestArtifactStrategy, model=Channel(type=Model)
    ).with_id("Found")
    used = c.UseModel(model=resolver.outputs["model"])
    return Built(
        pipelines.pipeline(resolver, used),
        KubeflowSettings(image="i", nodes={"Found": {"memory_limit": "1Gi"}}),
    )


@case("either", at="Found")
def settings_of_an_importer():
    found = v1.dsl.Importer(source_uri="s3://b/m", artifact_type=Model).with_id("Found")
    return Built(
        pipelines.pipeline(found),
        KubeflowSettings(image="i", nodes={"Found": {"memory_limit": "1Gi"}}),
    )


@case("either", at="Told")
def settings_with_an_image_of_ones_own():
    return told({"image": "other/image:2"})


@case("either", at="Told")
def settings_and_a_platform_config():
    from kfp.pipeline_spec.pipeline_spec_pb2 import PipelineDeploymentConfig

    resources = PipelineDeploymentConfig.PipelineContainerSpec.ResourceSpec(cpu_limit=2.0)
    node = c.Told().with_platform_config(resources)
    return Built(pipelines.pipeline(node), KubeflowSettings(image="i", nodes={"Told": {"gpus": 1}}))
