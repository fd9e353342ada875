import pytest
from pydantic import ValidationError
from tfx_kubeflow.settings import KubeflowSettings, NodeSettings, Secret, Volume


def test_defaults_fit_the_default_installation():
    settings = KubeflowSettings(image="i")
    assert settings.pipeline_root == "minio://mlpipeline/v2/artifacts"
    assert settings.store.secret.name == "mlpipeline-minio-artifact"


def test_a_node_adds_to_the_defaults_and_replaces_their_numbers():
    data, cache = (Volume(claim=name, mount_path=f"/{name}") for name in ("data", "cache"))
    settings = KubeflowSettings(
        image="i",
        defaults=NodeSettings(cpu_limit="2", volumes=(data,), env={"A": "1"}, retries=1),
        nodes={"Trainer": NodeSettings(cpu_limit="4", volumes=(data, cache), env={"B": "2"})},
    )
    trainer = settings.node("Trainer")
    assert (trainer.cpu_limit, trainer.retries) == ("4", 1)
    assert trainer.volumes == (data, cache)
    assert trainer.env == {"A": "1", "B": "2"}
    assert settings.node("Other") == settings.defaults


@pytest.mark.parametrize("name", ["AWS_SECRET_ACCESS_KEY", "db_password", "HF_TOKEN"])
def test_credentials_are_refused_as_plain_variables(name):
    with pytest.raises(ValidationError, match="name that under `secrets`"):
        NodeSettings(env={name: "x"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"image": "i", "pipeline_root": "/tmp/root"},
        {"image": "i", "unknown": 1},
        {"image": "i", "defaults": {"memory_limit": "lots"}},
        {"image": "i", "defaults": {"volumes": [{"claim": "c", "mount_path": "relative"}]}},
    ],
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValidationError):
        KubeflowSettings.model_validate(wrong)


def test_settings_read_from_text():
    settings = KubeflowSettings.model_validate(
        {"image": "i", "nodes": {"Pusher": {"secrets": [{"name": "s3", "env": {"k": "AWS_KEY"}}]}}}
    )
    assert settings.node("Pusher").secrets == (Secret(name="s3", env={"k": "AWS_KEY"}),)
